"""Cuts answers into pages."""

from collections.abc import Sequence


def page_of[Item](items: Sequence[Item], token: str | None, size: int) -> tuple[list[Item], str | None]:
    """Return the page that the token stands for, and the token of the next one if there is more."""
    start = int(token) if token and token.isdigit() else 0
    end = start + size
    return list(items[start:end]), str(end) if end < len(items) else None
