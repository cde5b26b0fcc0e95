"""AWS::Events."""

import json

from localprocs.cloudformation.amendment import Amendment
from localprocs.cloudformation.resource_type import Call, Properties


def _update_rule(call: Call) -> Properties:
    events, wanted = call.client("events"), call.properties
    name = call.before["Name"]
    bus = {"EventBusName": wanted["EventBusName"]} if "EventBusName" in wanted else {}
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
    return {"Name": name, "Arn": call.before["Arn"]}


AMENDMENTS = [Amendment("AWS::Events::Rule", _update_rule)]
