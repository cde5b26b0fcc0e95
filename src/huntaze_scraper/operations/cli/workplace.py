"""Where an operator's verbs work, and what they leave there."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from huntaze_scraper.operations.incident.bundle import Bundle
    from huntaze_scraper.operations.target import Target


def deployed() -> "Target":
    """Return the pipeline where the default AWS credentials lead."""
    from huntaze_scraper.operations import target  # noqa: PLC0415 - boto3 is half a command's start

    return target.deployed()


@dataclass(frozen=True)
class Workplace:
    """The context's object of every verb."""

    pipeline: "Callable[[], Target]" = deployed
    """Finds the one that is meant where no option says which."""
    folder: Path = Path("~/.huntaze")
    """For copies of what is deleted."""
    draw: "Callable[[Bundle], str] | None" = None
    """Draws an incident as a page, where somebody can."""

    def chosen(self, *, aws: bool) -> "Target":
        """Return the pipeline that is meant."""
        return deployed() if aws else self.pipeline()
