"""CloudWatch's API over our metrics and alarms; LocalStack's own provider keeps dashboards and tags."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from localstack.aws.api import RequestContext
from localstack.aws.api.cloudwatch import (
    InvalidParameterCombinationException,
    InvalidParameterValueException,
    ResourceNotFound,
)
from localstack.aws.skeleton import Skeleton, create_dispatch_table
from localstack.aws.spec import load_service
from localstack.services.cloudwatch.provider_v2 import CloudwatchProvider
from localstack.services.plugins import Service, ServiceLifecycleHook, aws_provider

from localprocs.alarms import composite, data_queries
from localprocs.alarms.book import AlarmBook
from localprocs.alarms.configuration import Alarm, described, is_composite, queries_of
from localprocs.alarms.metrics import MINUTE, Metric
from localprocs.alarms.pages import page_of
from localprocs.alarms.samples import BASIC_STATISTICS, is_statistic
from localprocs.alarms.stores import book_of, forget_all, metrics_of
from localprocs.alarms.validation import check_metric_alarm, check_metric_data, check_state, refused

type Request = Mapping[str, Any]
type Response = dict[str, Any]

_MAX_DATAPOINTS = 1440
_ALARMS_A_PAGE = 50
_METRICS_A_PAGE = 500


def put_metric_data(context: RequestContext, request: Request) -> None:
    """Add samples."""
    entities = [each.get("MetricData") or [] for each in request.get("EntityMetricData") or []]
    data = [*(request.get("MetricData") or []), *(datum for each in entities for datum in each)]
    check_metric_data(data)
    store = metrics_of(context.account_id, context.region)
    for datum in data:
        metric = Metric.of(request["Namespace"], datum["MetricName"], datum.get("Dimensions"))
        at = datum["Timestamp"].timestamp() if datum.get("Timestamp") else time.time()
        unit, resolution = datum.get("Unit") or "None", datum.get("StorageResolution") or MINUTE
        if figures := datum.get("StatisticValues"):
            store.add_set(metric, at, figures, unit, resolution)
        elif values := datum.get("Values"):
            for value, times in zip(values, datum.get("Counts") or [1.0] * len(values), strict=True):
                store.add(metric, at, float(value), unit, float(times), resolution)
        elif (value := datum.get("Value")) is not None:
            store.add(metric, at, float(value), unit, resolution=resolution)


def get_metric_data(context: RequestContext, request: Request) -> Response:
    """Return series of metrics and expressions."""
    return data_queries.answer(metrics_of(context.account_id, context.region), request)


def get_metric_statistics(context: RequestContext, request: Request) -> Response:
    """Return one metric's statistics by period."""
    start, end, period = _seconds(request["StartTime"]), _seconds(request["EndTime"]), request["Period"]
    if start >= end:
        message = "The parameter StartTime must be less than the parameter EndTime."
        raise InvalidParameterValueException(message)
    if (end - start) / period > _MAX_DATAPOINTS:
        message = (
            f"You have requested up to {(end - start) // period} datapoints, which exceeds the limit of "
            f"{_MAX_DATAPOINTS}. You may reduce the datapoints requested by increasing Period, or decreasing the "
            "time range."
        )
        raise InvalidParameterCombinationException(message)
    wanted = list(request.get("Statistics") or [])
    extended = list(request.get("ExtendedStatistics") or [])
    if bad := [name for name in (*wanted, *extended) if not is_statistic(name)]:
        message = f"The value {bad[0]} for parameter Statistics is not supported."
        raise InvalidParameterValueException(message)
    start = start // min(period, MINUTE) * min(period, MINUTE)
    store = metrics_of(context.account_id, context.region)
    metric = Metric.of(request["Namespace"], request["MetricName"], request.get("Dimensions"))
    units = [request["Unit"]] if request.get("Unit") else store.units(metric, start, end)
    points: list[dict[str, Any]] = []
    for unit in units:
        for at, samples in store.samples(metric, period, start, end, unit).items():
            point: dict[str, Any] = {"Timestamp": datetime.fromtimestamp(at, UTC), "Unit": unit}
            point |= {name: samples.statistic(name) for name in wanted if name in BASIC_STATISTICS}
            told = {name: value for name in extended if (value := samples.statistic(name)) is not None}
            points.append(point | ({"ExtendedStatistics": told} if told else {}))
    return {"Label": request["MetricName"], "Datapoints": points}


def list_metrics(context: RequestContext, request: Request) -> Response:
    """Return the metrics that were ever published here."""
    active_since = time.time() - 3 * 3600 if request.get("RecentlyActive") else 0
    found = [
        {
            "Namespace": metric.namespace,
            "MetricName": metric.name,
            "Dimensions": [{"Name": name, "Value": value} for name, value in metric.dimensions],
        }
        for metric, newest in metrics_of(context.account_id, context.region).metrics().items()
        if newest >= active_since and _is_listed(metric, request)
    ]
    page, token = page_of(found, request.get("NextToken"), _METRICS_A_PAGE)
    return {"Metrics": page, "NextToken": token}


def put_metric_alarm(context: RequestContext, request: Request) -> None:
    """Make an alarm, or change one."""
    check_metric_alarm(request)
    _put(context, request)


def put_composite_alarm(context: RequestContext, request: Request) -> None:
    """Make an alarm of alarms, or change one."""
    book = _book(context)
    try:
        names = list(composite.alarms_of(composite.parse(request["AlarmRule"])))
    except composite.RuleError as error:
        raise refused(str(error)) from None
    for name in (*names, *([request["ActionsSuppressor"]] if request.get("ActionsSuppressor") else [])):
        try:
            book.find(name)
        except KeyError:
            message = f"Could not save the composite alarm as alarms [{name}] in the alarm rule do not exist"
            raise refused(message) from None
    _put(context, request)


def describe_alarms(context: RequestContext, request: Request) -> Response:
    """Return the alarms asked for; only metric alarms where no type is named, as on AWS."""
    if request.get("AlarmNames") and request.get("AlarmNamePrefix"):
        message = "AlarmNames and AlarmNamePrefix must not both be given"
        raise refused(message)
    book = _book(context)
    with book.lock:
        found = [described(alarm) for alarm in _related(book, request) if _is_described(alarm, request)]
    types = request.get("AlarmTypes") or ["MetricAlarm"]
    found = [alarm for alarm in found if ("CompositeAlarm" if is_composite(alarm) else "MetricAlarm") in types]
    page, token = page_of(
        sorted(found, key=lambda alarm: str(alarm["AlarmName"])),
        request.get("NextToken"),
        request.get("MaxRecords") or max(_ALARMS_A_PAGE, len(request.get("AlarmNames") or [])),
    )
    return {
        "MetricAlarms": [alarm for alarm in page if not is_composite(alarm)],
        "CompositeAlarms": [alarm for alarm in page if is_composite(alarm)],
        "NextToken": token,
    }


def describe_alarms_for_metric(context: RequestContext, request: Request) -> Response:
    """Return the alarms that watch one metric."""
    metric = Metric.of(request["Namespace"], request["MetricName"], request.get("Dimensions"))
    asked = {key: request[key] for key in ("Statistic", "ExtendedStatistic", "Period", "Unit") if request.get(key)}
    book = _book(context)
    with book.lock:
        watching = [
            described(alarm)
            for alarm in book.alarms.values()
            if not is_composite(alarm)
            and metric in _metrics_of(alarm)
            and all(alarm.get(key) == value for key, value in asked.items())
        ]
    return {"MetricAlarms": watching}


def describe_alarm_history(context: RequestContext, request: Request) -> Response:
    """Return what happened to alarms, the newest first unless asked otherwise."""
    book, types = _book(context), request.get("AlarmTypes") or ["MetricAlarm"]
    if request.get("AlarmName"):
        types = ["MetricAlarm", "CompositeAlarm"]
    with book.lock:
        items = [
            item
            for item in book.history
            if item["AlarmType"] in types
            and request.get("AlarmName") in (None, item["AlarmName"])
            and request.get("HistoryItemType") in (None, item["HistoryItemType"])
            and (not request.get("StartDate") or item["Timestamp"] >= request["StartDate"])
            and (not request.get("EndDate") or item["Timestamp"] <= request["EndDate"])
        ]
    if request.get("ScanBy") != "TimestampAscending":
        items.reverse()
    page, token = page_of(items, request.get("NextToken"), request.get("MaxRecords") or 100)
    return {"AlarmHistoryItems": page, "NextToken": token}


def set_alarm_state(context: RequestContext, request: Request) -> None:
    """Put an alarm in a state until it is next looked at."""
    state = check_state(request["StateValue"])
    try:
        _book(context).set_state(request["AlarmName"], state, request["StateReason"], request.get("StateReasonData"))
    except KeyError:
        raise ResourceNotFound from None


def delete_alarms(context: RequestContext, request: Request) -> None:
    """Forget alarms."""
    for name in request["AlarmNames"]:
        _book(context).delete(name)


def enable_alarm_actions(context: RequestContext, request: Request) -> None:
    """Let alarms act again."""
    _enable(context, request["AlarmNames"], enabled=True)


def disable_alarm_actions(context: RequestContext, request: Request) -> None:
    """Keep alarms from acting; their states still change."""
    _enable(context, request["AlarmNames"], enabled=False)


def _put(context: RequestContext, request: Request) -> None:
    book = _book(context)
    book.put(dict(request))
    if request.get("Tags"):
        store = CloudwatchProvider.get_store(context.account_id, context.region)
        store.TAGS.tag_resource(book.arn_of(request["AlarmName"]), request["Tags"])


def _enable(context: RequestContext, names: Sequence[str], *, enabled: bool) -> None:
    book = _book(context)
    with book.lock:
        for name in names:
            if name in book.alarms:
                book.alarms[name]["ActionsEnabled"] = enabled


def _book(context: RequestContext) -> AlarmBook:
    return book_of(context.account_id, context.region)


def _related(book: AlarmBook, request: Request) -> Iterable[Alarm]:
    if parent := request.get("ChildrenOfAlarmName"):
        rule = composite.parse(book.find(parent)["AlarmRule"])
        return [book.find(name) for name in composite.alarms_of(rule)]
    if child := request.get("ParentsOfAlarmName"):
        return [
            alarm
            for alarm in book.alarms.values()
            if is_composite(alarm)
            and book.find(child)
            in [book.find(name) for name in composite.alarms_of(composite.parse(alarm["AlarmRule"]))]
        ]
    return book.alarms.values()


def _is_described(alarm: Alarm, request: Request) -> bool:
    names, prefix, action = request.get("AlarmNames"), request.get("AlarmNamePrefix"), request.get("ActionPrefix")
    actions = [*alarm["OKActions"], *alarm["AlarmActions"], *alarm["InsufficientDataActions"]]
    return (
        (not names or alarm["AlarmName"] in names)
        and (not prefix or alarm["AlarmName"].startswith(prefix))
        and (not action or any(each.startswith(action) for each in actions))
        and request.get("StateValue") in (None, alarm["StateValue"])
    )


def _metrics_of(alarm: Alarm) -> list[Metric]:
    stats = [query["MetricStat"]["Metric"] for query in queries_of(alarm) if "MetricStat" in query]
    return [Metric.of(each["Namespace"], each["MetricName"], each.get("Dimensions")) for each in stats]


def _is_listed(metric: Metric, request: Request) -> bool:
    wanted = request.get("Dimensions") or []
    return (
        request.get("Namespace") in (None, metric.namespace)
        and request.get("MetricName") in (None, metric.name)
        and all(
            any(name == each["Name"] and each.get("Value") in (None, value) for name, value in metric.dimensions)
            for each in wanted
        )
    )


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


class _Dashboards(CloudwatchProvider):
    """LocalStack's own provider, for the operations that need neither its database nor its alarm scheduler."""

    def __init__(self) -> None:
        pass


class _Lifecycle(ServiceLifecycleHook):
    def on_before_state_reset(self) -> None:
        forget_all()


_OURS: dict[str, Callable[[RequestContext, Request], Response | None]] = {
    "PutMetricData": put_metric_data,
    "GetMetricData": get_metric_data,
    "GetMetricStatistics": get_metric_statistics,
    "ListMetrics": list_metrics,
    "PutMetricAlarm": put_metric_alarm,
    "PutCompositeAlarm": put_composite_alarm,
    "DescribeAlarms": describe_alarms,
    "DescribeAlarmsForMetric": describe_alarms_for_metric,
    "DescribeAlarmHistory": describe_alarm_history,
    "SetAlarmState": set_alarm_state,
    "DeleteAlarms": delete_alarms,
    "EnableAlarmActions": enable_alarm_actions,
    "DisableAlarmActions": disable_alarm_actions,
}
_INHERITED = (
    "PutDashboard",
    "GetDashboard",
    "ListDashboards",
    "DeleteDashboards",
    "TagResource",
    "UntagResource",
    "ListTagsForResource",
)


@aws_provider(api="cloudwatch", name="minutes")
def cloudwatch() -> Service:
    """Make the service; what neither we nor LocalStack can do answers that it is not implemented."""
    inherited = create_dispatch_table(_Dashboards())
    operations = {name: inherited[name] for name in _INHERITED} | _OURS
    return Service("cloudwatch", skeleton=Skeleton(load_service("cloudwatch"), operations), lifecycle_hook=_Lifecycle())
