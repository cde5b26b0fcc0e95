"""The verbs of ``huntaze``."""
