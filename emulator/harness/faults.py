"""Faults that are put into a running harness: processes killed, Spot tasks interrupted, services down, clocks wrong."""

import random
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psutil
from localprocs import processes

from emulator.harness.clients import http_client
from emulator.harness.errors import HarnessError
from emulator.harness.run_file import Run
from emulator.harness.victims import Victims

PATIENCE_SECONDS = 60.0
"""How long to wait for something that could be killed (real seconds)."""

type Delay = tuple[float, float]
"""The least and the most real seconds until a random moment."""
NOW: Delay = (0.0, 0.0)


class Faults:
    """Breaks a running harness; every choice comes from the seed."""

    def __init__(self, run: Run, seed: int) -> None:
        """Break nothing yet."""
        self._run = run
        self.random = random.Random(seed)  # noqa: S311 - to be repeatable, not secret
        self.victims = Victims(run)
        self.killed = 0
        """How many processes were really killed."""

    def await_moment(self, least_seconds: float, most_seconds: float) -> None:
        """Wait for a random moment (real seconds)."""
        time.sleep(self.random.uniform(least_seconds, most_seconds))

    def kill_scraper(self, delay: Delay = NOW) -> None:
        """Kill -9 one task's process, so long after there is one."""
        self._kill_one(self.victims.tasks, delay)

    def kill_runner(self, delay: Delay = NOW) -> None:
        """Kill -9 what runs tasks: every task's first process at once, and the emulator's guardian over them."""
        for process in (*self._await(self.victims.tasks, delay), *self.victims.guardians()):
            self._kill(process)

    def kill_browser(self, delay: Delay = NOW) -> None:
        """Kill -9 one process of one task's Chromium, a renderer or the whole."""
        self._kill_one(self.victims.browsers, delay)

    def kill_limiter(self, delay: Delay = NOW) -> None:
        """Kill -9 one of the limiter's environments."""
        self._kill_one(self.victims.limiters, delay)

    def interrupt_spot(self, share: float = 1.0) -> list[str]:
        """Interrupt a share of the Spot tasks, and return their ARNs."""
        body = {"share": share, "seed": self.random.randrange(2**31)}
        answer = http_client.post(f"{self._run.control_url}/ecs/interruptions", json=body)
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

    def refused(self, service: str) -> int:
        """Return how many calls have met the service's outage since it began."""
        answer = http_client.get(f"{self._run.aws_endpoint_url}/_emulator/outages").raise_for_status()
        return sum(it["refused"] for it in answer.json()["outages"] if it["service"] == service)

    def end_outages(self) -> None:
        """Let every service work again."""
        http_client.delete(f"{self._run.aws_endpoint_url}/_emulator/outages").raise_for_status()

    def _post(self, path: str, **request: Any) -> dict[str, Any]:
        answer = http_client.post(f"{self._run.aws_endpoint_url}{path}", **request)
        if answer.is_error:
            raise HarnessError(answer.text)
        return dict(answer.json())

    def _kill_one(self, find: Callable[[], list[psutil.Process]], delay: Delay) -> None:
        self._kill(self.random.choice(self._await(find, delay)))

    def _kill(self, victim: psutil.Process) -> None:
        self.killed += processes.signal_if(victim.is_running, victim.pid, signal.SIGKILL)

    def _await(self, find: Callable[[], list[psutil.Process]], delay: Delay) -> list[psutil.Process]:
        """Wait until there is something, then for a random moment, and return what there is then or next."""
        _await_any(find)
        self.await_moment(*delay)
        return _await_any(find)


def _await_any(find: Callable[[], list[psutil.Process]]) -> list[psutil.Process]:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (found := find()):
        if time.monotonic() > deadline:
            raise HarnessError(f"nothing to kill within {PATIENCE_SECONDS:g} s")
        time.sleep(0.05)
    return found
