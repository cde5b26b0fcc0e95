"""Application Auto Scaling's API."""

import logging
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from localstack.aws.api import CommonServiceException, RequestContext
from localstack.aws.skeleton import Skeleton
from localstack.aws.spec import load_service
from localstack.services.plugins import Service, ServiceLifecycleHook, aws_provider

from localprocs.alarms.actions import ACTIONS
from localprocs.alarms.pages import page_of
from localprocs.alarms.stores import book_of
from localprocs.autoscaling import scaler
from localprocs.autoscaling.ecs_services import EcsService, NoServiceError
from localprocs.autoscaling.targets import Activity, Policy, Target, TargetKey, Targets, forget_all, targets_of
from localprocs.autoscaling.tracking_alarms import UnknownMetricError, delete_alarms, put_alarms

LOG = logging.getLogger(__name__)

type Request = Mapping[str, Any]
type Response = dict[str, Any]

_DIMENSION = "ecs:service:DesiredCount"
_CONFIGURATIONS = {
    "TargetTrackingScaling": "TargetTrackingScalingPolicyConfiguration",
    "StepScaling": "StepScalingPolicyConfiguration",
}


def register_scalable_target(context: RequestContext, request: Request) -> Response:
    """Register an ECS service, or change its bounds or what is suspended."""
    key = _key(request)
    if key.namespace != "ecs" or key.dimension != _DIMENSION:
        raise _refused(f"Only {_DIMENSION} is emulated, not {key.dimension}")
    targets = _targets(context)
    try:
        EcsService(targets.account, targets.region, key.resource_id).capacity()
    except NoServiceError as error:
        raise _refused(str(error)) from None
    with targets.lock:
        target = targets.targets.get(key)
        if target is None:
            if request.get("MinCapacity") is None or request.get("MaxCapacity") is None:
                raise _refused("MinCapacity and MaxCapacity are required for a new scalable target")
            target = _new_target(targets, key, request)
        low, high = request.get("MinCapacity", target.minimum), request.get("MaxCapacity", target.maximum)
        if low > high:
            raise _refused(f"Maximum capacity cannot be less than minimum capacity: {high} < {low}")
        target.minimum, target.maximum = int(low), int(high)
        target.suspended |= request.get("SuspendedState") or {}
        targets.targets[key] = target
    scaler.keep_within_bounds(targets, target)
    return {"ScalableTargetARN": target.arn}


def deregister_scalable_target(context: RequestContext, request: Request) -> Response:
    """Forget a target, its policies and their alarms."""
    targets, key = _targets(context), _key(request)
    with targets.lock:
        target = _target(targets, key)
        for policy in target.policies.values():
            delete_alarms(book_of(targets.account, targets.region), policy)
        del targets.targets[key]
    return {}


def describe_scalable_targets(context: RequestContext, request: Request) -> Response:
    """Return targets."""
    ids = request.get("ResourceIds")
    found = [
        {
            "ServiceNamespace": target.key.namespace,
            "ResourceId": target.key.resource_id,
            "ScalableDimension": target.key.dimension,
            "MinCapacity": target.minimum,
            "MaxCapacity": target.maximum,
            "RoleARN": target.role_arn,
            "CreationTime": target.created_at,
            "SuspendedState": {
                name: target.suspended.get(name, False)
                for name in ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended")
            },
            "ScalableTargetARN": target.arn,
        }
        for target in _targets(context).targets.values()
        if _is_asked(target.key, request) and (not ids or target.key.resource_id in ids)
    ]
    page, token = page_of(found, request.get("NextToken"), request.get("MaxResults") or 50)
    return {"ScalableTargets": page, "NextToken": token}


def put_scaling_policy(context: RequestContext, request: Request) -> Response:
    """Make a policy, or change one; target tracking makes its own alarms."""
    targets, key = _targets(context), _key(request)
    with targets.lock:
        target = _target(targets, key)
        old = target.policies.get(request["PolicyName"])
        kind = request.get("PolicyType") or (old.kind if old else "StepScaling")
        configuration = request.get(_CONFIGURATIONS.get(kind, ""))
        if not configuration:
            raise _refused(f"The configuration of a policy of the type {kind} is missing or not emulated")
        policy = old or Policy(
            key, request["PolicyName"], _policy_arn(targets, key, request["PolicyName"]), time.time(), kind, {}
        )
        policy.kind, policy.configuration = kind, dict(configuration)
        if kind == "TargetTrackingScaling":
            _check_tracking(configuration)
            try:
                put_alarms(book_of(targets.account, targets.region), policy)
            except UnknownMetricError as error:
                raise _refused(str(error)) from None
        target.policies[policy.name] = policy
    return {"PolicyARN": policy.arn, "Alarms": _alarms(targets, policy)}


def delete_scaling_policy(context: RequestContext, request: Request) -> Response:
    """Forget a policy and its alarms."""
    targets, key = _targets(context), _key(request)
    with targets.lock:
        target = targets.targets.get(key)
        policy = target.policies.pop(request["PolicyName"], None) if target else None
        if policy is None:
            raise _missing(f"No scaling policy found for {key}, policy name: {request['PolicyName']}")
        delete_alarms(book_of(targets.account, targets.region), policy)
    return {}


def describe_scaling_policies(context: RequestContext, request: Request) -> Response:
    """Return policies."""
    targets, names = _targets(context), request.get("PolicyNames")
    found = [
        {
            "PolicyARN": policy.arn,
            "PolicyName": policy.name,
            "ServiceNamespace": policy.key.namespace,
            "ResourceId": policy.key.resource_id,
            "ScalableDimension": policy.key.dimension,
            "PolicyType": policy.kind,
            _CONFIGURATIONS[policy.kind]: policy.configuration,
            "Alarms": _alarms(targets, policy),
            "CreationTime": policy.created_at,
        }
        for policy in targets.policies()
        if _is_asked(policy.key, request) and (not names or policy.name in names)
    ]
    page, token = page_of(found, request.get("NextToken"), request.get("MaxResults") or 10)
    return {"ScalingPolicies": page, "NextToken": token}


def describe_scaling_activities(context: RequestContext, request: Request) -> Response:
    """Return activities, the newest first; those that did not scale only when asked for."""
    targets = _targets(context)
    scaler.refresh(targets)
    found = [
        _told(activity)
        for activity in reversed(targets.activities)
        if _is_asked(activity.key, request)
        and (activity.not_scaled is None or request.get("IncludeNotScaledActivities"))
    ]
    page, token = page_of(found, request.get("NextToken"), request.get("MaxResults") or 50)
    return {"ScalingActivities": page, "NextToken": token}


def list_tags_for_resource(context: RequestContext, request: Request) -> Response:
    """Return a target's tags."""
    return {"Tags": _targets(context).tags.get(request["ResourceARN"], {})}


def tag_resource(context: RequestContext, request: Request) -> Response:
    """Tag a target."""
    _targets(context).tags.setdefault(request["ResourceARN"], {}).update(request["Tags"])
    return {}


def untag_resource(context: RequestContext, request: Request) -> Response:
    """Take tags from a target."""
    tags = _targets(context).tags.get(request["ResourceARN"], {})
    for key in request["TagKeys"]:
        tags.pop(key, None)
    return {}


def _targets(context: RequestContext) -> Targets:
    return targets_of(context.account_id, context.region)


def _key(request: Request) -> TargetKey:
    return TargetKey(request["ServiceNamespace"], request["ResourceId"], request["ScalableDimension"])


def _target(targets: Targets, key: TargetKey) -> Target:
    if key not in targets.targets:
        raise _missing(f"No scalable target registered for {key}")
    return targets.targets[key]


def _new_target(targets: Targets, key: TargetKey, request: Request) -> Target:
    place = f"{targets.region}:{targets.account}"
    arn = f"arn:aws:application-autoscaling:{place}:scalable-target/{uuid.uuid4().hex}"
    role = request.get("RoleARN") or (
        f"arn:aws:iam::{targets.account}:role/aws-service-role/ecs.application-autoscaling.amazonaws.com/"
        "AWSServiceRoleForApplicationAutoScaling_ECSService"
    )
    targets.tags[arn] = dict(request.get("Tags") or {})
    return Target(key, arn, time.time(), int(request["MinCapacity"]), int(request["MaxCapacity"]), role)


def _policy_arn(targets: Targets, key: TargetKey, name: str) -> str:
    return (
        f"arn:aws:autoscaling:{targets.region}:{targets.account}:scalingPolicy:{uuid.uuid4()}:"
        f"resource/{key.namespace}/{key.resource_id}:policyName/{name}"
    )


def _check_tracking(configuration: Request) -> None:
    given = [
        key for key in ("PredefinedMetricSpecification", "CustomizedMetricSpecification") if configuration.get(key)
    ]
    if len(given) != 1:
        raise _refused("Exactly one of a predefined and a customized metric specification must be given")
    if float(configuration["TargetValue"]) <= 0:
        raise _refused("The target value must be greater than 0")


def _alarms(targets: Targets, policy: Policy) -> list[dict[str, str]]:
    book = book_of(targets.account, targets.region)
    own = list(policy.alarm_names.values())
    if policy.kind == "StepScaling":
        with book.lock:
            own = [name for name, alarm in book.alarms.items() if policy.arn in alarm["AlarmActions"]]
    return [{"AlarmName": name, "AlarmARN": book.arn_of(name)} for name in own]


def _is_asked(key: TargetKey, request: Request) -> bool:
    return (
        key.namespace == request["ServiceNamespace"]
        and request.get("ResourceId") in (None, key.resource_id)
        and request.get("ScalableDimension") in (None, key.dimension)
    )


def _told(activity: Activity) -> Response:
    told: Response = {
        "ActivityId": activity.activity_id,
        "ServiceNamespace": activity.key.namespace,
        "ResourceId": activity.key.resource_id,
        "ScalableDimension": activity.key.dimension,
        "Description": activity.description,
        "Cause": activity.cause,
        "StartTime": activity.started_at,
        "StatusCode": activity.status,
    }
    if activity.ended_at is not None:
        told["EndTime"] = activity.ended_at
    if activity.message:
        told["StatusMessage"] = activity.message
    if activity.not_scaled is not None:
        told["NotScaledReasons"] = [activity.not_scaled]
    return told


def _refused(message: str) -> CommonServiceException:
    return CommonServiceException("ValidationException", message, 400, sender_fault=True)


def _missing(message: str) -> CommonServiceException:
    return CommonServiceException("ObjectNotFoundException", message, 400, sender_fault=True)


class _Lifecycle(ServiceLifecycleHook):
    def on_before_state_reset(self) -> None:
        forget_all()


_OPERATIONS: dict[str, Callable[[RequestContext, Request], Response]] = {
    "RegisterScalableTarget": register_scalable_target,
    "DeregisterScalableTarget": deregister_scalable_target,
    "DescribeScalableTargets": describe_scalable_targets,
    "PutScalingPolicy": put_scaling_policy,
    "DeleteScalingPolicy": delete_scaling_policy,
    "DescribeScalingPolicies": describe_scaling_policies,
    "DescribeScalingActivities": describe_scaling_activities,
    "ListTagsForResource": list_tags_for_resource,
    "TagResource": tag_resource,
    "UntagResource": untag_resource,
}


@aws_provider(api="application-autoscaling")
def application_autoscaling() -> Service:
    """Make the service; alarms' calls reach policies from now on."""
    ACTIONS.scaler = scaler.scale
    skeleton = Skeleton(load_service("application-autoscaling"), dict(_OPERATIONS))
    return Service("application-autoscaling", skeleton=skeleton, lifecycle_hook=_Lifecycle())
