"""Why an alarm changed its state, in the words and the JSON that AWS uses."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime

from localprocs.alarms.threshold import MissingData, State, Threshold, Verdict

_PHRASES = {
    "GreaterThanThreshold": "greater than the threshold",
    "GreaterThanOrEqualToThreshold": "greater than or equal to the threshold",
    "LessThanThreshold": "less than the threshold",
    "LessThanOrEqualToThreshold": "less than or equal to the threshold",
}
_TREATED_AS = {MissingData.BREACHING: "Breaching", MissingData.NOT_BREACHING: "NonBreaching"}


def java_double(value: float) -> str:
    """Write a number as AWS's services do: 5.0, 0.25, 1.2E7."""
    if value and not 1e-3 <= abs(value) < 1e7:  # noqa: PLR2004 - where Java's Double.toString turns to exponents
        mantissa, exponent = f"{value:E}".split("E")
        digits = repr(value / 10.0 ** int(exponent)) if abs(int(exponent)) < 300 else mantissa  # noqa: PLR2004
        return f"{float(digits)!r}E{int(exponent)}"
    return repr(float(value))


def iso_millis(time: float) -> str:
    """Write a time as alarms' JSON has it: 2025-11-24T07:56:00.000+0000."""
    moment = datetime.fromtimestamp(time, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}+0000"


def spoken_time(time: float) -> str:
    """Write a time as composite alarms' reasons have it: Monday 24 November, 2025 07:56:00 UTC."""
    return f"{datetime.fromtimestamp(time, UTC):%A %d %B, %Y %H:%M:%S} UTC"


def state_reason(
    threshold: Threshold, verdict: Verdict, points: Sequence[float | None], times: Sequence[int], old: State
) -> str:
    """Say why the alarm went from the old state to the verdict's."""
    if verdict.state is State.INSUFFICIENT_DATA:
        return f"Insufficient Data: {_counted(verdict.filled, 'datapoint')} {_be(verdict.filled)} unknown."
    periods = threshold.evaluation_periods
    is_alarm = verdict.state is State.ALARM
    weighed = [place for place in verdict.evaluated if threshold.is_breached_by(points[place] or 0.0) is is_alarm]
    if not weighed:
        treated = _TREATED_AS.get(threshold.missing_data, threshold.missing_data.capitalize())
        return (
            f"Threshold Crossed: {_received(verdict)} received for {_counted(periods, 'period')} and "
            f"{_counted(verdict.filled, 'missing datapoint')} {_be(verdict.filled)} treated as [{treated}]."
        )
    shown = ", ".join(
        f"{java_double(points[place] or 0.0)} ({datetime.fromtimestamp(times[place], UTC):%d/%m/%y %H:%M:%S})"
        for place in weighed
    )
    needed = threshold.datapoints_to_alarm if is_alarm else periods - threshold.datapoints_to_alarm + 1
    verb = _be(len(weighed)) + ("" if is_alarm else " not")
    other = State.OK if is_alarm else State.ALARM
    before = old if old in (State.OK, State.ALARM) and old is not verdict.state else other
    return (
        f"Threshold Crossed: {len(weighed)} out of the last {periods} datapoints [{shown}] {verb} "
        f"{_PHRASES[threshold.comparison]} ({java_double(threshold.limit)}) "
        f"(minimum {_counted(needed, 'datapoint')} for {before} -> {verdict.state} transition)."
    )


def state_reason_data(
    threshold: Threshold,
    verdict: Verdict,
    points: Sequence[float | None],
    times: Sequence[int],
    samples: Sequence[float | None],
    *,
    now: float,
    period: int,
    statistic: str | None,
    unit: str | None,
) -> str:
    """Return the machine-readable reason.

    samples: how many samples stand behind each data point, where it is a metric's own statistic.
    """
    data: dict[str, object] = {"version": "1.0", "queryDate": iso_millis(now)}
    if verdict.evaluated:
        data["startDate"] = iso_millis(times[verdict.evaluated[-1]])
    if statistic:
        data["statistic"] = statistic
    if unit:
        data["unit"] = unit
    data["period"] = period
    data["recentDatapoints"] = [points[place] for place in reversed(verdict.evaluated)]
    data["threshold"] = threshold.limit
    data["evaluatedDatapoints"] = [
        {"timestamp": iso_millis(times[place])}
        | ({} if samples[place] is None else {"sampleCount": samples[place]})
        | {"value": points[place]}
        for place in verdict.evaluated
    ]
    return json.dumps(data, separators=(",", ":"))


def _received(verdict: Verdict) -> str:
    if not verdict.evaluated:
        return "no datapoints were"
    return f"{_counted(len(verdict.evaluated), 'datapoint')} {_be(len(verdict.evaluated))}"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _be(number: int) -> str:
    return "was" if number == 1 else "were"
