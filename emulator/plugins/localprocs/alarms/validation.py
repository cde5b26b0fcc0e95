"""What PutMetricAlarm, PutCompositeAlarm and PutMetricData refuse, with AWS's errors."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from localstack.aws.api import CommonServiceException
from localstack.aws.api.cloudwatch import InvalidParameterCombinationException, InvalidParameterValueException

from localprocs.alarms.configuration import queries_of, watched_id
from localprocs.alarms.expressions import ExpressionError
from localprocs.alarms.metric_math import Series
from localprocs.alarms.metrics import MetricStore
from localprocs.alarms.queries import Queries
from localprocs.alarms.samples import BASIC_STATISTICS, is_statistic
from localprocs.alarms.threshold import COMPARISONS, MissingData, State

_DAY = 24 * 3600
_HIGH_RESOLUTION = (10, 20, 30)


class ValidationException(CommonServiceException):
    """AWS's answer to a request that it cannot accept; LocalStack tells clients of JSON and CBOR the class's name."""

    def __init__(self, message: str) -> None:
        """Name it as clients of the query protocol know it."""
        super().__init__("ValidationError", message, 400, sender_fault=True)


def refused(message: str) -> CommonServiceException:
    """Make the error that AWS answers a request with that it cannot accept."""
    return ValidationException(message)


def check_metric_alarm(request: Mapping[str, Any]) -> None:
    """Refuse an alarm that AWS would refuse, or that is not emulated."""
    if request["ComparisonOperator"] not in COMPARISONS:
        raise refused(f"The comparison {request['ComparisonOperator']} (anomaly detection) is not emulated")
    if request.get("Threshold") is None:
        raise refused("The parameter Threshold is required")
    treated = request.get("TreatMissingData") or MissingData.MISSING
    if treated not in list(MissingData):
        message = (
            f"The value {treated} is not supported for TreatMissingData parameter. "
            "Supported values are [breaching, notBreaching, ignore, missing]."
        )
        raise refused(message)
    low = request.get("EvaluateLowSampleCountPercentile")
    if low and low not in ("evaluate", "ignore"):
        message = (
            f"Option {low} is not supported. Supported options for parameter "
            "EvaluateLowSampleCountPercentile are evaluate and ignore."
        )
        raise refused(message)
    if (request.get("DatapointsToAlarm") or 0) > request["EvaluationPeriods"]:
        raise refused("DatapointsToAlarm must be less than or equal to EvaluationPeriods")
    if request.get("Metrics"):
        _check_queries(request)
    else:
        _check_single_metric(request)


def check_state(state: str) -> State:
    """Return the state, or refuse what is none."""
    if state not in list(State):
        message = (
            f"1 validation error detected: Value '{state}' at 'stateValue' failed to satisfy constraint: "
            "Member must satisfy enum value set: [INSUFFICIENT_DATA, ALARM, OK]"
        )
        raise refused(message)
    return State(state)


def check_metric_data(data: Sequence[Mapping[str, Any]]) -> None:
    """Refuse metric data that AWS would refuse."""
    for place, datum in enumerate(data, start=1):
        here = f"MetricData.member.{place}"
        # Values beside StatisticValues AWS takes, for whatever reason.
        beside = [key for key in ("Values", "StatisticValues") if datum.get(key) is not None]
        if datum.get("Value") is not None and beside:
            message = f"The parameters {here}.Value and {here}.{beside[0]} are mutually exclusive and you have specified both."
            raise InvalidParameterCombinationException(message)
        if any(not math.isfinite(value) for value in (datum.get("Value") or 0.0, *(datum.get("Values") or []))):
            raise InvalidParameterValueException(f"The value NaN or Infinity for parameter {here}.Value is invalid.")
        counts = datum.get("Counts")
        if counts and len(counts) != len(datum.get("Values") or []):
            raise InvalidParameterValueException(
                f"The parameters {here}.Values and {here}.Counts must be of the same size."
            )


def _check_single_metric(request: Mapping[str, Any]) -> None:
    statistic, extended = request.get("Statistic"), request.get("ExtendedStatistic")
    if bool(statistic) == bool(extended):
        raise InvalidParameterCombinationException(
            "Exactly one of the parameters Statistic and ExtendedStatistic must be given"
        )
    if statistic and statistic not in BASIC_STATISTICS:
        message = (
            f"Value '{statistic}' at 'statistic' failed to satisfy constraint: "
            "Member must satisfy enum value set: [Maximum, SampleCount, Sum, Minimum, Average]"
        )
        raise refused(message)
    if extended and (extended in BASIC_STATISTICS or not is_statistic(extended)):
        raise InvalidParameterValueException(f"The value {extended} for parameter ExtendedStatistic is not supported.")
    for name in ("MetricName", "Namespace", "Period"):
        if not request.get(name):
            raise refused(f"The parameter {name} is required")
    _check_period(request["Period"], request["EvaluationPeriods"])


def _check_queries(request: Mapping[str, Any]) -> None:
    queries = queries_of(request)
    if sum(bool(query.get("ReturnData", True)) for query in queries) != 1:
        raise refused("Exactly one element of the metrics list should return data.")
    periods = {query["MetricStat"]["Period"] for query in queries if "MetricStat" in query}
    if len(periods) > 1:
        raise refused("Metrics list must contain metrics of one period only")
    for period in periods:
        _check_period(period, request["EvaluationPeriods"])
    try:
        watched = Queries(MetricStore(), queries, 0, 3600).value(watched_id(request))
    except KeyError as error:
        raise refused(f"Unknown Id {error}") from None
    except ExpressionError as error:
        raise refused(str(error)) from None
    if not isinstance(watched, Series):
        raise refused("The expression of an alarm must return a single time series")


def _check_period(period: int, evaluation_periods: int) -> None:
    if period not in _HIGH_RESOLUTION and period % 60:
        raise refused("Period must be 10, 20, 30 or a multiple of 60")
    if period * evaluation_periods > _DAY:
        raise refused("Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= 86400).")
