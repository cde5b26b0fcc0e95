"""Asks AWS for what belongs to an incident: one source after the other, each as far as it answers."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from botocore.exceptions import BotoCoreError, ClientError

from huntaze_scraper.errors import StoreUnavailable
from huntaze_scraper.operations.incident.raw import Raw
from huntaze_scraper.operations.target import Target

_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError"})


@dataclass(frozen=True)
class Gathering:
    """Where is asked, what was found, and who watches."""

    target: Target
    raw: Raw
    tell: Callable[[str], None] = field(default=lambda _: None)

    @contextmanager
    def part(self, what: str, action: str) -> Iterator[None]:
        """Ask for one part; where that fails, what was found of it before stays, and what is missing is noted.

        Args:
            what: for people.
            action: the permission that it takes.
        """
        self.tell(what)
        try:
            yield
        except ClientError as error:
            code = error.response["Error"].get("Code", "")
            self.lack(
                what, f"{action} is not allowed" if code in _DENIED else f"{action} answered {code or 'an error'}"
            )
        except BotoCoreError as error:
            self.lack(what, f"{action} gave no answer: {type(error).__name__}")
        except StoreUnavailable as error:
            # The store's adapter has botocore's error as its cause.
            cause = error.__cause__ or error.__context__
            code = cause.response["Error"].get("Code", "") if isinstance(cause, ClientError) else ""
            self.lack(what, f"{action} is not allowed" if code in _DENIED else f"{action} gave no answer")

    def lack(self, what: str, why: str) -> None:
        """Note that something is missing."""
        self.raw.missing.setdefault(what, why)
