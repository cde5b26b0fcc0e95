"""Chance that comes out the same each time."""

from random import Random


def chance_of(*parts: object) -> Random:
    """Return the chance that belongs to these parts, the first being a site's seed."""
    return Random("/".join(map(str, parts)))  # noqa: S311 repeatable on purpose
