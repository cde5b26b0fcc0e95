"""What a page over a harness can change: time, jobs, letters, and what is broken. Each needs the page's token."""

import json
import os
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Any

import httpx
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from emulator.console.reading.breakage import SKEW
from emulator.console.reading.place import of_harness, target_of
from emulator.console.web.app import TROUBLE, Console, Notice
from emulator.console.web.guard import is_allowed
from emulator.console.web.pages import NoSuchPage, find_job
from emulator.drawing.incident import page
from emulator.drawing.moments import duration
from emulator.harness import places
from emulator.harness.clients import http_client
from emulator.harness.faults import Faults
from emulator.harness.pipeline import Pipeline
from emulator.harness.run_file import Run
from huntaze_scraper import jobs
from huntaze_scraper.errors import InvalidJob
from huntaze_scraper.operations.dead_letter_queue import DeadLetterQueue
from huntaze_scraper.operations.dead_letters import QUEUES, Selection
from huntaze_scraper.operations.dropping import drop
from huntaze_scraper.operations.errors import TellOperator
from huntaze_scraper.operations.incident.capture import capture
from huntaze_scraper.operations.incident.question import Question
from huntaze_scraper.operations.incident.writing import write_bundle
from huntaze_scraper.operations.replay import Replay

type Form = Mapping[str, str]
THROTTLED = 0.5
"""The share of a service's calls that it throttles: what retries must get past."""
TURN_SECONDS = 300.0
"""How long a turn of the clock may take: before that it says by itself who would not settle."""
type Change = Callable[[Run, Form], str]
"""Does what the form asks for, and tells in a few words what was done. Raises TellOperator or ValueError for bad input."""


def routes(console: Console) -> list[BaseRoute]:
    """Return the routes of all changes."""
    changes: Mapping[str, Change] = {
        "/clock": turn_clock,
        "/jobs": send,
        "/jobs/again": send_again,
        "/jobs/incident": save_incident,
        "/letters": treat_letters,
        "/break/site": break_site,
        "/break/limit": limit_site,
        "/break/service": break_service,
        "/break/processes": break_process,
        "/break/end": heal,
    }
    return [Route(path, _endpoint(console, change), methods=["POST"]) for path, change in changes.items()]


def turn_clock(run: Run, form: Form) -> str:
    """Pause time, let it go on, go ahead in it, or set its speed."""
    body: dict[str, Any]
    match form.get("do"):
        case "pause":
            body, told = {"paused": True}, "time stands"
        case "resume":
            body, told = {"paused": False}, "time goes on"
        case "settle":
            body, told = {"settle": True}, "nothing that is due is left to do"
        case None if form.get("speed") == "auto":
            body, told = {"speed": "auto"}, "time leaps over waits"
        case None if "speed" in form:
            body, told = {"speed": _number(form, "speed")}, f"time goes {_number(form, 'speed'):g} times as fast"
        case None:
            seconds = _number(form, "seconds")
            body, told = {"advance_seconds": seconds}, f"time went {duration(seconds)} ahead"
        case other:
            raise ValueError(f"{other!r} is nothing that a clock can do")
    _post(f"{run.control_url}/clock", body, run)
    return told


def send(run: Run, form: Form) -> str:
    """Send a job."""
    return f"sent job {Pipeline(run).send(jobs.read(form.get('job', ''))).job_id[:12]}"


def send_again(run: Run, form: Form) -> str:
    """Send what a job said once more, as a job of its own: with the time of now."""
    wanted = form.get("id", "")
    _, letter = find_job(of_harness(run), wanted)
    if letter is None or letter.job is None:
        raise ValueError("nobody remembers that job's words any more")
    fresh = {name: value for name, value in letter.job.payload.items() if name != "timestamp"}
    return f"sent job {Pipeline(run).send(fresh).job_id[:12]}, a copy of {wanted[:12]}"


def save_incident(run: Run, form: Form) -> str:
    """Capture a job's incident as a bundle in the state folder."""
    target = target_of(run)
    question = Question.read(target.now(), job=form.get("id", ""), creator="", alarm="", since="", until="")
    bundle = capture(target, question)
    path = places.state_directory() / "incidents" / f"incident-{bundle.manifest.name}.zip"
    write_bundle(bundle, path, page(bundle))
    return f"saved; ./huntaze incident replay {path}"


def treat_letters(run: Run, form: Form) -> str:
    """Replay dead letters, or drop them."""
    name, wanted, do = form.get("queue", "").removesuffix("-dlq"), form.get("id", ""), form.get("do")
    if name not in QUEUES:
        raise ValueError(f"there is no queue {name!r}")
    if not wanted:
        raise ValueError("which letter?")
    target, selection = target_of(run), Selection(queues=(name,), ids=(wanted,))
    queue = DeadLetterQueue(target, name)
    if do == "replay":
        outcomes = list(Replay(target).run(queue, selection))
    elif do == "drop":
        outcomes = list(drop(queue, selection, places.state_directory() / "dropped" / f"console-{os.getpid()}.jsonl"))
    else:
        raise ValueError(f"{do!r} is nothing that can be done with a letter")
    if not outcomes:
        raise ValueError("that letter is not to be seen now: somebody has it in hand, or it is gone")
    return "; ".join(f"letter {wanted[:8]}: {it.done}{f', {it.why}' if it.why else ''}" for it in outcomes)


def break_site(run: Run, form: Form) -> str:
    """Add a rule of the fake site, or take one away: the one that is the same, wherever it stands by now."""
    url = f"{run.site_url}/_control/faults"
    rules = [
        {"match": it["match"], "fault": it["fault"], "times": it["times"]}
        for it in http_client.get(url).raise_for_status().json()
    ]
    if "remove" in form:
        ended = json.loads(form["remove"])
        if ended not in rules:
            raise ValueError("that rule is gone already")
        rules.remove(ended)
        done = "a rule of the site is gone"
    else:
        fault: dict[str, Any] = {"kind": form.get("kind", "")}
        if form.get("options", "").strip():
            fault |= json.loads(form["options"])
        match = {name: form[name].strip() for name in ("path", "account") if form.get(name, "").strip()}
        times = _number(form, "times") if form.get("times", "").strip() else None
        rules.append({"match": match, "fault": fault, "times": times and int(times)})
        done = f"the site: {fault['kind']}"
    _post(url, rules, run)
    return done


def limit_site(run: Run, form: Form) -> str:
    """Let the site refuse what an account asks beyond a rate, with 429."""
    requests, seconds = int(_number(form, "requests")), _number(form, "seconds")
    _post(f"{run.site_url}/_control/limits", {"requests": requests, "per_seconds": seconds}, run)
    return f"the site takes {requests} requests in {seconds:g} s of an account"


def break_service(run: Run, form: Form) -> str:
    """Let a service be down for a while, or throttle its callers until that is ended."""
    service, kind, seconds = form.get("service", ""), form.get("kind", ""), _number(form, "seconds")
    if kind == "throttle":
        rule = {"service": service, "throttle": True, "probability": THROTTLED}
        http_client.patch(_faults(run), json={"rules": [rule]}).raise_for_status()
        return f"{service} throttles {THROTTLED:.0%} of the calls"
    Faults(run, 0).outage(service, kind, seconds)
    return f"{service} is down for {seconds:g} s"


def break_process(run: Run, form: Form) -> str:
    """Kill something, interrupt Spot tasks, or put the limiter's clock wrong."""
    faults = Faults(run, int.from_bytes(os.urandom(4)))
    match form.get("do"):
        case "task":
            faults.kill_scraper()
        case "browser":
            faults.kill_browser()
        case "limiter":
            faults.kill_limiter()
        case "spot":
            return f"{len(faults.interrupt_spot())} Spot tasks have two minutes"
        case "skew":
            _skew(run, _number(form, "seconds"))
            return f"the limiter's clock is {_number(form, 'seconds'):g} s wrong"
        case other:
            raise ValueError(f"{other!r} is nothing that can be broken")
    return f"killed: {form.get('do')}"


def heal(run: Run, _form: Form) -> str:
    """End all that was broken here."""
    with ExitStack() as steps:
        for step in (
            lambda: _post(f"{run.site_url}/_control/faults", [], run),
            lambda: _post(f"{run.site_url}/_control/limits", {}, run),
            Faults(run, 0).end_outages,
            lambda: http_client.delete(_faults(run)).raise_for_status(),
            lambda: _skew(run, 0.0),
        ):
            steps.callback(step)  # each is tried, whatever becomes of the others
    return "nothing is broken any more"


def _faults(run: Run) -> str:
    return f"{run.aws_endpoint_url}/_emulator/faults"


def _skew(run: Run, seconds: float) -> None:
    lambda_ = run.clients.lambda_
    variables = lambda_.get_function_configuration(FunctionName=run.lambda_function)["Environment"]["Variables"]
    wanted = {name: value for name, value in variables.items() if name != SKEW} | (
        {SKEW: f"{seconds}"} if seconds else {}
    )
    if wanted != variables:
        lambda_.update_function_configuration(FunctionName=run.lambda_function, Environment={"Variables": wanted})


def _post(url: str, body: object, run: Run) -> None:
    answer = http_client.post(url, json=body, headers={"X-Control-Token": run.control_token}, timeout=TURN_SECONDS)
    if answer.is_error:
        try:
            told = str(answer.json()["error"])
        except (ValueError, KeyError, TypeError):
            told = f"it answered {answer.status_code}"
        raise ValueError(told)


def _number(form: Form, name: str) -> float:
    try:
        return float(form.get(name, ""))
    except ValueError:
        raise ValueError(f"{name}: {form.get(name, '')!r} is no number") from None


def _endpoint(console: Console, change: Change) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        try:
            run = console.place().run
            if run is None or not await is_allowed(request, run.control_token):
                return PlainTextResponse("the page is older than the harness: load it anew\n", 403)
            form = {name: str(value) for name, value in (await request.form()).items()}
            told = await run_in_threadpool(change, run, form)
        except (ValueError, TypeError, KeyError, InvalidJob, NoSuchPage, *TROUBLE) as error:
            is_told = isinstance(error, ValueError | TypeError | InvalidJob | NoSuchPage | TellOperator)
            text = str(error) if is_told else f"that did not work ({type(error).__name__})"
            console.notice = Notice(text, is_bad=True)
            return _back(request, text, 400)
        console.notice = Notice(told)
        return _back(request, told, 200)

    return endpoint


def _back(request: Request, text: str, status: int) -> Response:
    """Answer a script with the words, and a plain form with the page that it was on, which shows them."""
    if request.headers.get("x-console"):
        return PlainTextResponse(text, status)
    origin = f"http://{request.headers.get('host', '')}"
    referer = httpx.URL(request.headers.get("referer", "") or "/")
    here = referer.raw_path.decode() if str(referer).startswith(f"{origin}/") else "/"
    return RedirectResponse(here, 303)
