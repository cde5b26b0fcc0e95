"""Reads policies as the API has them."""

from localprocs.autoscaling.decisions import Step, Stepping, Tracking
from localprocs.autoscaling.targets import Policy

DEFAULT_COOLDOWN_SECONDS = 300
"""Of ECS services, for either direction and for step scaling."""


def tracking(policy: Policy) -> Tracking:
    """Return a target tracking policy's terms."""
    configuration = policy.configuration
    return Tracking(
        target=float(configuration["TargetValue"]),
        scale_out_cooldown=_seconds(configuration.get("ScaleOutCooldown")),
        scale_in_cooldown=_seconds(configuration.get("ScaleInCooldown")),
        is_scale_in_disabled=bool(configuration.get("DisableScaleIn")),
    )


def stepping(policy: Policy) -> Stepping:
    """Return a step scaling policy's terms."""
    configuration = policy.configuration
    return Stepping(
        adjustment_type=configuration["AdjustmentType"],
        steps=[
            Step(
                int(each["ScalingAdjustment"]),
                each.get("MetricIntervalLowerBound"),
                each.get("MetricIntervalUpperBound"),
            )
            for each in configuration.get("StepAdjustments") or []
        ],
        cooldown=_seconds(configuration.get("Cooldown")),
        minimum_magnitude=int(configuration.get("MinAdjustmentMagnitude") or 0),
    )


def _seconds(given: float | None) -> float:
    return float(DEFAULT_COOLDOWN_SECONDS if given is None else given)
