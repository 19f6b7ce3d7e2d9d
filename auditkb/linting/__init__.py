"""What is doubtful in rules that can run: unused names, missing examples, law that nobody read, form."""
