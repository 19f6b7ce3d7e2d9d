"""Rules: YAML files of `rules/` -> checked rules with typed expressions."""
