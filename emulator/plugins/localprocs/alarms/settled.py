"""How far the minutes are done: metrics published, alarms judged, and all carried out that they set off at once.

``GET /_emulator/minutes`` answers ``{"settled": 1767225600}``, the end of the newest such minute (seconds since the epoch).
Topics were published to and services told how many tasks to have; what follows from that is under way.
"""

import time

from localstack.http import Request, Response

from localprocs.alarms.actions import Actions
from localprocs.alarms.metrics import MINUTE


class Settled:
    """The newest minute that is done."""

    def __init__(self, actions: Actions) -> None:
        """Follow what alarms set off from now on."""
        self._actions = actions
        self._minute = int(time.time()) // MINUTE * MINUTE

    def follow(self, minute: int, _last: int) -> None:
        """Note the minute when what its alarms set off is done; to be called after they were judged."""
        self._actions.later(lambda: self._note(minute))

    def serve(self, _request: Request) -> Response:
        """Tell."""
        return Response.for_json({"settled": self._minute})

    def _note(self, minute: int) -> None:
        self._minute = minute
