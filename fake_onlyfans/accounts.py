"""The creators, fans and media that a seed stands for."""

import base64
from collections.abc import Iterable
from random import Random
from typing import NamedTuple

from fake_onlyfans.chance import chance_of
from fake_onlyfans.media import Media, media_named, media_of
from fake_onlyfans.words import ANIMALS, BIOS, COLOURS, FIRST_NAMES, STAGE_NAMES

ACCOUNT_COUNT = 12
FAN_COUNT = 40
ORDINARY_FANS = 10
"""The first so many fans of each account, under any seed, take messages and have a short conversation."""
BLOCKED_FANS = 4
EMPTY_FANS = 5
TALKATIVE_FANS = 4


class Fan(NamedTuple):
    """Somebody whom one creator can write to."""

    username: str
    display_name: str
    blocked: bool
    message_count: int


class Account(NamedTuple):
    """A creator who can sign in; ``username`` is a job's creator_id."""

    username: str
    password: str
    totp_secret: str | None
    fans: tuple[Fan, ...]
    display_name: str
    bio: str
    posts: int
    likes: int
    fan_total: int
    media: tuple[Media, ...]

    def __repr__(self) -> str:
        """Name it, and no more: a failing test prints it."""
        return f"Account({self.username!r})"


def accounts(seed: int = 1) -> list[Account]:
    """List the accounts of a seed: creator-01 to creator-12, every third with a second factor."""
    stage_names = chance_of(seed, "stage names").sample(STAGE_NAMES, ACCOUNT_COUNT)
    return [
        _account(seed, f"creator-{number:02}", name, has_second_factor=number % 3 == 0)
        for number, name in enumerate(stage_names, 1)
    ]


def grown(
    seed: int, username: str, fans: Iterable[str] = (), media: Iterable[str] = (), *, second_factor: bool = False
) -> Account:
    """Make an account of that name, with fans and files of these names; all fans are ordinary."""
    account = _account(seed, username, username, has_second_factor=second_factor)
    few = chance_of(seed, username, "fans")
    return account._replace(
        fans=(*account.fans, *(Fan(name, name, blocked=False, message_count=few.randint(1, 30)) for name in fans)),
        media=(*account.media, *(media_named(seed, name) for name in media)),
    )


def _account(seed: int, username: str, display_name: str, *, has_second_factor: bool) -> Account:
    chance = chance_of(seed, username)
    password = f"{chance.choice(COLOURS)}-{chance.choice(ANIMALS)}-{chance.getrandbits(48):012x}"
    totp_secret = base64.b32encode(chance.randbytes(20)).decode() if has_second_factor else None
    media = media_of(seed, username, chance)
    return Account(
        username=username,
        password=password,
        totp_secret=totp_secret,
        fans=_fans(chance),
        display_name=display_name,
        bio=chance.choice(BIOS),
        posts=chance.randint(40, 900),
        likes=chance.randint(1_000, 250_000),
        fan_total=chance.randint(FAN_COUNT, 9_000),
        media=media,
    )


def _fans(chance: Random) -> tuple[Fan, ...]:
    special = chance.sample(range(ORDINARY_FANS + 1, FAN_COUNT + 1), BLOCKED_FANS + EMPTY_FANS + TALKATIVE_FANS)
    blocked = set(special[:BLOCKED_FANS])
    empty = set(special[BLOCKED_FANS : BLOCKED_FANS + EMPTY_FANS])
    talkative = set(special[BLOCKED_FANS + EMPTY_FANS :])
    fans = []
    for number in range(1, FAN_COUNT + 1):
        few, many = chance.randint(1, 30), chance.randint(200, 600)
        count = 0 if number in empty else many if number in talkative else few
        name = f"{chance.choice(FIRST_NAMES)} {chance.choice('ABCDEFGHKLMNPRSTW')}."
        fans.append(Fan(f"fan-{number:03}", name, number in blocked, count))
    return tuple(fans)
