"""The gate: every check of a commit, run side by side, with a verdict for people and one for programs."""
