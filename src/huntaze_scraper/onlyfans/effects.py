"""Whether a message that was posted has come to be: the one rule of requirement 9.5. It knows neither site nor store.

A request to which no answer came may be acted on all the same, for a while: its effect is *open* until then. As long as
it is open nothing is posted again; when the time is over, the conversation tells whether the message is there.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Self

from huntaze_scraper.errors import HumanWanted, Refused, SignInAgain, SlowDown, TryAgain, Unanswered
from huntaze_scraper.onlyfans.likeness import Likeness, likeness

ORDER_SECONDS = 5.0
"""How far the times of two messages may be out of their order: a site has more than one clock."""
CLOCKS_SECONDS = 120.0
"""How far the Date of the site's answers may be from the times of its messages."""
SAID_NO = 0.0
FIRST_LOOK_SECONDS = 1.0
"""After this the conversation is looked at, then after twice as long each time, and when the effect is not open any more."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A conversation as it was just before something was posted to it."""

    newest: str
    """Its last message's id, empty for an empty conversation."""
    newest_at: str = ""
    """When that was written, as the site says."""
    read_at: str = ""
    """When the site said so: the Date of its answer."""

    def as_item(self) -> dict[str, str]:
        """Write the mark for the ledger."""
        return {"newest": self.newest, "newest_at": self.newest_at, "read_at": self.read_at}

    @classmethod
    def read(cls, item: Mapping[str, str]) -> Self:
        """Read a mark of the ledger; an earlier version's holds less."""
        return cls(item.get("newest", ""), item.get("newest_at", ""), item.get("read_at", ""))


@dataclass(frozen=True, slots=True)
class Effect:
    """A try whose end is not known."""

    mark: Mark
    until: float
    """Until when it may still come, seconds since the epoch; SAID_NO where the site answered that it does not act."""
    proof: Mapping[str, str] = field(default_factory=dict)
    """What the site said of the message, where it said that it had taken it."""

    @property
    def is_doubtful(self) -> bool:
        """Whether the job must not end before somebody has looked: the site did not say that it does not act."""
        return self.until > SAID_NO


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a conversation."""

    id: str
    is_ours: bool
    text: str = field(repr=False)
    created_at: str


@dataclass(frozen=True, slots=True)
class Sent:
    """It is there."""

    message: Message


@dataclass(frozen=True, slots=True)
class NotSent:
    """It is not there, and does not come any more."""


@dataclass(frozen=True, slots=True)
class LookAgain:
    """It is not there yet."""

    at: float
    """Seconds since the epoch."""


@dataclass(frozen=True, slots=True)
class Uncertain:
    """Nobody can know: it is not to be tried again."""

    reason: str


type Verdict = Sent | NotSent | LookAgain | Uncertain


@dataclass(slots=True)
class Sight:
    """What was seen of a conversation, from its end back to a mark."""

    mark: Mark
    messages: list[Message] = field(default_factory=list)
    """Those that came after it, the newest first."""
    has_mark: bool = False
    """Whether the marked message itself was met; else it was deleted, and the site's times alone tell what came after."""
    is_whole: bool = True
    """Whether the place of the mark was reached."""

    def reaches_back_to(self, message: Message) -> bool:
        """Take the next older message in; tell whether it was the last one to look at."""
        self.has_mark = message.id == self.mark.newest
        if self.has_mark or _is_before(message, self.mark):
            return True
        self.messages.append(message)
        return False


def judge(effect: Effect, text: str, sight: Sight, now: float, looks: int = 0) -> Verdict:
    """Say what is known of an effect.

    Args:
        effect: the try.
        text: what was posted.
        sight: the conversation as it is.
        now: seconds since the epoch.
        looks: how often it was looked for before, by this attempt.
    """
    ours = [(message, likeness(text, message.text)) for message in reversed(sight.messages) if message.is_ours]
    certain = {message.id for message, _ in ours if sight.has_mark or _is_after(message, effect.mark)}
    for message, like in ours:
        if like is Likeness.SAME and message.id in certain:
            return Sent(message)
    if now < effect.until:
        return LookAgain(min(now + FIRST_LOOK_SECONDS * 2.0**looks, effect.until))
    if not sight.is_whole:
        return Uncertain("so much was written since that the place of the message was not found")
    doubtful = {message.id for message, like in ours if like is not Likeness.OTHER}
    if doubtful & certain:
        return Uncertain("a message of ours is there which may be this one as the site changed it")
    if doubtful:
        return Uncertain("a message of ours is there, and nothing tells whether it is older")
    return NotSent()


def open_until(error: BaseException, now: float, late_seconds: float) -> float | None:
    """Return until when the effect may come of a request that ended so; None where nothing more is asked for.

    Args:
        error: how it ended.
        now: seconds since the epoch.
        late_seconds: for how long the site may act on what it did not answer.
    """
    match error:
        case Refused():
            return None
        case SlowDown() | SignInAgain() | HumanWanted():
            return SAID_NO
        case TryAgain() if not isinstance(error, Unanswered):
            return now
    return now + late_seconds


def _is_before(message: Message, mark: Mark) -> bool:
    written = _moment(message.created_at)
    if written is None:
        return False
    newest, read = _moment(mark.newest_at), _date(mark.read_at)
    if newest is not None:
        return written < newest - ORDER_SECONDS
    # Another clock than that of the messages: good for telling years and hours, as long as the time zone is told.
    return read is not None and _has_zone(message.created_at) and written < read - CLOCKS_SECONDS


def _is_after(message: Message, mark: Mark) -> bool:
    """Tell whether a message certainly came after a mark whose own message was not met."""
    written, newest = _moment(message.created_at), _moment(mark.newest_at)
    return not mark.newest or (written is not None and newest is not None and written > newest)


def _moment(text: str) -> float | None:
    """Read a time as sites write it: ISO 8601, UTC where no zone is told."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _has_zone(text: str) -> bool:
    return datetime.fromisoformat(text.strip()).tzinfo is not None


def _date(text: str) -> float | None:
    """Read an HTTP date."""
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError):
        return None
