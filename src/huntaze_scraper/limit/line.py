"""The line: whose turn is next, by priority and in fair shares. Pure, without clock or store.

High goes before normal before low, but each priority that waits has one turn in ten at least. Within a priority the
accounts take turns: start-time fair queueing (Goyal, Vin, Cheng 1996), in which each account's next turn has a tag, its
last one's plus one, and the least tag is next. Who has nothing waiting stands where the line is: neither before it, for
the turns that it did not want, nor behind the whole line of another.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

from huntaze_scraper.jobs import Priority

TURNS_OF_WHICH_ONE = 10
"""Of so many turns each priority that waits has at least one."""


class Standing(NamedTuple):
    """An account's jobs of one priority."""

    waiting: int
    tag: int
    """When the next of them has its turn, counted in turns of its account."""


class Next(NamedTuple):
    """Whose turn it is."""

    priority: Priority
    account: str


@dataclass(frozen=True, slots=True)
class Line:
    """How many wait for each account and priority, and where each account stands in the order of turns."""

    standings: Mapping[Priority, Mapping[str, Standing]] = field(default_factory=dict)
    """Equal tags go in the order in which they stand here, which is that of joining."""
    tags: Mapping[Priority, int] = field(default_factory=dict)
    """The tag that had its turn last."""
    passed: Mapping[Priority, int] = field(default_factory=dict)
    """How many turns others had while the priority waited."""

    def waiting(self, priority: Priority, account: str) -> int:
        """Return how many of the account's jobs of that priority wait."""
        standing = self.standings.get(priority, {}).get(account)
        return standing.waiting if standing else 0

    def waits(self, account: str) -> bool:
        """Tell whether the account has a job in the line."""
        return any(self.waiting(priority, account) for priority in self.standings)

    @property
    def size(self) -> int:
        """How many standings are remembered."""
        return sum(len(accounts) for accounts in self.standings.values())

    def joined(self, priority: Priority, account: str, count: int = 1) -> Self:
        """Let jobs wait."""
        accounts = dict(self.standings.get(priority, {}))
        was = accounts.get(account, Standing(0, 0))
        tag = max(was.tag, self.tags.get(priority, 0))
        is_first = not any(it.waiting for it in accounts.values())
        accounts[account] = Standing(was.waiting + count, tag)
        return type(self)(
            {**self.standings, priority: accounts},
            self.tags,
            {**self.passed, priority: 0} if is_first else self.passed,
        )

    def left(self, priority: Priority, account: str) -> Self:
        """Let a job go without its turn."""
        was = self.standings[priority][account]
        accounts = {**self.standings[priority], account: Standing(was.waiting - 1, was.tag)}
        return type(self)(
            {**self.standings, priority: _remembered(accounts, self.tags.get(priority, 0))}, self.tags, self.passed
        )

    def given(self, priority: Priority) -> Self:
        """Give a turn to the priority: the others that wait were passed once more.

        It counts when it is given, not when it was had, or turns given at the same time would not know of each other.
        """
        passed = {it: self.passed.get(it, 0) + 1 for it in self.standings if it is not priority and self._is_wanted(it)}
        return type(self)(self.standings, self.tags, {**passed, priority: 0})

    def served(self, priority: Priority, account: str) -> Self:
        """Let a job have the turn that its priority was given."""
        was = self.standings[priority][account]
        tag = max(was.tag, self.tags.get(priority, 0))
        accounts = {**self.standings[priority], account: Standing(was.waiting - 1, was.tag + 1)}
        return type(self)(
            {**self.standings, priority: _remembered(accounts, tag)}, {**self.tags, priority: tag}, self.passed
        )

    def next(self, without: Collection[str] = ()) -> Next | None:
        """Return whose turn it is, of the accounts that are not left out."""
        waiting = {
            priority: accounts
            for priority in Priority
            if (
                accounts := {
                    name: it.tag
                    for name, it in self.standings.get(priority, {}).items()
                    if it.waiting and name not in without
                }
            )
        }
        if not waiting:
            return None
        first, *lower = waiting
        # The one that was passed most is due at its tenth turn, or before, where that turn will be another's.
        longest = sorted(lower, key=lambda it: -self.passed.get(it, 0))
        is_due = any(self.passed.get(it, 0) >= TURNS_OF_WHICH_ONE - 1 - place for place, it in enumerate(longest))
        priority = longest[0] if is_due else first
        return Next(priority, min(waiting[priority], key=waiting[priority].__getitem__))

    def order(self, without: Collection[str] = ()) -> Iterator[Next]:
        """Yield whose turns the next ones are."""
        line = self
        while following := line.next(without):
            yield following
            line = line.given(following.priority).served(*following)

    def place(self, own: Next, without: Collection[str] = ()) -> int:
        """Count the accounts that are before this one, each with one job."""
        priorities = list(Priority)
        urgent = priorities[: priorities.index(own.priority)]
        count = sum(
            1
            for it in urgent
            for name, each in self.standings.get(it, {}).items()
            if each.waiting and name not in without
        )
        equal = [name for name, it in self.standings[own.priority].items() if it.waiting and name not in without]
        return count + sorted(equal, key=lambda name: self.standings[own.priority][name].tag).index(own.account)

    def as_json(self) -> dict[str, Any]:
        """Write the line, its order kept."""
        return {
            "standings": {
                priority: [[name, *it] for name, it in accounts.items()]
                for priority, accounts in self.standings.items()
            },
            "tags": dict(self.tags),
            "passed": dict(self.passed),
        }

    @classmethod
    def of_json(cls, value: Mapping[str, Any]) -> Self:
        """Read what ``as_json`` wrote."""
        return cls(
            {
                Priority(priority): {name: Standing(waiting, tag) for name, waiting, tag in accounts}
                for priority, accounts in value["standings"].items()
            },
            {Priority(priority): tag for priority, tag in value["tags"].items()},
            {Priority(priority): count for priority, count in value["passed"].items()},
        )

    def _is_wanted(self, priority: Priority) -> bool:
        return any(it.waiting for it in self.standings.get(priority, {}).values())


def _remembered(accounts: Mapping[str, Standing], tag: int) -> Mapping[str, Standing]:
    """Forget who has nothing waiting, and had no more turns than the others."""
    return {name: it for name, it in accounts.items() if it.waiting or it.tag > tag}
