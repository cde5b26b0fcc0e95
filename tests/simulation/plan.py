"""The plan of a run: its jobs, its faults and what is deployed; drawn from the seed, or read from a file of the corpus."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any, Self

from tests.simulation import faults
from tests.simulation.faults import Fault

OPERATIONS = (
    "dynamodb", "dynamodb.update_item", "dynamodb.update_item", "dynamodb.get_item", "dynamodb.transact_write_items",
    "dynamodb.transact_get_items", "dynamodb.query", "sqs", "sqs.send_message_batch", "sqs.receive_message",
    "sqs.delete_message", "sqs.delete_message_batch", "sqs.change_message_visibility_batch", "sqs.send_message",
    "s3", "s3.put_object", "secretsmanager", "cloudwatch",
)  # fmt: skip
LASTING = {
    "slow": (1.0, 25.0),
    "stalled": (1.0, 400.0),
    "frozen": (1.0, 700.0),
    "outage": (2.0, 900.0),
    "site_outage": (2.0, 600.0),
    "site_limits": (5.0, 900.0),
    "account_fails": (60.0, 900.0),
    "account_silent": (60.0, 900.0),
    "limited": (1.0, 90.0),
    "browser_gone": (5.0, 300.0),
}
"""From how many seconds to how many."""
DRAWN = tuple(kind for kind in faults.KINDS if kind != "account_slow")
DYING = 0.15
"""How many worlds have a creator whose jobs die."""
SLOW = 0.1
"""How many have one for whom the site takes nearly as long as it may."""
WEIGHTS = {
    "account_fails": 3,
    "account_silent": 2,
    "lost_answer": 4,
    "killed_at_step": 3,
    "killed_after_call": 2,
    "replay": 2,
    "gateway_gave_up_acted_late": 2,
}


@dataclass(frozen=True, kw_only=True)
class PlannedJob:
    """A job, and when its producer sends it."""

    at: float
    payload: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """All that a run is told beforehand; the seed tells the rest."""

    seed: int
    jobs: Sequence[PlannedJob]
    faults: Sequence[Fault]
    tasks: int = 2
    scope: str = "pipeline"
    skew_seconds: float = 0.4
    """The most by which the clock of a process is wrong."""

    def without(self, *, jobs: Sequence[int] = (), faults: Sequence[int] = ()) -> Self:
        """Return it without some of its jobs and faults."""
        return replace(
            self,
            jobs=[it for place, it in enumerate(self.jobs) if place not in set(jobs)],
            faults=[it for place, it in enumerate(self.faults) if place not in set(faults)],
        )

    def write(self) -> str:
        """Write it for the corpus."""
        return json.dumps(
            {
                "seed": self.seed,
                "tasks": self.tasks,
                "scope": self.scope,
                "skew_seconds": self.skew_seconds,
                "jobs": [{"at": it.at, "payload": it.payload} for it in self.jobs],
                "faults": [it.as_json() for it in self.faults],
            },
            indent=1,
            sort_keys=True,
        )

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read one of the corpus."""
        item = json.loads(path.read_text())
        item["jobs"] = [PlannedJob(**it) for it in item["jobs"]]
        item["faults"] = [Fault.read(it) for it in item["faults"]]
        return cls(**{name: value for name, value in item.items() if name in cls.__annotations__})


def draw(seed: int) -> Plan:
    """Draw a plan: a handful of accounts, up to thirty jobs within some minutes, up to ten faults."""
    random = Random(seed)
    accounts = [f"creator-{number}" for number in range(random.randint(1, 5))]
    is_burst = random.random() < 0.2
    span = 5.0 if is_burst else random.choice([5.0, 60.0, 400.0])
    most = 45 if is_burst else random.choice([4, 12, 30])
    jobs = [_job(random, accounts, number, span) for number in range(random.randint(25 if is_burst else 1, most))]
    count = random.choice([0, 1, 2, 3, 5, 8, 12])
    scope = "account" if random.random() < 0.2 else "pipeline"
    drawn = [_fault(random, accounts, span) for _ in range(count)]
    if random.random() < DYING:
        drawn += _dying(random, accounts)
    tasks = random.choice([1, 2, 2, 3])
    if random.random() < SLOW:
        drawn.append(Fault(at=0.0, kind="account_slow", where=random.choice(accounts), seconds=900.0))
    return Plan(
        seed=seed,
        jobs=sorted(jobs, key=lambda it: it.at),
        faults=sorted(drawn, key=lambda it: it.at),
        tasks=tasks,
        scope=scope,
    )


def _dying(random: Random, accounts: Sequence[str]) -> list[Fault]:
    """Draw a creator whose jobs fail until they are dead, trouble while they are buried, and an operator's replay."""
    trouble = []
    for _ in range(random.randint(1, 4)):
        kind = random.choice(
            ("outage", "outage", "lost_answer", "killed_at_step", "refused", "killed_after_call", "slow")
        )
        where = {"outage": random.choice(("s3", "sqs", "dynamodb")), "killed_at_step": "worker"}.get(
            kind, random.choice(("s3.put_object", "sqs.send_message", "dynamodb.update_item", "sqs.delete_message"))
        )
        seconds = round(random.uniform(5, 120), 1) if kind in ("outage", "slow") else 0.0
        skip = random.randrange(60) if kind == "killed_at_step" else random.randrange(3)
        trouble.append(Fault(at=round(random.uniform(150, 420), 3), kind=kind, where=where, skip=skip, seconds=seconds))
    fails = Fault(at=0.0, kind="account_fails", where=random.choice(accounts), seconds=random.uniform(250, 800))
    return [fails, *trouble, Fault(at=round(random.uniform(250, 1200), 3), kind="replay")]


def _job(random: Random, accounts: Sequence[str], number: int, span: float) -> PlannedJob:
    action = random.choices(["send_message", "get_messages", "scrape_profile", "download_media"], [7, 1, 1, 1])[0]
    payload: dict[str, Any] = {
        "action": action,
        "creator_id": random.choice(accounts),
        "timestamp": "2025-01-01T00:00:00Z",
        "metadata": {"correlation_id": f"c-{number}"},
    }
    if random.random() < 0.3:
        payload["metadata"]["priority"] = random.choice(["high", "low"])
    match action:
        case "send_message":
            payload |= {"user_id": f"fan-{random.randint(1, 3)}", "message_content": f"message no. {number:03}, hello"}
        case "get_messages":
            payload |= {"user_id": f"fan-{random.randint(1, 3)}"}
        case "scrape_profile":
            payload |= {"profile_url": f"https://onlyfans.com/profile{number}"}
        case "download_media":
            payload |= {
                "media_urls": [f"https://cdn.onlyfans.com/{number}-{each}.png" for each in range(random.randint(1, 4))]
            }
    return PlannedJob(at=round(random.uniform(0, span), 3), payload=payload)


def _fault(random: Random, accounts: Sequence[str], span: float) -> Fault:
    kind = random.choices(DRAWN, [WEIGHTS.get(each, 1) for each in DRAWN])[0]
    where = ""
    if kind in faults.AT_CALLS:
        where = random.choice(OPERATIONS)
        if kind == "conflict":
            where = random.choice([each for each in OPERATIONS if each.startswith("dynamodb.")])
        if kind == "failed_entry":
            where = random.choice([each for each in OPERATIONS if each.endswith("_batch")])
    elif kind == "outage":
        where = random.choice(faults.SERVICES)
    elif kind in ("session_expired", "rotation", "account_fails", "account_silent"):
        where = random.choice(accounts)
    elif kind in faults.AT_REQUESTS:
        where = random.choice(["POST", "POST", "POST", "GET", ""])
    elif kind in faults.AT_PROCESSES:
        where = "limiter" if kind in ("killed_at_step", "frozen") and random.random() < 0.3 else "worker"
    seconds = round(random.uniform(*LASTING[kind]), 1) if kind in LASTING else 0.0
    skip = int(random.random() ** 3 * (200 if kind == "killed_at_step" else 12))
    latest = span + 15
    if kind == "replay" or random.random() < 0.4:
        latest = span + 600
    at = round(random.uniform(0, latest), 3)
    return Fault(at=at, kind=kind, where=where, skip=skip, seconds=seconds)
