"""Figures: each module is a benchmark, run by ``./huntaze bench NAME``."""
