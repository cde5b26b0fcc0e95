"""What ends a person's command."""

from huntaze_scraper.errors import HuntazeError


class TellOperator(HuntazeError):
    """The command cannot go on: its text tells the person what to do."""
