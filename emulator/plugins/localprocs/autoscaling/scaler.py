"""Carries out what scaling policies decide, and keeps account of it as scaling activities."""

import logging
import time
from typing import Any

from localprocs.alarms.book import AlarmBook, ScalingCall
from localprocs.alarms.evaluation import evaluate
from localprocs.alarms.threshold import State
from localprocs.autoscaling import decisions
from localprocs.autoscaling.decisions import Capacity, Decision, Reason, Scale, Scaling, Stay
from localprocs.autoscaling.ecs_services import EcsService, NoServiceError
from localprocs.autoscaling.policies import stepping, tracking
from localprocs.autoscaling.targets import Activity, Policy, Target, Targets, targets_of

LOG = logging.getLogger(__name__)

_TOLD = (Reason.AT_MAXIMUM, Reason.AT_MINIMUM, Reason.AT_DESIRED, Reason.UNSCALABLE)
"""The reasons that AWS tells as not-scaled activities."""


def scale(book: AlarmBook, call: ScalingCall) -> None:
    """Act on an alarm that calls a policy."""
    targets = targets_of(book.account, book.region)
    arn = call.policy_arn.partition(":createdBy/")[0]
    policy = next((each for each in targets.policies() if each.arn == arn), None)
    if policy is None:
        message = f"No scaling policy {arn}"
        raise LookupError(message)
    target = targets.targets[policy.key]
    service = EcsService(targets.account, targets.region, policy.key.resource_id)
    found = service.capacity()
    capacity = Capacity(found.desired, target.minimum, target.maximum)
    decision = _decide(book, call, target, policy, capacity)
    if isinstance(decision, Scale) and (stop := _stopped(target, capacity, decision, is_deploying=found.is_deploying)):
        decision = stop
    cause = (
        f"monitor alarm {call.alarm['AlarmName']} in state {call.alarm['StateValue']} triggered policy {policy.name}"
    )
    if isinstance(decision, Stay):
        LOG.debug("%s: stays at %d: %s", policy.key.resource_id, capacity.current, decision.reason)
        _note_stay(targets, target, decision, cause, capacity)
        return
    set_capacity(targets, target, decision.to, cause)
    target.remember(Scaling(call.minute, capacity.current, decision.to))


def set_capacity(targets: Targets, target: Target, count: int, cause: str) -> None:
    """Set the capacity and open an activity; a failure is the activity's, not the caller's."""
    refresh(targets)
    activity = Activity(
        target.key,
        description=f"Setting desired count to {count}.",
        cause=cause,
        started_at=time.time(),
        status="InProgress",
        message=f"Successfully set desired count to {count}. Waiting for change to be fulfilled by ecs.",
        wanted=count,
    )
    try:
        EcsService(targets.account, targets.region, target.key.resource_id).set_desired(count)
    except Exception as error:  # noqa: BLE001 - told as the activity's failure
        activity.status, activity.ended_at = "Failed", time.time()
        activity.message = f"Failed to set desired count to {count}. Reason: {error}"
    for earlier in targets.activities:
        if earlier.key == target.key and earlier.status == "InProgress" and activity.status != "Failed":
            earlier.status, earlier.ended_at = "Overridden", time.time()
            earlier.message = (
                f"Successfully set desired count to {earlier.wanted}. Found it was later changed to {count}."
            )
    targets.record(activity)
    LOG.info("%s: %s %s", target.key.resource_id, activity.message, cause)


def refresh(targets: Targets) -> None:
    """Close the activities whose service has come to the number of tasks that was set."""
    for activity in [each for each in targets.activities if each.status == "InProgress"]:
        try:
            found = EcsService(targets.account, targets.region, activity.key.resource_id).capacity()
        except NoServiceError:
            activity.status, activity.ended_at = "Unfulfilled", time.time()
            continue
        if found.desired != activity.wanted:
            activity.status, activity.ended_at = "Overridden", time.time()
            activity.message = (
                f"Successfully set desired count to {activity.wanted}. Found it was later changed to {found.desired}."
            )
        elif found.running == activity.wanted:
            activity.status, activity.ended_at = "Successful", time.time()
            activity.message = (
                f"Successfully set desired count to {activity.wanted}. Change successfully fulfilled by ecs."
            )


def keep_within_bounds(targets: Targets, target: Target) -> None:
    """Bring a service's capacity within bounds that were changed."""
    current = EcsService(targets.account, targets.region, target.key.resource_id).capacity().desired
    wanted = max(target.minimum, min(target.maximum, current))
    if wanted != current:
        bound = "minimum" if wanted > current else "maximum"
        set_capacity(targets, target, wanted, f"{bound} capacity was set to {wanted}")


def _decide(book: AlarmBook, call: ScalingCall, target: Target, policy: Policy, capacity: Capacity) -> Decision:
    if policy.kind == "StepScaling":
        distance = None if call.value is None else call.value - float(call.alarm["Threshold"])
        return decisions.step(stepping(policy), capacity, distance, target.past, call.minute)
    if call.alarm["AlarmName"] != policy.alarm_names.get("Low"):
        return decisions.track_out(tracking(policy), capacity, call.value, target.past, call.minute)
    return _decide_inward(book, call, target, capacity)


def _decide_inward(book: AlarmBook, call: ScalingCall, target: Target, capacity: Capacity) -> Decision:
    """Scale in only when every policy is ready to, and only as far as the most careful one."""
    found: list[Decision] = []
    for policy in target.policies.values():
        if "Low" not in policy.alarm_names:
            continue
        with book.lock:
            alarm = dict(book.find(policy.alarm_names["Low"]))
        if alarm["StateValue"] != State.ALARM:
            return Stay(Reason.OTHERS_NOT_READY)
        value = evaluate(alarm, book.metrics, call.minute, call.minute).value
        found.append(decisions.track_in(tracking(policy), capacity, value, target.past, call.minute))
    stays = [each for each in found if isinstance(each, Stay)]
    return stays[0] if stays else max((each for each in found if isinstance(each, Scale)), key=lambda each: each.to)


def _stopped(target: Target, capacity: Capacity, decision: Scale, *, is_deploying: bool) -> Stay | None:
    if decision.to > capacity.current:
        return Stay(Reason.SUSPENDED) if target.suspended.get("DynamicScalingOutSuspended") else None
    if target.suspended.get("DynamicScalingInSuspended"):
        return Stay(Reason.SUSPENDED)
    return Stay(Reason.UNSCALABLE) if is_deploying else None


def _note_stay(targets: Targets, target: Target, stay: Stay, cause: str, capacity: Capacity) -> None:
    if stay.reason not in _TOLD:
        return
    told: dict[str, Any] = {"Code": stay.reason.value}
    match stay.reason:
        case Reason.AT_MAXIMUM:
            told["MaxCapacity"] = capacity.maximum
        case Reason.AT_MINIMUM:
            told["MinCapacity"] = capacity.minimum
        case Reason.AT_DESIRED:
            told["CurrentCapacity"] = capacity.current
    newest = next((each for each in reversed(targets.activities) if each.key == target.key), None)
    if newest is not None and newest.not_scaled == told and newest.cause == cause:
        return  # the same as a minute ago
    description = "Attempting to scale due to alarm triggered"
    targets.record(Activity(target.key, description, cause, time.time(), "Failed", not_scaled=told))
