"""The keys of the state table: ``<kind>#<name>``. The roles' policies are made of the same kinds."""

from collections.abc import Callable
from enum import StrEnum

ACCOUNT_PREFIX = "account#"


class Kind(StrEnum):
    """What an item is about."""

    BUCKET = "bucket"
    """The limiter's bucket: the pipeline's, or by account."""
    SLOT = "slot"
    """A job's place at the limiter, by job id."""
    TURN = "turn"
    """The limit at the site, of the pipeline or by account."""
    REQUESTS = "requests"
    """The limit of what one account asks of the site, by account."""
    JOB = "job"
    """A job in the ledger, by job id."""
    SESSION = "session"
    """An account's session at the site: a secret."""
    PAUSE = "pause"
    """An account that rests."""

    @property
    def prefix(self) -> str:
        """What the keys of the kind begin with."""
        return f"{self}#"

    def key(self, name: str) -> str:
        """Return the key of the item of that name, or the beginning of it."""
        return f"{self.prefix}{name}"

    def of_account(self, account: str) -> str:
        """Return the key of an account's own limit: of no other item of the kind, whatever the account's name."""
        return self.key(f"{ACCOUNT_PREFIX}{account}")


LIMITS = (Kind.BUCKET, Kind.TURN, Kind.REQUESTS)
"""The kinds of which each account may have its own, beside a shared one."""


def name_of(key: str) -> str:
    """Return the name that a key was made of."""
    return key.partition("#")[2]


WORKFLOWS_BUCKET = Kind.BUCKET.key("workflows")
"""The bucket that all accounts share, where the limit is the pipeline's."""

PIPELINE_TURN = Kind.TURN.key("pipeline")
"""The limit at the site, where all accounts share it."""

SCOPE = " scope"
"""The name of a gate's item that says which scope the limit is counted by."""

SHARED = frozenset({WORKFLOWS_BUCKET, PIPELINE_TURN, Kind.BUCKET.key(SCOPE), Kind.TURN.key(SCOPE)})
"""The keys of limits that are no account's own."""


def renamed(key: str, account: Callable[[str], str]) -> str:
    """Return an account's key with the account under another name; a shared one stays as it is."""
    if key in SHARED:
        return key
    kind, _, name = key.partition("#")
    if kind in LIMITS and name.startswith(ACCOUNT_PREFIX):
        return Kind(kind).of_account(account(name.removeprefix(ACCOUNT_PREFIX)))
    return f"{kind}#{account(name)}"
