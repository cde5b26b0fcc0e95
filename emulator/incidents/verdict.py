"""Whether a replay went as it was recorded: ends, order, counts of attempts, alarms; never bytes or times."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from huntaze_scraper.operations.incident.bundle import Ending, Expected

SHORT = 12
"""Characters of a job's id that people are shown."""
SCALINGS_OWN = "TargetTracking-"
"""How names of alarms begin that scaling makes for itself; what it did is in the script."""
EXACT_ATTEMPTS = 5
"""Up to as many are compared exactly; of more, a tenth more or less is the same: a machine's pace is in them."""


@dataclass(frozen=True, kw_only=True)
class Difference:
    """Something that came otherwise."""

    at_seconds: float
    """When it came about in the recording, from t0."""
    what: str
    recorded: str
    here: str


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What a replay came to."""

    differences: tuple[Difference, ...]
    """In the order of the recording."""
    recorded: Mapping[str, Ending]
    here: Mapping[str, Ending]

    @property
    def is_reproduced(self) -> bool:
        """Whether nothing came otherwise."""
        return not self.differences

    @property
    def text(self) -> str:
        """Say it in one line."""
        if self.is_reproduced:
            return "reproduced"
        first = self.differences[0]
        return (
            f"not reproduced: first difference at {first.at_seconds:.0f} s, {first.what}: "
            f"recorded {first.recorded}, here {first.here}"
        )

    @property
    def as_json(self) -> dict[str, Any]:
        """Write it for programs."""
        return {
            "verdict": "reproduced" if self.is_reproduced else "not reproduced",
            "first_difference": asdict(self.differences[0]) if self.differences else None,
            "jobs": [
                {"job_id": job_id, "account": it.account, "recorded": _told(it), "here": _told(self.here.get(job_id))}
                for job_id, it in self.recorded.items()
            ],
        }


def compare(
    recorded: Expected,
    here: Expected,
    span_seconds: float,
    alike: Iterable[Collection[str]] = (),
    *,
    with_alarms: bool = True,
) -> Verdict:
    """Compare what is expected with what came about; moments are seconds from t0.

    A job that had not ended when the recording did must not have ended here by then; those that had may take longer.
    Of jobs that are ``alike`` it is chance which one met what: how many of them did is compared.
    """
    ends = {it.job_id: it for it in here.jobs}
    found = [it for group in _groups(recorded.jobs, alike) for it in _of_group(group, ends, span_seconds)]
    found += _of_order(recorded, here)
    if with_alarms:
        found += _of_alarms(recorded, here, span_seconds)
    return Verdict(
        differences=tuple(sorted(found, key=lambda it: it.at_seconds)),
        recorded={it.job_id: it for it in recorded.jobs},
        here=ends,
    )


def _groups(jobs: Iterable[Ending], alike: Iterable[Collection[str]]) -> list[list[Ending]]:
    """Return the jobs by their group; one that is like no other is a group of its own."""
    group_of = {job_id: number for number, group in enumerate(alike) for job_id in group}
    found: dict[int | str, list[Ending]] = {}
    for job in jobs:
        found.setdefault(group_of.get(job.job_id, job.job_id), []).append(job)
    return list(found.values())


def _of_group(recorded: Sequence[Ending], ends: Mapping[str, Ending], span_seconds: float) -> list[Difference]:
    """Return the differences of alike jobs; none where the same came about of them, whichever met it."""
    here = [ends.get(it.job_id) for it in recorded]
    told = sorted((it.end, it.attempts) for it in recorded)
    came = sorted(
        (_end_within(span_seconds, it, was), it.attempts) for it, was in zip(here, recorded, strict=True) if it
    )
    if len(told) == len(came) and all(
        ours[0] == theirs[0] and _are_alike(ours[1], theirs[1]) for ours, theirs in zip(told, came, strict=True)
    ):
        return []
    return [it for was, now in zip(recorded, here, strict=True) for it in _of_job(was, now, span_seconds)]


def _end_within(span_seconds: float, here: Ending, recorded: Ending) -> str:
    """Return how a job ended here, for one that had not when the recording did only by then."""
    is_later = here.at_seconds is not None and here.at_seconds > span_seconds
    return "open" if recorded.end == "open" and is_later else here.end


def _of_job(recorded: Ending, here: Ending | None, span_seconds: float) -> Iterator[Difference]:
    at = span_seconds if recorded.at_seconds is None else recorded.at_seconds
    end = "nothing of it" if here is None else _end_within(span_seconds, here, recorded)
    name = f"of job {recorded.job_id[:SHORT]}"
    if end != recorded.end:
        yield Difference(at_seconds=at, what=f"the end {name}", recorded=recorded.end, here=end)
    elif here and not _are_alike(recorded.attempts, here.attempts):
        counts = f"{recorded.attempts}", f"{here.attempts}"
        yield Difference(at_seconds=at, what=f"the attempts {name}", recorded=counts[0], here=counts[1])


def _are_alike(recorded: int, here: int) -> bool:
    return abs(recorded - here) <= (0 if recorded <= EXACT_ATTEMPTS else recorded / 10)


def _of_order(recorded: Expected, here: Expected) -> Iterator[Difference]:
    """Compare the order of each account's jobs that ended in both."""
    moments = {it.job_id: it.at_seconds or 0.0 for it in recorded.jobs}
    for account, order in recorded.order.items():
        also = here.order.get(account, ())
        pairs = zip([it for it in order if it in also], [it for it in also if it in order], strict=True)
        for ours, theirs in pairs:
            if ours != theirs:
                yield Difference(
                    at_seconds=moments.get(ours, 0.0),
                    what=f"the next job of {account} to end",
                    recorded=ours[:SHORT],
                    here=theirs[:SHORT],
                )
                break


def _of_alarms(recorded: Expected, here: Expected, span_seconds: float) -> Iterator[Difference]:
    """Compare which alarms were raised in the recorded time: how often one comes and goes is a matter of minutes."""
    raised, also = _raised(recorded, span_seconds), _raised(here, span_seconds)
    for alarm in raised.keys() ^ also.keys():
        words = ("raised", "silent") if alarm in raised else ("silent", "raised")
        at = raised[alarm] if alarm in raised else also[alarm]
        yield Difference(at_seconds=at, what=f"the alarm {alarm}", recorded=words[0], here=words[1])


def _raised(expected: Expected, span_seconds: float) -> dict[str, float]:
    """Return when which alarm was first raised; scaling's own looks back before t0, and tells nobody."""
    raised = (it for it in reversed(expected.alarms) if it.after == "ALARM" and it.at_seconds <= span_seconds)
    return {it.alarm: it.at_seconds for it in raised if not it.alarm.startswith(SCALINGS_OWN)}


def _told(ending: Ending | None) -> dict[str, Any] | None:
    return None if ending is None else {"end": ending.end, "attempts": ending.attempts, "failures": ending.failures}
