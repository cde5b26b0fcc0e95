"""The keys of the state table: ``<kind>#<name>``. The roles' policies are made of the same kinds."""

from enum import StrEnum


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


def name_of(key: str) -> str:
    """Return the name that a key was made of."""
    return key.partition("#")[2]


WORKFLOWS_BUCKET = Kind.BUCKET.key("workflows")
"""The bucket that all accounts share, where the limit is the pipeline's."""


SCOPE = " scope"
"""The name of a gate's item that says which scope the limit is counted by: no account's name has a blank."""


def bucket_of(account: str) -> str:
    """Return the key of an account's own bucket, where the limit is the account's."""
    return Kind.BUCKET.key(f"account#{account}")
