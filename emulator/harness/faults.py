"""Faults that are put into a running harness: processes killed, Spot tasks interrupted, services down, clocks wrong."""

import contextlib
import random
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
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
        self.killed = 0
        """How many processes were really killed: at a random moment there may be none to kill."""

    def await_moment(self, least_seconds: float, most_seconds: float) -> None:
        """Wait for a random moment (real seconds)."""
        time.sleep(self.random.uniform(least_seconds, most_seconds))

    def kill_scraper(self) -> None:
        """Kill -9 one task's process."""
        self._kill(self._tasks())

    def kill_runner(self) -> None:
        """Kill -9 what runs tasks: every task's first process at once, and the emulator's guardian over them."""
        for process in (*self._tasks(), *self._ours("watchman.py")):
            self._end(process)

    def kill_browser(self) -> None:
        """Kill -9 one Chromium of one task, a renderer or the whole."""
        self._kill([it for task in self._tasks() for it in _descendants(task) if "chrom" in _name(it)])

    def kill_limiter(self) -> None:
        """Kill -9 one of the limiter's environments."""
        limiters = [it for it in psutil.process_iter() if "awslambdaric" in _command(it)]
        self._kill([it for it in limiters if self._is_on_our_cloud(it)])

    def interrupt_spot(self, share: float = 1.0) -> list[str]:
        """Interrupt a share of the Spot tasks, and return their ARNs."""
        body = {"share": share, "seed": self.random.randrange(2**31)}
        answer = httpx.post(f"{self._run.control_url}/ecs/interruptions", json=body, timeout=30)
        if answer.is_error:
            raise HarnessError(answer.text)
        return list(answer.json()["interrupted"])

    def redeliver(self, queue_url: str) -> int:
        """Have a queue give out once more what is in flight, and return how many messages that are."""
        name = queue_url.rpartition("/")[2]
        answer = self._post("/_emulator/sqs/redeliveries", params={"queue": name})
        return int(answer["redelivered"])

    @contextmanager
    def limiter_clock(self) -> Iterator[Callable[[float], None]]:
        """Give a function that lets the limiter's next environments be wrong about the date by so many seconds."""
        function, lambda_ = self._run.lambda_function, self._run.clients.lambda_
        deployed = lambda_.get_function_configuration(FunctionName=function)["Environment"]["Variables"]

        def configure(variables: Mapping[str, str]) -> None:
            lambda_.update_function_configuration(FunctionName=function, Environment={"Variables": variables})
            lambda_.get_waiter("function_updated_v2").wait(FunctionName=function, WaiterConfig={"Delay": 1})

        try:
            yield lambda seconds: configure({**deployed, "VCLOCK_SKEW_SECONDS": str(seconds)})
        finally:
            configure(deployed)

    def outage(self, service: str, kind: str, seconds: float) -> None:
        """Let a service answer roles with errors, or not at all, for so many virtual seconds."""
        self._post("/_emulator/outages", json={"service": service, "kind": kind, "seconds": seconds})

    def end_outages(self) -> None:
        """Let every service work again."""
        httpx.delete(f"{self._run.aws_endpoint_url}/_emulator/outages", timeout=30).raise_for_status()

    def _post(self, path: str, **request: Any) -> dict[str, Any]:
        answer = httpx.post(f"{self._run.aws_endpoint_url}{path}", timeout=30, **request)
        if answer.is_error:
            raise HarnessError(answer.text)
        return dict(answer.json())

    def _tasks(self) -> list[psutil.Process]:
        answer = httpx.get(f"{self._run.aws_endpoint_url}/_emulator/ecs/tasks", timeout=30).raise_for_status()
        return list(_alive(answer.json()))

    def _kill(self, candidates: list[psutil.Process]) -> None:
        if candidates:
            self._end(self.random.choice(sorted(candidates, key=lambda it: it.pid)))

    def _end(self, victim: psutil.Process) -> None:
        with contextlib.suppress(psutil.NoSuchProcess):
            victim.send_signal(signal.SIGKILL)
            self.killed += 1

    def _ours(self, name: str) -> list[psutil.Process]:
        """Return the harness's processes with this word in their command."""
        return [it for it in _descendants(psutil.Process(self._run.pid)) if name in _command(it)]

    def _is_on_our_cloud(self, process: psutil.Process) -> bool:
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
