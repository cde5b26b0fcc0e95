"""Errors named by the reaction that they ask for, not by what caused them."""


class HuntazeError(Exception):
    """The root of every error that this package raises on purpose."""


class InvalidJob(HuntazeError):
    """The message can never be carried out as it stands: set it aside with its reason."""


class StoreUnavailable(HuntazeError):
    """A store did not answer or refused: nothing was decided, come back later."""
