"""What can go wrong in the harness, each told in one line with a next step."""


class HarnessError(Exception):
    """A failure that the person at the keyboard can do something about; its text says what."""
