"""The plan of a run: its jobs, its faults and what is deployed; drawn from the seed, or read from a file of the corpus."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
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
    "fan_fails": (60.0, 900.0),
    "stuck_pages": (30.0, 600.0),
    "log_in_refused": (30.0, 600.0),
    "site_outage": (2.0, 600.0),
    "site_limits": (5.0, 900.0),
    "account_fails": (60.0, 900.0),
    "account_silent": (60.0, 900.0),
    "limited": (1.0, 90.0),
    "browser_gone": (5.0, 300.0),
}
"""From how many seconds to how many."""
DRAWN = tuple(kind for kind in faults.KINDS if kind not in ("account_slow", "capture"))
AIMS = {
    "ledger": (
        "ledger.begin", "ledger.begin", "ledger.mark", "ledger.finish", "ledger.release", "ledger.extend", "ledger.keep",
        "ledger.probe",
    ),
    "log-in": (
        "session_store.acquire", "session_store.load", "session_store.save", "session_store.release",
        "session_store.renew", "credentials.of",
    ),
    "turn": ("gates.read", "gates.write", "gates.write", "in_force.read", "in_force.write"),
    "limiter": (
        "places.read", "places.write", "places.write", "places.first", "workflows_queue.send_to_workflows_queue",
        "workflows_queue.send_to_workflows_queue", "ingress.hide", "ingress.delete",
    ),
    "queue": (
        "workflows_queue.receive", "workflows_queue.delete", "workflows_queue.change_visibility",
        "workflows_queue.change_visibility", "object_store.finish", "object_store.probe", "pauses.until", "pauses.pause",
        "pauses.rest", "pauses.recovered", "metrics.flush", "metrics.publish",
    ),
    "burial": ("workflows_queue.bury", "object_store.finish", "ledger.finish", "ledger.release"),
    "replay": (
        "dead_letter_queue.count", "dead_letter_queue.held", "dead_letter_queue.delete", "dead_letter_queue.keep",
        "replay.why_not", "operator", "target.now", "ingress.set_aside",
    ),
    "rotation": ("steps.create_secret", "steps.set_secret", "steps.test_secret", "steps.finish_secret"),
}  # fmt: skip
"""Steps of the code that call a store: faults of one plan gather at those of one kind."""
AIMED = {
    "lost_answer": 4, "lost_request": 1, "refused": 2, "throttled": 1, "slow": 2, "stalled": 2, "killed_before_call": 1,
    "killed_after_call": 2, "conflict": 1, "failed_entry": 2,
}  # fmt: skip
BOUNDS = (30.0, 60.0, 180.0, 300.0)
"""Seconds after which something of ours is over: a lease, a window, a visibility."""
TRAITS = {"rewrites": 0.15, "heavy": 0.03, "remembers": 0.2, "nameless": 0.03, "verbose": 0.1, "reads": 0.12}
"""What may be so of an account, and how often it is: the site changes its texts; fills its browser; has old messages of
the same words; nobody gave its credentials; its producer uses all attributes that it may; it mostly downloads and reads."""
A_WHILE = 3_000.0
DAY_SECONDS = 86_400.0
LONG = 0.02
"""How many worlds have something that lasts for hours."""
COLLIDING = 0.05
"""How many have a task that sleeps over its log-in, and another that logs in meanwhile."""
PRESSED = 0.08
"""How many have a burst that meets a slow queue."""
CONDITIONAL = (
    "ledger.begin", "ledger.begin", "session_store.acquire", "session_store.save", "gates.write", "places.write",
    "in_force.write",
)  # fmt: skip
UNHEARD = 0.12
"""How many worlds lose the answer to one of these."""
FORGOTTEN = 0.1
"""How many of those with an account that has written the same words before."""
BAD_DAY = 0.05
"""How many have a day on which something does not work."""
CAPTURED = (0.03, 0.3)
"""How many have an operator who captures what happens; of those in which another one replays, more."""
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
    "site_error_and_deleted": 2,
    "scope_switched": 2,
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
    traits: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """What is so of each account, see TRAITS."""
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
                "traits": {name: list(it) for name, it in self.traits.items() if it},
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
    span = random.choice([0.5, 5.0] if is_burst else [5.0, 60.0, 400.0])
    most = 45 if is_burst else random.choice([4, 12, 30])
    traits = {name: [it for it, chance in TRAITS.items() if random.random() < chance] for name in accounts}
    greed = random.choice([1, 1, 20])
    weights = [greed if place == 0 else 1 for place in range(len(accounts))]
    jobs = [
        _job(random, random.choices(accounts, weights)[0], number, span, traits)
        for number in range(random.randint(25 if is_burst else 1, most))
    ]
    jobs = [it for place, it in enumerate(jobs) if place == 0 or not _is_nameless(it, traits)]
    count = random.choice([0, 1, 2, 3, 5, 8, 12])
    scope = "account" if random.random() < 0.2 else "pipeline"
    drawn = [_fault(random, accounts, span) for _ in range(count)]
    if random.random() < 0.6:
        drawn += _gathered(random, accounts, span)
    for chance, scene in ((PRESSED, _pressed), (COLLIDING, _colliding), (LONG, _lasting)):
        if random.random() < chance:
            drawn += scene(random, accounts)
    if random.random() < DYING:
        drawn += _dying(random, accounts)
    tasks = random.choice([1, 2, 2, 3])
    if random.random() < SLOW:
        drawn.append(Fault(at=0.0, kind="account_slow", where=random.choice(accounts), seconds=900.0))
        if random.random() < 0.5:  # what takes long is extended
            drawn.append(Fault(at=90.0, kind="failed_entry", where="@workflows_queue.change_visibility"))
    drawn += _rare(Random(f"rare {seed}"), accounts, span, traits)
    if is_burst and all(it.seconds < A_WHILE for it in drawn):
        late = _saturated(Random(f"saturated {seed}"))
        if any(it.kind == "slow" for it in late):  # a campaign of messages alone, so that every turn is an effect
            jobs = [it for it in jobs if it.payload["action"] == "send_message"]
        drawn += late
    chance = Random(f"captured {seed}")
    if chance.random() < CAPTURED[any(it.kind == "replay" for it in drawn)]:
        drawn.append(Fault(at=round(chance.uniform(0, span + 900), 3), kind="capture"))
    return Plan(
        seed=seed,
        jobs=sorted(jobs, key=lambda it: it.at),
        faults=sorted(drawn, key=lambda it: it.at),
        traits=traits,
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


def _is_nameless(job: PlannedJob, traits: Mapping[str, Sequence[str]]) -> bool:
    """Tell whether nobody gave its account's credentials: each such job costs hours, for its account rests."""
    return "nameless" in traits[str(job.payload["creator_id"])]


def _gathered(random: Random, accounts: Sequence[str], span: float) -> list[Fault]:
    """Draw faults that gather at steps of one kind."""
    theme = random.choice(list(AIMS))
    gathered = []
    for _ in range(random.randint(1, 5)):
        kind = random.choices(list(AIMED), list(AIMED.values()))[0]
        seconds = _seconds(random, kind) if kind in LASTING else 0.0
        at, skip = round(random.uniform(0, span + 15), 3), int(random.random() ** 2 * 5)
        gathered.append(Fault(at=at, kind=kind, where=f"@{random.choice(AIMS[theme])}", skip=skip, seconds=seconds))
    match theme:
        case "burial" | "replay":
            gathered += _dying(random, accounts)
        case "rotation":
            gathered.append(Fault(at=round(random.uniform(0, span), 3), kind="rotation", where=random.choice(accounts)))
        case "log-in":
            at = round(random.uniform(0, span + 15), 3)
            gathered.append(Fault(at=at, kind="session_expired", where=random.choice(accounts)))
    return gathered


def _pressed(random: Random, _accounts: Sequence[str]) -> list[Fault]:
    """Draw a queue that takes its time while a burst is sent."""
    kind, where = random.choice(
        [
            ("slow", "@workflows_queue.send_to_workflows_queue"),
            ("stalled", "@workflows_queue.send_to_workflows_queue"),
            ("slow", "@places.write"),
            ("killed_after_call", "@workflows_queue.send_to_workflows_queue"),
        ]
    )
    seconds = round(random.uniform(3, 9.5), 1) if kind in LASTING else 0.0
    return [Fault(at=0.0, kind=kind, where=where, skip=random.randrange(2), seconds=seconds) for _ in range(2)]


def _colliding(random: Random, accounts: Sequence[str]) -> list[Fault]:
    """Draw a task that stands still over a log-in until another has its job, and a site that takes its time over it."""
    account, over = random.choice(accounts), round(300 + random.uniform(0, 12), 1)
    return [
        Fault(at=0.0, kind="account_slow", where=account, seconds=2000.0),
        Fault(at=0.0, kind="stalled", where="@session_store.acquire", seconds=over),
        Fault(at=100.0, kind="scaled_out"),
    ]


def _rare(random: Random, accounts: Sequence[str], span: float, traits: Mapping[str, Sequence[str]]) -> list[Fault]:
    """Draw what is rare, and finds what nothing else does.

    A bad day; a message that was not taken of somebody who wrote the same words long ago, while the fan deletes the one
    that the attempt knows the place by; a conditional write whose second try meets what the first has written (Trap 12).
    """
    if random.random() < BAD_DAY:
        return _lasting(random, accounts)
    old = [account for account in accounts if "remembers" in traits[account]]
    if old and random.random() < FORGOTTEN:
        at = round(random.uniform(0, span), 3)
        return [Fault(at=at, kind="site_error_and_deleted", where=random.choice(old))]
    if random.random() > UNHEARD:
        return []
    at, skip = round(random.uniform(0, span), 3), int(random.random() ** 2 * 5)
    return [Fault(at=at, kind="lost_answer", where=f"@{random.choice(CONDITIONAL)}", skip=skip)]


def _saturated(random: Random) -> list[Fault]:
    """Draw what shows where every turn is wanted: an effect that leaves late, and an entry that fails in a batch that does not."""
    kind, where, seconds = random.choice(
        [
            ("slow", "@ledger.mark", round(random.uniform(4, 9), 1)),
            ("failed_entry", "@workflows_queue.send_to_workflows_queue", 0.0),
            ("", "", 0.0),
            ("", "", 0.0),
        ]
    )
    return [Fault(at=0.0, kind=kind, where=where, skip=random.randrange(4), seconds=seconds)] if kind else []


def _lasting(random: Random, _accounts: Sequence[str]) -> list[Fault]:
    """Draw something that is down, or a limit that is in force, for hours."""
    kind, where = random.choice(
        [
            ("site_limits", ""),
            ("site_limits", ""),
            ("browser_gone", ""),
            *(("outage", each) for each in ("dynamodb", "s3", "kms", "secretsmanager")),
        ]
    )
    seconds = round(random.choice([3_600.0, DAY_SECONDS, DAY_SECONDS]) * random.uniform(0.8, 1.1), 1)
    return [Fault(at=round(random.uniform(0, 30), 3), kind=kind, where=where, seconds=seconds)]


def _seconds(random: Random, kind: str) -> float:
    """Draw for how long it lasts; often about as long as something of ours does."""
    if kind in ("stalled", "frozen", "outage") and random.random() < 0.3:
        return round(random.choice(BOUNDS) + random.uniform(-3, 6), 1)
    return round(random.uniform(*LASTING[kind]), 1)


def _job(random: Random, account: str, number: int, span: float, traits: Mapping[str, Sequence[str]]) -> PlannedJob:
    weights = [1, 3, 0, 3] if "reads" in traits[account] else [7, 1, 1, 1]
    action = random.choices(["send_message", "get_messages", "scrape_profile", "download_media"], weights)[0]
    payload: dict[str, Any] = {
        "action": action,
        "creator_id": account,
        "timestamp": "2025-01-01T00:00:00Z",
        "metadata": {"correlation_id": f"c-{number}"},
    }
    if random.random() < 0.3:
        payload["metadata"]["priority"] = random.choice(["high", "low"])
    match action:
        case "send_message":
            text = f"message no. {number:03}, hello{random.choice(['', '', '... :)'])}"
            payload |= {"user_id": f"fan-{random.randint(1, 3)}", "message_content": text}
        case "get_messages":
            payload |= {"user_id": random.choice([f"reader-{number}", f"fan-{random.randint(1, 3)}"])}
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
            where = random.choice([each for each in OPERATIONS if each.startswith("dynamodb.transact_")])
        if kind == "failed_entry":
            where = random.choice([each for each in OPERATIONS if each.endswith("_batch")])
    elif kind == "outage":
        where = random.choice(faults.SERVICES)
    elif kind in faults.AT_ACCOUNTS:
        where = random.choice(accounts)
    elif kind in faults.AT_REQUESTS:
        where = random.choice(["POST", "POST", "POST", "GET", ""])
    elif kind in faults.AT_PROCESSES:
        where = "limiter" if kind in ("killed_at_step", "frozen") and random.random() < 0.3 else "worker"
    seconds = _seconds(random, kind) if kind in LASTING else 0.0
    skip = int(random.random() ** 3 * (200 if kind == "killed_at_step" else 12))
    latest = span + 15
    if kind == "replay" or random.random() < 0.4:
        latest = span + 600
    at = round(random.uniform(0, latest), 3)
    return Fault(at=at, kind=kind, where=where, skip=skip, seconds=seconds)
