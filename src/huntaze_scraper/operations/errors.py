"""What ends a person's command."""

from typing import ClassVar

from huntaze_scraper.errors import HuntazeError


class TellOperator(HuntazeError):
    """The command cannot go on: its text tells the person what to do."""

    exit_code: ClassVar[int] = 1
