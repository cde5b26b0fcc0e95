"""The mark of the scope in force, in memory."""

from huntaze_scraper.errors import StoreUnavailable
from huntaze_scraper.limit.in_force import InForce


class MemoryMarks:
    """Implements ``Marks``."""

    def __init__(self) -> None:
        self.stored: InForce | None = None
        self.reads = 0
        self.is_down = False

    def read(self) -> InForce | None:
        self.reads += 1
        if self.is_down:
            raise StoreUnavailable("down")
        return self.stored

    def write(self, before: InForce | None, after: InForce) -> bool:
        if self.is_down:
            raise StoreUnavailable("down")
        if self.stored not in (before, after):
            return False
        self.stored = after
        return True
