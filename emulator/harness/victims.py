"""What faults befall: a running harness's processes by what they do, and its Spot tasks."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

import httpx
import psutil

from emulator.harness.clients import http_client
from emulator.harness.run_file import Run


class Victims:
    """Finds them; processes come in the order of kind and start, which does not differ from run to run as numbers do."""

    def __init__(self, run: Run) -> None:
        """Look among the run's processes."""
        self._run = run

    def tasks(self) -> list[psutil.Process]:
        """Return every task's first process."""
        return _in_order(_alive(self._told()))

    def browsers(self) -> list[psutil.Process]:
        """Return every task's Chromiums: browsers, renderers and what else they consist of."""
        return _in_order(it for task in self.tasks() for it in _descendants(task) if "chrom" in _program(it))

    def limiters(self) -> list[psutil.Process]:
        """Return the limiter's environments."""
        found = (it for it in psutil.process_iter() if "awslambdaric" in " ".join(_command(it)))
        return _in_order(it for it in found if self._is_on_our_cloud(it))

    def guardians(self) -> list[psutil.Process]:
        """Return what stands over the tasks."""
        ours = _descendants(psutil.Process(self._run.pid))
        return _in_order(it for it in ours if "watchman.py" in " ".join(_command(it)))

    def tasks_at_work(self, provider: str = "FARGATE") -> list[str]:
        """Return the ARNs of the tasks, of a capacity provider and its kind, that say they have messages in hand."""
        told = [it for it in self._told() if str(it["capacityProviderName"]).startswith(provider) and it["port"]]
        return [it["taskArn"] for it in told if _in_hand(it["port"])]

    def _told(self) -> list[dict[str, Any]]:
        answer = http_client.get(f"{self._run.aws_endpoint_url}/_emulator/ecs/tasks").raise_for_status()
        return list(answer.json())

    def _is_on_our_cloud(self, process: psutil.Process) -> bool:
        with suppress(psutil.Error):
            return process.environ().get("AWS_ENDPOINT_URL", "").endswith(self._run.aws_endpoint_url.rpartition(":")[2])
        return False


def _in_order(processes: Iterable[psutil.Process]) -> list[psutil.Process]:
    found = []
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            found.append((_kind(process), process.create_time(), process.pid, process))
    return [process for *_, process in sorted(found, key=lambda it: it[:3])]


def _kind(process: psutil.Process) -> str:
    return next((word for word in _command(process) if word.startswith("--type=")), "")


def _alive(tasks: list[dict[str, Any]]) -> Iterator[psutil.Process]:
    for task in tasks:
        with suppress(psutil.NoSuchProcess):
            yield psutil.Process(task["pid"])


def _descendants(process: psutil.Process) -> list[psutil.Process]:
    with suppress(psutil.NoSuchProcess):
        return process.children(recursive=True)
    return []


def _program(process: psutil.Process) -> str:
    """Return what it runs: a name may be that of a script that started the real one."""
    with suppress(psutil.Error):
        return process.exe().rpartition("/")[2]
    return ""


def _command(process: psutil.Process) -> list[str]:
    with suppress(psutil.Error):
        return process.cmdline()
    return []


def _in_hand(port: int) -> int:
    with suppress(httpx.HTTPError):
        return int(http_client.get(f"http://127.0.0.1:{port}/health", timeout=5).json().get("in_hand", 0))
    return 0
