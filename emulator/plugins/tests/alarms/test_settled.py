"""How far the minutes are done."""

import json
import threading

from localprocs.alarms.actions import Actions
from localprocs.alarms.settled import Settled
from localstack.http import Request

PATIENCE_SECONDS = 60


def test_minute_is_settled_when_what_its_alarms_set_off_is_done():
    """An action that goes on holds the mark back; those of the next minute do not."""
    actions, begun, may_end, ended = Actions(), threading.Event(), threading.Event(), threading.Event()
    settled = Settled(actions)
    before = _told(settled)

    def act():
        begun.set()
        may_end.wait(PATIENCE_SECONDS)

    actions.later(act)
    settled.follow(before + 120, before + 60)
    actions.later(ended.set)
    assert begun.wait(PATIENCE_SECONDS)
    assert _told(settled) == before
    may_end.set()
    assert ended.wait(PATIENCE_SECONDS)
    assert _told(settled) == before + 120


def _told(settled):
    return json.loads(settled.serve(Request("GET", "/_emulator/minutes")).get_data())["settled"]
