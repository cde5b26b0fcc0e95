"""The site's recorded answers as rules of the fake site, so that it answers a replay as it answered then."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from itertools import groupby
from typing import Any

from huntaze_scraper.operations.incident.bundle import Answer

SLOW_SECONDS = 2.0
"""An answer that took longer until its first byte is waited for in a replay, too."""
HANG_SECONDS = 5.0
"""Who got no answer, and gave up after that: else the connection was cut."""
SPELL_ANSWERS, SPELL_SECONDS = 3, 60.0
"""As many equal failures in a row, over as long, were the site's state at the time, whoever asked how often."""
SMALL_BYTES = 65536
SIGN_IN = "/api/login"
_MARGIN_SECONDS = 5.0
_NORMAL = range(200, 400)

type Rule = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Fault:
    """What was wrong with an answer; equal ones may be one state of the site."""

    kind: str
    status: int = 0
    retry_after: str = ""
    acted: bool = False
    acted_after: float = 0.0
    """Seconds from the request until the site acted on it, where that is known to have been later than the answer."""

    def as_rule(self) -> dict[str, Any]:
        if self.kind == "expire_session":
            return {"kind": self.kind}
        if self.acted_after:
            answer = replace(self, acted=False, acted_after=0.0).as_rule()
            return {"kind": "commit_late", "seconds": self.acted_after, "answer": answer}
        fault: dict[str, Any] = {"kind": self.kind, "when": "after" if self.acted else "before"}
        if self.kind == "status":
            fault |= {"status": self.status}
            # A gateway's answer has nothing of the site's own in it.
            fault |= {"body": "<h1>Bad gateway</h1>"} if self.status >= 502 else {}  # noqa: PLR2004
        if self.retry_after:
            fault |= {"retry_after": float(self.retry_after) if self.retry_after.isdecimal() else self.retry_after}
        return fault


def rules(answers: Sequence[Answer], t0: float, fans: Mapping[str, str] | None = None) -> list[Rule]:
    """Return the rules for a replay that begins at ``t0`` (seconds since the epoch).

    ``fans`` tells of each job to whom it is: so a failure is for the same conversation, in whatever order jobs go.

    A spell of equal failures becomes one rule for its time: of the whole site where nobody fared better meanwhile, else
    of an account, else of one path. Every other failure is for the n-th request of its account with that method and
    path; so is a long wait for an answer, around what is answered then. A session that is over is told once.
    """
    ordered = [*_caused(_numbered(sorted(answers, key=lambda it: it.at_seconds), fans or {}))]
    found: list[Rule] = []
    levels: Sequence[Callable[[Answer], dict[str, Any]]] = (lambda _: {}, _account, _request)
    in_spells: set[int] = set()
    for match in levels:
        for group in _grouped(ordered, match):
            for spell, end in _spells([it for it in group if id(it) not in in_spells]):
                if match is not _request and len({repr(_request(it)) for it in spell}) == 1:
                    continue  # of what was asked alone, no more is known
                in_spells |= {id(it) for it in spell}
                moments = {"after": t0 + max(spell[0].at_seconds - _MARGIN_SECONDS, 0.0), "before": t0 + end}
                found.append({"match": match(spell[0]) | moments, "fault": _wrong(spell[0]).as_rule()})
    alone = [it for it in ordered if id(it) not in in_spells]
    late = [_nth(it, {"kind": "delay", "seconds": _wait_seconds(it)}) for it in alone if _is_late(it)]
    return [*late, *(_nth(it, fault.as_rule()) for it in alone if (fault := _wrong(it)).kind), *found]


def path_of(template: str, fan: str = "") -> str:
    """Return the glob of a path's template: ``/api/chats/{fan}/messages`` is ``/api/chats/*/messages``, or that fan's."""
    named = template.replace("{fan}", re.sub(r"([*?[])", r"[\1]", fan)) if fan else template
    return re.sub(r"\{[^{}/]*\}", "*", named)


def _numbered(answers: Iterable[Answer], fans: Mapping[str, str]) -> list[Answer]:
    """Return the answers with globs for templates, each with its number among those to the same."""
    counts: Counter[tuple[str, str, str]] = Counter()
    found = []
    for each in answers:
        path = path_of(str(each.request["url"]), fans.get(each.job_id, ""))
        key = (each.account, str(each.request["method"]), path)
        counts[key] += 1
        found.append(replace(each, request={**each.request, "url": path}, nth=counts[key]))
    return found


def _caused(answers: Iterable[Answer]) -> Iterator[Answer]:
    """Yield the answers without what only follows: a session that is over stays so until its account signs in."""
    over: set[str] = set()
    for each in answers:
        if is_sign_in(each) and int(each.response["status"]) in _NORMAL:
            over.discard(each.account)
        elif _wrong(each).kind == "expire_session":
            if each.account in over:
                continue
            over.add(each.account)
        yield each


def is_sign_in(answer: Answer) -> bool:
    """Tell whether it is an answer to credentials."""
    return answer.request["method"] == "POST" and str(answer.request["url"]).startswith(SIGN_IN)


def _account(answer: Answer) -> dict[str, Any]:
    return {"account": answer.account} if answer.account else {}


def _request(answer: Answer) -> dict[str, Any]:
    return _account(answer) | {"method": answer.request["method"], "path": answer.request["url"]}


def _nth(answer: Answer, fault: dict[str, Any]) -> Rule:
    return {"match": _request(answer) | {"nth": [answer.nth]}, "fault": fault}


def _grouped(answers: Sequence[Answer], match: Callable[[Answer], dict[str, Any]]) -> Iterator[list[Answer]]:
    def key(answer: Answer) -> str:
        return repr(match(answer))

    for _, group in groupby(sorted(answers, key=key), key):
        yield list(group)


def _spells(answers: Sequence[Answer]) -> Iterator[tuple[list[Answer], float]]:
    """Yield each spell with the moment at which it was over: before the next that was answered otherwise."""
    runs = [list(run) for _, run in groupby(answers, _wrong)]
    for number, run in enumerate(runs):
        seconds = run[-1].at_seconds - run[0].at_seconds
        if not _wrong(run[0]).kind or len(run) < SPELL_ANSWERS or seconds < SPELL_SECONDS:
            continue
        following = runs[number + 1][0].at_seconds if number + 1 < len(runs) else run[-1].at_seconds + 1.0
        yield run, max(following - _MARGIN_SECONDS, (run[-1].at_seconds + following) / 2)


def _wrong(answer: Answer) -> _Fault:
    status, acted = int(answer.response["status"]), answer.response.get("_acted")
    late = 0.0 if isinstance(acted, bool | None) else float(acted)
    if status in _NORMAL:
        return _Fault("")
    if not status:
        by_time = "timeout" if answer.time >= HANG_SECONDS * 1000 else "reset"
        # Empty where whoever asked was told to end meanwhile: no answer had come, and none was cut off.
        gave_up = answer.response.get("_error", by_time) != "reset"
        return _Fault("hang" if gave_up else "reset", acted=bool(acted), acted_after=late)
    if status == HTTPStatus.UNAUTHORIZED and not is_sign_in(answer):
        return _Fault("expire_session")
    headers = answer.response.get("headers", ())
    told = next((str(it["value"]) for it in headers if it["name"].lower() == "retry-after"), "")
    return _Fault("status", status, told, acted=bool(acted), acted_after=late)


def _is_late(answer: Answer) -> bool:
    return bool(answer.response["status"]) and _wait_seconds(answer) >= SLOW_SECONDS


def _wait_seconds(answer: Answer) -> float:
    """Return how late it was: of what is small, and of what no first byte is known, all of the time is a wait."""
    wait, size = float(answer.timings.get("wait", -1)), answer.response.get("content", {}).get("size", -1)
    return (answer.time if wait < 0 or size < SMALL_BYTES else wait) / 1000
