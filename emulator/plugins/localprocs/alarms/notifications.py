"""The messages that an alarm sends when it changes its state."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from localprocs.alarms.configuration import Alarm, is_composite, period_of, queries_of
from localprocs.alarms.reasons import iso_millis

REGIONS = {
    "us-east-1": "US East (N. Virginia)",
    "us-east-2": "US East (Ohio)",
    "us-west-1": "US West (N. California)",
    "us-west-2": "US West (Oregon)",
    "ca-central-1": "Canada (Central)",
    "eu-central-1": "EU (Frankfurt)",
    "eu-west-1": "EU (Ireland)",
    "eu-west-2": "EU (London)",
    "eu-west-3": "EU (Paris)",
    "eu-north-1": "EU (Stockholm)",
    "eu-south-1": "EU (Milan)",
    "ap-northeast-1": "Asia Pacific (Tokyo)",
    "ap-northeast-2": "Asia Pacific (Seoul)",
    "ap-south-1": "Asia Pacific (Mumbai)",
    "ap-southeast-1": "Asia Pacific (Singapore)",
    "ap-southeast-2": "Asia Pacific (Sydney)",
    "sa-east-1": "South America (Sao Paulo)",
}


def subject(alarm: Alarm, region: str) -> str:
    """Return the notification's subject, cut to what SNS takes."""
    return f'{alarm["StateValue"]}: "{alarm["AlarmName"]}" in {REGIONS.get(region, region)}'[:100]


def sns_message(alarm: Alarm, old_state: str, account: str, region: str, children: Sequence[Alarm] = ()) -> str:
    """Return the JSON that AWS publishes to an alarm's topic."""
    message: dict[str, Any] = {
        "AlarmName": alarm["AlarmName"],
        "AlarmDescription": alarm.get("AlarmDescription"),
        "AWSAccountId": account,
        "AlarmConfigurationUpdatedTimestamp": _iso(alarm["AlarmConfigurationUpdatedTimestamp"]),
        "NewStateValue": alarm["StateValue"],
        "NewStateReason": alarm["StateReason"],
        "StateChangeTime": _iso(alarm["StateUpdatedTimestamp"]),
        "Region": REGIONS.get(region, region),
        "AlarmArn": alarm["AlarmArn"],
        "OldStateValue": old_state,
        "OKActions": alarm["OKActions"],
        "AlarmActions": alarm["AlarmActions"],
        "InsufficientDataActions": alarm["InsufficientDataActions"],
    }
    if is_composite(alarm):
        message["AlarmRule"] = alarm["AlarmRule"]
        message["TriggeringChildren"] = [
            {
                "Arn": child["AlarmArn"],
                "State": {"Value": child["StateValue"], "Timestamp": _iso(child["StateUpdatedTimestamp"])},
            }
            for child in children
        ]
    else:
        message["Trigger"] = _trigger(alarm)
    return json.dumps(message)


def event_detail(alarm: Alarm, previous: Mapping[str, Any]) -> dict[str, Any]:
    """Return the detail of the event "CloudWatch Alarm State Change"; Lambda actions get it as alarmData."""
    detail: dict[str, Any] = {
        "alarmName": alarm["AlarmName"],
        "state": _state(alarm),
        "previousState": _state(previous),
        "configuration": {"description": alarm.get("AlarmDescription") or ""},
    }
    if is_composite(alarm):
        detail["configuration"]["alarmRule"] = alarm["AlarmRule"]
    else:
        detail["configuration"]["metrics"] = [_event_query(query) for query in queries_of(alarm)]
    return detail


def lambda_payload(alarm: Alarm, previous: Mapping[str, Any], account: str, region: str) -> str:
    """Return the event that a Lambda action is invoked with."""
    return json.dumps(
        {
            "source": "aws.cloudwatch",
            "alarmArn": alarm["AlarmArn"],
            "accountId": account,
            "time": _iso(alarm["StateUpdatedTimestamp"]),
            "region": region,
            "alarmData": event_detail(alarm, previous),
        }
    )


def _trigger(alarm: Alarm) -> dict[str, Any]:
    trigger: dict[str, Any] = {}
    if not alarm.get("Metrics"):
        trigger = {"MetricName": alarm["MetricName"], "Namespace": alarm["Namespace"]}
        if alarm.get("Statistic"):
            trigger |= {"StatisticType": "Statistic", "Statistic": _upper(alarm["Statistic"])}
        else:
            trigger |= {"StatisticType": "ExtendedStatistic", "ExtendedStatistic": alarm["ExtendedStatistic"]}
        trigger |= {"Unit": alarm.get("Unit"), "Dimensions": _dimensions(alarm)}
    trigger |= {
        "Period": period_of(alarm),
        "EvaluationPeriods": alarm["EvaluationPeriods"],
        **({"DatapointsToAlarm": alarm["DatapointsToAlarm"]} if alarm.get("DatapointsToAlarm") else {}),
        "ComparisonOperator": alarm["ComparisonOperator"],
        "Threshold": float(alarm["Threshold"]),
        "TreatMissingData": alarm.get("TreatMissingData") or "missing",
        "EvaluateLowSampleCountPercentile": alarm.get("EvaluateLowSampleCountPercentile") or "",
    }
    if alarm.get("Metrics"):
        trigger["Metrics"] = [_sns_query(query) for query in queries_of(alarm)]
    return trigger


def _sns_query(query: Mapping[str, Any]) -> dict[str, Any]:
    told = {key: value for key, value in query.items() if key != "MetricStat"}
    if stat := query.get("MetricStat"):
        metric = stat["Metric"]
        told["MetricStat"] = {
            "Metric": {
                "Dimensions": _dimensions(metric),
                "MetricName": metric["MetricName"],
                "Namespace": metric["Namespace"],
            },
            "Period": stat["Period"],
            "Stat": stat["Stat"],
        }
    return {**told, "ReturnData": bool(query.get("ReturnData", True))}


def _event_query(query: Mapping[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {"id": query["Id"], "returnData": bool(query.get("ReturnData", True))}
    if stat := query.get("MetricStat"):
        metric = stat["Metric"]
        told["metricStat"] = {
            "metric": {
                "namespace": metric["Namespace"],
                "name": metric["MetricName"],
                "dimensions": {each["Name"]: each["Value"] for each in metric.get("Dimensions") or []},
            },
            "period": stat["Period"],
            "stat": stat["Stat"],
        }
    else:
        told |= {"expression": query.get("Expression"), "label": query.get("Label") or query["Id"]}
    return told


def _state(alarm: Mapping[str, Any]) -> dict[str, Any]:
    state = {
        "value": alarm["StateValue"],
        "reason": alarm["StateReason"],
        "timestamp": _iso(alarm["StateUpdatedTimestamp"]),
    }
    return state | ({"reasonData": alarm["StateReasonData"]} if alarm.get("StateReasonData") else {})


def _dimensions(holder: Mapping[str, Any]) -> list[dict[str, str]]:
    return [{"value": each["Value"], "name": each["Name"]} for each in holder.get("Dimensions") or []]


def _upper(statistic: str) -> str:
    return "SAMPLE_COUNT" if statistic == "SampleCount" else statistic.upper()


def _iso(moment: datetime) -> str:
    return iso_millis(moment.timestamp())
