"""The rate: each token comes back a window after it was spent. Pure; moments are whole milliseconds since the epoch.

A window that begins anew each minute lets twice the limit through where two of them meet, and so does a bucket that
fills up steadily: its capacity at once, and its refill on top (Trap 4). Here two messages on one token are at least a
window apart, and so no window, wherever it begins, holds more messages than there are tokens.
"""

from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Limit:
    """How much any window may hold."""

    capacity: int = 10
    window_ms: int = 60_000
    margin_ms: int = 1_000
    """For clocks that differ, and for what lies between the moment that is noted and the one that counts."""

    @property
    def return_ms(self) -> int:
        """How long after it was spent a token comes back."""
        return self.window_ms + self.margin_ms


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens: when each is back, the first one first. Which is which does not matter."""

    back_at: tuple[int, ...]

    @classmethod
    def of(cls, capacity: int, back_at: tuple[int, ...] = ()) -> Self:
        """Make so many tokens of those that are known; of too many, those that are back last stay."""
        known = sorted(back_at)[-capacity:]
        return cls((0,) * (capacity - len(known)) + tuple(known))

    def free(self, now: int) -> int:
        """Count the tokens that may be spent now."""
        return sum(moment <= now for moment in self.back_at)

    def at(self, place: int, limit: Limit) -> int:
        """Tell when whoever has so many before it finds a token, if each of them spends one as soon as it can."""
        rounds, index = divmod(place, len(self.back_at))
        return self.back_at[index] + rounds * limit.return_ms

    def spent(self, back_at: int) -> Self:
        """Take the token that has been back for longest; it comes back at that moment."""
        return type(self)(tuple(sorted((*self.back_at[1:], back_at))))

    def moved(self, before: int, back_at: int) -> Self | None:
        """Let the token that was to be back at one moment be back at another; None where somebody has spent it since."""
        if before not in self.back_at:
            return None
        place = self.back_at.index(before)
        return type(self)(tuple(sorted((*self.back_at[:place], *self.back_at[place + 1 :], back_at))))
