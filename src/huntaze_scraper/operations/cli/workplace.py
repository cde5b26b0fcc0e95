"""Where an operator's verbs work, and what they leave there."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from huntaze_scraper.operations import target
from huntaze_scraper.operations.target import Target


@dataclass(frozen=True)
class Workplace:
    """The context's object of every verb."""

    pipeline: Callable[[], Target] = target.deployed
    """Finds the one that is meant where no option says which."""
    folder: Path = Path("~/.huntaze")
    """For copies of what is deleted."""

    def chosen(self, *, aws: bool) -> Target:
        """Return the pipeline that is meant."""
        return target.deployed() if aws else self.pipeline()
