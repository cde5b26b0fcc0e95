"""The parts of ``./huntaze bench clock``."""
