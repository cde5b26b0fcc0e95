"""AWS::Events."""

import json

from localprocs.cloudformation.amendment import Amendment
from localprocs.cloudformation.resource_type import Call, Properties


def _update_rule(call: Call) -> Properties:
    events, wanted = call.client("events"), call.properties
    name, bus = _where(wanted)
    kept = {key: wanted[key] for key in ("Description", "ScheduleExpression", "State", "RoleArn") if key in wanted}
    if pattern := wanted.get("EventPattern"):
        kept["EventPattern"] = pattern if isinstance(pattern, str) else json.dumps(pattern)
    events.put_rule(Name=name, **kept, **bus)
    targets = wanted.get("Targets", [])
    gone = {each["Id"] for each in call.before.get("Targets", [])} - {each["Id"] for each in targets}
    if gone:
        events.remove_targets(Rule=name, Ids=sorted(gone), **bus)
    if targets:
        events.put_targets(Rule=name, Targets=targets, **bus)
    return {}


def _delete_rule(call: Call) -> None:
    """Remove it from its own bus: LocalStack looks for it on the default one."""
    events = call.client("events")
    name, bus = _where(call.properties)
    if targets := [each["Id"] for each in events.list_targets_by_rule(Rule=name, **bus)["Targets"]]:
        events.remove_targets(Rule=name, Ids=targets, Force=True, **bus)
    events.delete_rule(Name=name, **bus)


def _where(rule: Properties) -> tuple[str, Properties]:
    """Return its name, which the template need not give, and the bus that it is of."""
    return rule["Id"].rpartition("|")[2], {"EventBusName": rule["EventBusName"]} if "EventBusName" in rule else {}


AMENDMENTS = [Amendment("AWS::Events::Rule", _update_rule, delete=_delete_rule)]
