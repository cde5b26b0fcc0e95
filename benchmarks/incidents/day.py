"""One job among a day's 14,400: what it costs to capture it, on the emulator."""

from benchmarks.incidents.captured import Captured, captured
from benchmarks.incidents.written import Tell, Written
from emulator.console.reading.place import target_of
from emulator.harness.harness import Harness, Options
from huntaze_scraper.operations.incident.question import Question

JOBS = 14_400
DAY_SECONDS = 86_400
ACCOUNTS = 100


def measure(tell: Tell, count: int = JOBS) -> tuple[Captured, int]:
    """Capture the job in the middle of the day, and return what that cost, and how many log lines lay there."""
    with Harness(Options(speed=1.0), tell) as harness:
        target = target_of(harness.run)
        now = target.now()
        day = Written(begins=now.timestamp() - DAY_SECONDS, seconds=DAY_SECONDS, jobs=count, accounts=ACCOUNTS)
        lines = day.write(target, tell)
        question = Question.read(now, job=day.job_id(count // 2), creator="", alarm="", since="25h", until="")
        return captured(target, question, tell)[1], lines
