"""Faults that are put into a running harness: processes killed, Spot tasks interrupted, services down."""

import random
import signal
from collections.abc import Iterator
from typing import Any

import httpx
import psutil

from emulator.harness.errors import HarnessError
from emulator.harness.run_file import Run


class Faults:
    """Breaks a running harness; every choice comes from the seed."""

    def __init__(self, run: Run, seed: int) -> None:
        """Break nothing yet."""
        self._run = run
        self.random = random.Random(seed)  # noqa: S311 - to be repeatable, not secret

    def kill_scraper(self) -> None:
        """Kill -9 one task's process."""
        self._kill(self._tasks())

    def kill_browser(self) -> None:
        """Kill -9 one Chromium of one task, a renderer or the whole."""
        self._kill([it for task in self._tasks() for it in _descendants(task) if "chrom" in _name(it)])

    def kill_limiter(self) -> None:
        """Kill -9 one of the limiter's environments."""
        self._kill([it for it in psutil.process_iter() if "awslambdaric" in _command(it) and self._is_ours(it)])

    def interrupt_spot(self, share: float = 1.0) -> list[str]:
        """Interrupt a share of the Spot tasks, and return their ARNs."""
        body = {"share": share, "seed": self.random.randrange(2**31)}
        answer = httpx.post(f"{self._run.control_url}/ecs/interruptions", json=body, timeout=30)
        if answer.is_error:
            raise HarnessError(answer.text)
        return list(answer.json()["interrupted"])

    def outage(self, service: str, kind: str, seconds: float) -> None:
        """Let a service answer roles with errors, or not at all, for so many virtual seconds."""
        body = {"service": service, "kind": kind, "seconds": seconds}
        answer = httpx.post(f"{self._run.aws_endpoint_url}/_emulator/outages", json=body, timeout=30)
        if answer.is_error:
            raise HarnessError(answer.text)

    def end_outages(self) -> None:
        """Let every service work again."""
        httpx.delete(f"{self._run.aws_endpoint_url}/_emulator/outages", timeout=30).raise_for_status()

    def _tasks(self) -> list[psutil.Process]:
        answer = httpx.get(f"{self._run.aws_endpoint_url}/_emulator/ecs/tasks", timeout=30).raise_for_status()
        return list(_alive(answer.json()))

    def _kill(self, candidates: list[psutil.Process]) -> None:
        if candidates:
            victim = self.random.choice(sorted(candidates, key=lambda it: it.pid))
            try:
                victim.send_signal(signal.SIGKILL)
            except psutil.NoSuchProcess:
                return

    def _is_ours(self, process: psutil.Process) -> bool:
        try:
            return process.environ().get("AWS_ENDPOINT_URL", "").endswith(self._run.aws_endpoint_url.rpartition(":")[2])
        except psutil.Error:
            return False


def _alive(tasks: list[dict[str, Any]]) -> Iterator[psutil.Process]:
    for task in tasks:
        try:
            yield psutil.Process(task["pid"])
        except psutil.NoSuchProcess:
            continue


def _descendants(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _name(process: psutil.Process) -> str:
    try:
        return process.name()
    except psutil.Error:
        return ""


def _command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""
