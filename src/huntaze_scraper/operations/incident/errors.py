"""What is wrong with a bundle, or with what was asked: a person's own input."""

from huntaze_scraper.operations.errors import TellOperator


class BadBundle(TellOperator):
    """The bundle cannot be used: its text says what is wrong with it and what to do."""

    exit_code = 2


class WrongQuestion(TellOperator):
    """What was asked has no answer: its text says how to ask."""

    exit_code = 2


class SecretSeen(TellOperator):
    """What was to be written looks like a secret: nothing was written."""
