"""What a job's end may be: one property, over what a site does, how workers end, and what of it is answered."""

import asyncio
import json
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any, Literal, cast

import fastjsonschema
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from huntaze_scraper.clock import Clock
from huntaze_scraper.errors import (
    HumanWanted,
    HuntazeError,
    NoAnswer,
    OddPage,
    PageBroken,
    Refused,
    SignInAgain,
    SlowDown,
    TryAgain,
    TryAgainLonger,
    Unanswered,
)
from huntaze_scraper.limit.turns import Turns
from huntaze_scraper.onlyfans.actions.send_message import send_message
from huntaze_scraper.onlyfans.outbox import Posting
from huntaze_scraper.onlyfans.sign_in import SignedInTabs
from huntaze_scraper.onlyfans.tab import Answer
from huntaze_scraper.state.job_entry import State
from huntaze_scraper.telemetry.redaction import Redactor
from huntaze_scraper.worker import results
from huntaze_scraper.worker.attempts import Attempts
from huntaze_scraper.worker.circuit_breaker import CircuitBreaker
from huntaze_scraper.worker.in_hand import InHand
from huntaze_scraper.worker.outcome import Then
from huntaze_scraper.worker.processor import Processor
from huntaze_scraper.worker.reactions import Reactions
from huntaze_scraper.worker.readiness import Readiness
from huntaze_scraper.worker.shutdown import Shutdown
from tests.unit.onlyfans.stub_tab import StubTab, written
from tests.unit.worker.doubles import (
    FreeTurns,
    MemoryLedger,
    MemoryObjectStore,
    MemoryPauses,
    MemoryQueue,
    Samples,
    job,
)
from tests.unit.worker.jumping_loop import LoopClock, run

TEXT = "good morning :) are you there..."
LATE_SECONDS = 120.0
STOP_SECONDS = 84.0
MOST_RECEIVES = 60
ANSWERED: dict[str, HuntazeError] = {
    "4xx": Refused("refused", status=403),
    "429": SlowDown("slow down"),
    "401": SignInAgain("signed out", status=401),
    "challenge": HumanWanted("a human?", status=403),
}
"""The site's own word that it does not act."""
FAILED: dict[str, HuntazeError] = {"500": TryAgain("failed", status=500)}
"""The site's own word that it failed; it may have acted."""
SILENT: dict[str, HuntazeError] = {
    "silence": NoAnswer("nothing"),
    "reset": TryAgainLonger("reset"),
    "gateway": Unanswered("a gateway", status=504),
    "odd": OddPage("another form"),
    "broken": PageBroken("the page crashed"),
}
"""No word of the site's: it may act later."""
SPELLINGS = {"as written": TEXT, "its own": "Good morning 😊 are you there…", "doubtful": "💌"}
FAILURE = fastjsonschema.compile(
    json.loads(files("huntaze_scraper").joinpath("schemas/result-failure.json").read_text())
)


@dataclass(frozen=True)
class Post:
    """What the site makes of one request: its answer ("ok" is the site's own yes), and when it acts, if it does."""

    answer: str
    acts_after: float | None
    answers_after: float = 0.0


@dataclass(frozen=True)
class Worker:
    """How long one worker has for the job, and what ends it then."""

    ends: Literal["killed", "told to stop", "never"]
    after: float


POSTS = st.one_of(
    st.builds(Post, st.just("ok"), st.just(0.0), st.floats(0, 20)),
    st.builds(Post, st.sampled_from(sorted(ANSWERED)), st.none(), st.floats(0, 20)),
    st.builds(Post, st.sampled_from(sorted(FAILED)), st.sampled_from([None, 0.0]), st.floats(0, 20)),
    st.builds(Post, st.sampled_from(sorted(SILENT)), st.none() | st.floats(0, LATE_SECONDS - 1), st.floats(0, 20)),
)
LOOKS = st.sampled_from(["seen"] * 6 + sorted({**ANSWERED, **FAILED, **SILENT}))
WORKERS = st.builds(Worker, st.sampled_from(["killed", "told to stop", "never"]), st.floats(0, 400))


@dataclass
class SiteTab(StubTab):
    """A tab whose site does as it is told, request by request, and then all that is asked of it."""

    script: list[Post] = field(default_factory=list)
    looks: list[str] = field(default_factory=list)
    session_version: int = 1

    async def post(self, posting: Posting, _path: str) -> Answer:
        told = self.script.pop(0) if self.script else Post("ok", 0.0)
        text = self.makes_of(posting.body.decode())
        if told.acts_after is not None:
            # Whoever has asked may be gone by then.
            asyncio.get_running_loop().call_later(told.acts_after, self.arrive, text)
        await asyncio.sleep(max(told.answers_after, 0.001))
        if told.answer != "ok":
            raise {**ANSWERED, **FAILED, **SILENT}[told.answer]
        return Answer(201, self.conversation[-1])

    async def get_json(self, url: str, seconds: float) -> Any:
        told = self.looks.pop(0) if self.looks else "seen"
        if told != "seen":
            raise {**ANSWERED, **FAILED, **SILENT}[told]
        return await super().get_json(url, seconds)

    async def reconsider(self, refusal: Refused) -> Refused:
        return refusal


class OneTab:
    """Gives out the one tab there is."""

    def __init__(self, tab: SiteTab) -> None:
        self._tab = tab

    async def take(self, _account: str, _stale: int | None = None) -> SiteTab:
        return self._tab

    async def keep(self, *_: object) -> None: ...

    async def discard(self, *_: object, **__: object) -> None: ...


class MortalLedger(MemoryLedger):
    """A worker's way to the ledger that all share: no more of it once the worker is dead."""

    def __init__(self, clock: Clock, shared: MemoryLedger) -> None:
        super().__init__(clock)
        self.items = shared.items
        self.is_dead = False

    def check(self) -> None:
        if self.is_dead:
            raise asyncio.CancelledError


class Fate:
    """One job on the queue, and one worker after the other."""

    def __init__(self, tab: SiteTab) -> None:
        self.clock = LoopClock()
        self.queue = MemoryQueue(self.clock)
        self.ledger = MemoryLedger(self.clock)
        self.pauses = MemoryPauses()
        self.store = MemoryObjectStore()
        self.tab = tab
        self.receives = 0

    async def run(self, workers: list[Worker]) -> None:
        self.queue.send_job(message_content=TEXT)
        while self.queue.records:
            self.receives += 1
            assert self.receives <= MOST_RECEIVES, "it goes on for ever"
            await self._work(workers.pop(0) if workers else Worker("never", 0.0))
        await asyncio.sleep(2 * LATE_SECONDS)

    async def _work(self, worker: Worker) -> None:
        found = await self.queue.receive(1)
        while not found:
            found = await self.queue.receive(1)
        (message,) = found
        others = asyncio.all_tasks()
        ledger, shutdown = MortalLedger(self.clock, self.ledger), Shutdown(STOP_SECONDS)
        in_hand = InHand(self.queue, ledger, self.clock, 300)
        in_hand.take([message])
        samples = Samples()
        attempts = Attempts(
            cast("SignedInTabs", OneTab(self.tab)),
            {"send_message": send_message},
            samples,
            self.clock,
            shutdown,
            cast("Turns", FreeTurns()),
            late_effect_seconds=LATE_SECONDS,
        )
        reactions = Reactions(self.queue, ledger, self.pauses, self.store, self.clock, Redactor(), 3, 1000)
        processor = Processor(
            ledger=ledger,
            pauses=self.pauses,
            store=self.store,
            reactions=reactions,
            carrier=attempts,
            in_hand=in_hand,
            breaker=CircuitBreaker(),
            readiness=Readiness({}, samples),
            metrics=samples,
            clock=self.clock,
            shutdown=shutdown,
        )
        beating = asyncio.create_task(in_hand.run())
        working = asyncio.create_task(processor.process(message))
        if worker.ends != "never":
            await asyncio.wait((working,), timeout=worker.after)
        if worker.ends == "killed" and not working.done():
            ledger.is_dead = True
            for task in asyncio.all_tasks() - others:
                task.cancel()
            await asyncio.wait(asyncio.all_tasks() - others)
            return
        if worker.ends == "told to stop":
            shutdown.begin()
        outcome = await working
        beating.cancel()
        if outcome.then is Then.DELETE:
            await self.queue.delete(message)
        if outcome.then is Then.COME_BACK:
            await self.queue.change_visibility([message], round(outcome.visibility_seconds + 0.5))


@pytest.mark.requirement("9.5", "9.6")
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    posts=st.lists(POSTS, max_size=14),
    looks=st.lists(LOOKS, max_size=30),
    workers=st.lists(WORKERS, max_size=6),
    spelling=st.sampled_from(sorted(SPELLINGS)),
)
@example([Post("gateway", 5.0)], [], [], "as written")
@example([Post("silence", 45.0, 30.0)], [], [Worker("told to stop", 10.0)], "its own")
@example([Post("silence", None, 20.0)] * 13, [], [], "as written")
@example([Post("gateway", 100.0)], ["seen"] + ["4xx"] * 29, [], "as written")
@example([Post("500", 0.0)] * 12, [], [], "its own")
def test_each_job_has_one_of_four_ends_and_the_fan_at_most_one_message(
    posts: list[Post], looks: list[str], workers: list[Worker], spelling: str
) -> None:
    """Succeeded is there, dead and rejected are not there, uncertain is told; none is lost, doubled or without an end."""

    async def scenario() -> None:
        tab = SiteTab(written(("me", "old news"), ("fan-1", "hi")), script=posts, looks=looks)
        tab.makes_of = lambda _: SPELLINGS[spelling]
        fate = Fate(tab)
        await fate.run(workers)

        ours = [each for each in tab.conversation[2:] if each["author"] == "me"]
        (item,) = fate.ledger.items.values()
        result = fate.store.document(results.key("creator-1", job(message_content=TEXT).job_id))
        match item["state"]:
            case State.DONE:
                assert [each["id"] for each in ours] == [result["data"]["message_id"]]
            case State.REJECTED | State.DEAD:
                assert ours == []
            case State.UNCERTAIN:
                assert len(ours) <= 1
                assert json.loads(fate.store.objects[result["data"]["job"].removeprefix("s3://bucket/")][0])
            case _:
                pytest.fail(f"ended as {item['state']}")
        if item["state"] is not State.DONE:
            assert FAILURE(result)["status"] == str(item["state"])
            assert result["error"]["reason"]
        assert [attributes["reason"] for _, attributes in fate.queue.buried] == (
            [result["error"]["reason"]] if item["state"] is State.DEAD else []
        )

    run(scenario())
