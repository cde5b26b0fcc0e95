"""Looking for processes while some of them end."""

import subprocess

from tests.processes import descendants, lives


def test_a_child_that_nobody_has_waited_for_is_none() -> None:
    """It still has a number, and no command line."""
    with subprocess.Popen(["sleep", "600"]) as ended, subprocess.Popen(["sleep", "600"]) as running:
        ended.kill()
        found = []
        while ended.pid in found or running.pid not in found:
            found = [process.pid for process in descendants(None, "sleep 600")]
        (process,) = [each for each in descendants(None, "sleep 600") if each.pid == running.pid]
        assert lives(process)
        running.kill()
    assert not lives(process)
