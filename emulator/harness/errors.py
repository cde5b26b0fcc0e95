"""What can go wrong in the harness, each told in one line with a next step."""

from huntaze_scraper.operations.errors import TellOperator

NO_ENGINE = "there is no Docker engine here"
"""Begins the reason for which a test is skipped at a desk: the gate takes no other."""


class HarnessError(TellOperator):
    """A failure that the person at the keyboard can do something about; its text says what."""
