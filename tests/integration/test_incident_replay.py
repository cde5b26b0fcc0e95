"""An incident's bundle is played in a harness: what came about then comes about again, or the difference is told."""

import json
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from localprocs.vclock import Clock

from emulator.console.reading.place import target_of
from emulator.harness import places
from emulator.harness.pipeline import Pipeline
from emulator.harness.site_control import SiteControl
from emulator.incidents.replay import again, play, stage
from huntaze_scraper import names
from huntaze_scraper.operations.incident.bundle import (
    Answer,
    Bundle,
    Ending,
    Expected,
    Happening,
    Manifest,
    SentJob,
    StateItem,
    Verb,
)
from huntaze_scraper.operations.incident.capture import capture
from huntaze_scraper.operations.incident.question import Question
from huntaze_scraper.operations.incident.reading import job_of
from huntaze_scraper.operations.incident.writing import write_bundle
from tests import invariants

pytestmark = [pytest.mark.browser, pytest.mark.requirement("9.9")]
ACCOUNT, FAN = "acct-4f1c", "user-09aa"
BODY = {
    "action": "send_message",
    "creator_id": ACCOUNT,
    "user_id": FAN,
    "message_content": "Xqwer tzui",
    "timestamp": "2026-03-29T01:30:00+00:00",
}


def answer(at_seconds: float, status: int, nth: int, retry_after: str = "") -> Answer:
    """What the site said to a message."""
    headers = [{"name": "Retry-After", "value": retry_after}] if retry_after else []
    return Answer(
        at_seconds=at_seconds,
        account=ACCOUNT,
        job_id="",
        request={"method": "POST", "url": "/api/chats/{fan}/messages", "bodySize": -1},
        response={"status": status, "headers": headers, "content": {"size": -1, "mimeType": ""}},
        timings={"wait": 40, "receive": 1},
        time=41,
        nth=nth,
    )


@pytest.fixture
def bundle() -> Bundle:
    """A message that was refused with 429 once, and then taken."""
    job = job_of(BODY)
    assert job
    return Bundle(
        manifest=Manifest(
            name="busy-site",
            t0="2026-03-29T01:30:00+00:00",
            span_seconds=90,
            captured_at="2026-03-29T02:00:00Z",
            asked={},
        ),
        jobs=(
            SentJob(
                at_seconds=1,
                queue="ingress",
                message_id="m-1",
                job_id=job.job_id,
                account=ACCOUNT,
                action=job.action,
                body=BODY,
            ),
        ),
        answers=(answer(3, 429, 1, "30"), answer(40, 201, 2)),
        expected=Expected(
            jobs=(Ending(job_id=job.job_id, account=ACCOUNT, end="done", at_seconds=40, attempts=2, rate_limits=1),),
            order={ACCOUNT: (job.job_id,)},
        ),
    )


def test_what_was_recorded_comes_about_again(
    bundle: Bundle, pipeline: Pipeline, site: SiteControl, clock: Clock
) -> None:
    """The site's 429 meets the same request; the job goes by itself to the same end, with as many attempts."""
    replayed = play(bundle, pipeline, clock)

    assert replayed.verdict.is_reproduced, replayed.verdict.text
    assert replayed.ends == {"done": 1}
    assert [it["status"] for it in site.requests() if it["method"] == "POST" and it["path"] != "/api/login"] == [
        429,
        201,
    ]
    invariants.check_all_succeeded(pipeline, site, replayed.jobs)


def test_the_first_difference_is_told_beside_what_was_recorded(
    bundle: Bundle, pipeline: Pipeline, clock: Clock
) -> None:
    """Where the code does better than the recording, the verdict says so, and where."""
    (ending,) = bundle.expected.jobs
    otherwise = replace(bundle, expected=replace(bundle.expected, jobs=(replace(ending, end="dead", attempts=3),)))

    verdict = play(otherwise, pipeline, clock).verdict

    assert verdict.text == (
        f"not reproduced: first difference at 40 s, the end of job {ending.job_id[:12]}: recorded dead, here done"
    )
    assert verdict.as_json["first_difference"]["here"] == "done"


def test_what_stood_in_the_table_at_t0_stands_there_again(
    bundle: Bundle, pipeline: Pipeline, site: SiteControl, clock: Clock
) -> None:
    """An account that rested then rests here, for as long: its moments go with the clock."""
    (ending,) = bundle.expected.jobs
    until = bundle.t0.timestamp() + 60
    paused = StateItem(
        table="state", key=f"pause#{ACCOUNT}", as_of="t0", item={"until": until, "reason": "a challenge"}
    )
    expected = replace(bundle.expected, jobs=(replace(ending, rate_limits=0, at_seconds=61),))
    began = clock.now()

    replayed = play(replace(bundle, answers=(), state=(paused,), expected=expected), pipeline, clock)

    assert replayed.verdict.is_reproduced, replayed.verdict.text
    (message,) = site.messages()
    assert message["time"] >= began + 60


def test_a_throttle_is_one_again(bundle: Bundle, pipeline: Pipeline, site: SiteControl, clock: Clock) -> None:
    """A store that asked to slow down does so again: the job waits for it, and a capture of the replay tells the same."""
    (ending,) = bundle.expected.jobs
    throttle = Happening(
        at_seconds=0.5, verb=Verb.OUTAGE, arguments={"service": "s3", "kind": "throttle", "seconds": 45}
    )
    expected = replace(bundle.expected, jobs=(replace(ending, rate_limits=0, at_seconds=60),))
    began = datetime.fromtimestamp(clock.now(), UTC)

    replayed = play(replace(bundle, answers=(), script=(throttle,), expected=expected), pipeline, clock)

    assert replayed.verdict.is_reproduced, replayed.verdict.text
    invariants.check_all_succeeded(pipeline, site, replayed.jobs)
    target = target_of(pipeline.run)
    told = capture(target, Question(since=began, until=target.now(), has_since=True)).script
    assert [(it.arguments["service"], it.arguments["kind"]) for it in told if it.verb is Verb.OUTAGE] == [
        ("s3", "throttle")
    ]


@pytest.mark.gate
def test_a_replay_of_its_own_goes_on_at_the_incidents_own_date(bundle: Bundle) -> None:
    """A harness is started for it, with the limit that was deployed; each request comes when it came then."""
    manifest = replace(bundle.manifest, settings={"RATE_LIMIT_CAPACITY": "3"})
    bundle = replace(bundle, manifest=manifest)
    with stage(bundle, lambda _: None) as harness:
        deployed = harness.clients.lambda_.get_function_configuration(FunctionName=harness.run.lambda_function)
        assert deployed["Environment"]["Variables"]["RATE_LIMIT_CAPACITY"] == "3"
        assert isinstance(harness.clock, Clock)
        pipeline = Pipeline(harness.run)
        replayed = play(bundle, pipeline, harness.clock)

        assert replayed.verdict.is_reproduced, replayed.verdict.text
        moments = [it["time"] - bundle.t0.timestamp() for it in SiteControl(harness.run.site_url).requests()]
        assert min(moments) >= 0
        assert max(moments) <= bundle.manifest.span_seconds + 60

        again(pipeline)
        assert play(bundle, pipeline, harness.clock, seed=2).verdict.is_reproduced


@pytest.mark.gate
@pytest.mark.timeout(600)
def test_a_bundle_is_replayed_by_one_command(bundle: Bundle, tmp_path: Path) -> None:
    """Verdict and jobs as JSON, exit code 0; a template that this checkout lacks is told, and this one's is played."""
    manifest = replace(bundle.manifest, digests={f"template:{names.LIMITER_STACK}": "ab" * 32})
    file = tmp_path / "incident-busy-site.zip"
    write_bundle(replace(bundle, manifest=manifest), file)
    command = [
        places.PYTHON,
        places.ROOT / "scripts" / "verbs.py",
        "incident",
        "replay",
        file,
        "--times",
        "2",
        "--json",
    ]

    ended = subprocess.run(command, capture_output=True, text=True, timeout=500, check=False)

    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout)
    assert (told["verdict"], told["first_difference"]) == ("reproduced", None)
    assert [it["here"]["end"] for it in told["jobs"]] == ["done"]
    assert [(it["seed"], it["verdict"]) for it in told["goes"]] == [(1, "reproduced"), (2, "reproduced")]
    assert f"recorded with another template of {names.LIMITER_STACK}" in ended.stderr
