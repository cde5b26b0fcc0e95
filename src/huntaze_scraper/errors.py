"""Errors named by the reaction that they ask for, not by what caused them."""

from enum import StrEnum
from typing import Any, ClassVar


class HuntazeError(Exception):
    """The root of every error that this package raises on purpose."""


class InvalidJob(HuntazeError):
    """The message can never be carried out as it stands: set it aside with its reason."""


class StoreUnavailable(HuntazeError):
    """A store did not answer or refused: nothing was decided, come back later."""


class OutOfTurn(HuntazeError):
    """The limit has no room yet: hand the job back, and count nothing."""

    def __init__(self, wait_seconds: float) -> None:
        """Say when there is likely to be room."""
        super().__init__("no turn at the site yet")
        self.wait_seconds = wait_seconds


class StoreRefused(StoreUnavailable):
    """A store answers that it will never take this: no outage, but what was to be kept is at fault."""


class ErrorClass(StrEnum):
    """What went wrong with a job at the site; each class has one reaction (the table in docs/scraper.md)."""

    RATE_LIMIT = "rate_limit"
    SERVER_ERROR = "server_error"
    NETWORK_ERROR = "network_error"
    CLIENT_ERROR = "client_error"
    AUTH = "auth"
    CHALLENGE = "challenge"
    UNKNOWN = "unknown"
    UNCERTAIN = "uncertain"


class SiteError(HuntazeError):
    """The job did not go through at the site. Its text never holds what was typed, nor a query string."""

    error_class: ClassVar[ErrorClass]

    def __init__(self, reason: str, *, status: int | None = None, request: str = "") -> None:
        """Say what happened, with the HTTP status and the request where there were any."""
        super().__init__(reason)
        self.reason = reason
        self.status = status
        self.request = request
        """Method and path, without query."""
        self.so_far: dict[str, Any] = {}
        """What was done before it, for the result."""


class SlowDown(SiteError):
    """The site asks to wait: come back later, no failure counted."""

    error_class = ErrorClass.RATE_LIMIT

    def __init__(self, reason: str, *, status: int | None = 429, request: str = "", wait_seconds: float = 60.0) -> None:
        """Say also for how long the site wants to be left alone."""
        super().__init__(reason, status=status, request=request)
        self.wait_seconds = wait_seconds
        self.advanced = False
        """Whether the job got further before it: then it waits for what the site asks, and no longer."""


class TryAgain(SiteError):
    """The site answered that it failed: try again soon."""

    error_class = ErrorClass.SERVER_ERROR


class Unanswered(TryAgain):
    """A gateway answered in the site's place: what was asked for may yet happen."""


class TryAgainLonger(SiteError):
    """The site did not answer, or not to the end: try again with more patience."""

    error_class = ErrorClass.NETWORK_ERROR


class NoAnswer(TryAgainLonger):
    """Nothing came in time: what was asked for may yet happen."""


class Refused(SiteError):
    """The site, or a rule of ours, refuses the job as it stands: never try again."""

    error_class = ErrorClass.CLIENT_ERROR


class SignInAgain(SiteError):
    """The session is over, or the site does not take the credentials."""

    error_class = ErrorClass.AUTH


class HumanWanted(SiteError):
    """The site asks whether a human is there: stop working for the account, never get around it."""

    error_class = ErrorClass.CHALLENGE


class PageBroken(SiteError):
    """The page crashed, hangs, or is not the page that we know: start afresh once."""

    error_class = ErrorClass.UNKNOWN

    def __init__(self, reason: str, *, status: int | None = None, request: str = "") -> None:
        """Say what is wrong with the page; its picture may be added."""
        super().__init__(reason, status=status, request=request)
        self.picture = b""
        """What the page looked like, as PNG, where it could still be seen."""


class OddPage(PageBroken):
    """What the site showed came whole and is not what we know, or cannot be read for certain.

    Another Chromium would show the same, and it says nothing about the site's health.
    """


class NobodyKnows(SiteError):
    """An effect may have happened, and there is no finding out: never try again, tell the owner."""

    error_class = ErrorClass.UNCERTAIN


class StillOpen(HuntazeError):
    """What an earlier attempt posted may take effect for a while yet: hand the job back until then, uncounted."""

    def __init__(self, wait_seconds: float) -> None:
        """Say for how long."""
        super().__init__("what was posted may still take effect")
        self.wait_seconds = wait_seconds


class BeginAnew(HuntazeError):
    """Nothing was tried, for a while: begin the attempt anew, with a turn of its own; nothing is counted."""


class TriesUsedUp(HuntazeError):
    """The job failed as often as it may: nothing more is tried."""


class BrowserUnavailable(HuntazeError):
    """No Chromium can be started: the job is not to blame, the worker is to be replaced."""


class LeaseLost(HuntazeError):
    """Another worker holds the job by now: let go of it."""
