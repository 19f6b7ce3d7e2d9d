"""Generated records with planted faults, and how long a run over them takes."""
