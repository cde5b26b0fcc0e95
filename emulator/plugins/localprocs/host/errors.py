"""What can go wrong with a cloud on this machine, each told in one line with a next step."""


class CloudError(Exception):
    """A failure that the person at the keyboard can do something about; its text says what."""
