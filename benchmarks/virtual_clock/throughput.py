"""What the clock costs: SQS operations a second with and without it, by a client off the clock."""

import statistics
import time
from typing import Any

import psutil
from localprocs.vclock import AUTO, Clock

from benchmarks.virtual_clock.emulator import Emulator, running
from emulator.harness.clients import Clients

PAIRS = 60
OPERATIONS = 40
WARM_UP = 5


class Load:
    """Sends and receives on one emulator, and keeps what each batch took."""

    def __init__(self, emulator: Emulator) -> None:
        """Make the queue."""
        self._sqs = Clients(emulator.url).sqs
        self._process = psutil.Process(emulator.process.pid)
        self._queue = self._sqs.create_queue(QueueName="throughput")["QueueUrl"]
        self.seconds: list[float] = []
        self.cpu_seconds: list[float] = []

    def batch(self) -> None:
        """Do so many operations."""
        cpu, begun = self._cpu(), time.perf_counter()
        for _ in range(OPERATIONS // 2):
            self._sqs.send_message(QueueUrl=self._queue, MessageBody="work")
            self._sqs.receive_message(QueueUrl=self._queue)
        self.seconds.append(time.perf_counter() - begun)
        self.cpu_seconds.append(self._cpu() - cpu)

    def forget(self) -> None:
        """Begin to count anew."""
        self.seconds.clear()
        self.cpu_seconds.clear()

    def told(self) -> dict[str, float]:
        """Return the medians."""
        return {
            "operations_a_second": OPERATIONS / statistics.median(self.seconds),
            "cpu_ms_an_operation": statistics.fmean(self.cpu_seconds) / OPERATIONS * 1000,
        }

    def _cpu(self) -> float:
        return sum(self._process.cpu_times()[:2])


def measure() -> dict[str, Any]:
    """Let two emulators, one on the clock, take turns in short batches: what else the machine does hits both alike.

    The clock stands by work while its emulator's turn is: whoever looks whether it works is part of the price.
    """
    with running(None) as plain, Clock.create() as clock, running(clock) as clocked:
        without, with_clock = Load(plain), Load(clocked)

        def take_turns() -> None:
            clock.set_speed(1)
            without.batch()
            clock.set_speed(AUTO)
            with_clock.batch()

        for _ in range(WARM_UP):
            take_turns()
        without.forget()
        with_clock.forget()
        for _ in range(PAIRS):
            take_turns()
    ratios = [first / second for first, second in zip(without.seconds, with_clock.seconds, strict=True)]
    return {
        "without": without.told(),
        "with": with_clock.told(),
        "throughput_ratio": statistics.median(ratios),
        "cpu_ratio": sum(with_clock.cpu_seconds) / sum(without.cpu_seconds),
    }
