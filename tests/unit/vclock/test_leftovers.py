"""Clocks leave nothing behind."""

import os
import signal
import sys
from pathlib import Path

import psutil
from localprocs.vclock import Clock
from localprocs.vclock.page import remove_abandoned

from tests.unit.vclock.conftest import Program


def test_two_hundred_clocks_leave_nothing_behind(tmp_path: Path) -> None:
    """200 times made, jumped and closed: no page, no descriptor, no mapping, no thread, no process stays."""

    def held() -> tuple[int, int, int, int]:
        process = psutil.Process()
        pages = sum("huntaze-vclock-" in entry.path for entry in process.memory_maps(grouped=False))
        return process.num_fds(), pages, process.num_threads(), len(process.children())

    with Clock.create(1, directory=tmp_path):
        pass
    before = held()
    for _ in range(200):
        with Clock.create(20, directory=tmp_path) as clock:
            clock.jump(3600)
    assert list(tmp_path.iterdir()) == []
    assert held() == before


def test_the_page_of_an_owner_that_was_killed_is_removed_by_the_next(tmp_path: Path) -> None:
    """A page whose owner died is swept away; those of the living stay."""
    code = (
        "import sys; from pathlib import Path; from localprocs.vclock import Clock\n"
        "clock = Clock.create(1, directory=Path(sys.argv[1])); print('made', flush=True); input()"
    )
    with Program([sys.executable, "-c", code, str(tmp_path)], {"PYTHONPATH": os.pathsep.join(sys.path)}) as program:
        assert program.line() == "made"
        (page,) = tmp_path.iterdir()
        remove_abandoned(tmp_path)
        assert page.exists()
        program.process.send_signal(signal.SIGKILL)
        program.process.wait(60)
    with Clock.create(1, directory=tmp_path):
        assert not page.exists()
    assert list(tmp_path.iterdir()) == []
