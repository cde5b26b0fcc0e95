"""How many tasks the scraper runs: target tracking on the workflows queue, the plan's way or by backlog a task."""

from aws_cdk import aws_applicationautoscaling as autoscaling
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from infra_cdk import metrics
from infra_cdk.growth import LEAST_TASKS

MIN_TASKS = 1
MAX_TASKS = LEAST_TASKS
"""Where the accounts share one limit."""
TARGET_MESSAGES = 100
SCALE_IN_COOLDOWN_SECONDS = 300
SCALE_OUT_COOLDOWN_SECONDS = 60

_Policy = autoscaling.CfnScalingPolicy


class Scaling(Construct):
    """One scalable target with one target-tracking policy."""

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        cluster_name: str,
        service_name: str,
        queue_name: str,
        mode: str,
        max_tasks: int,
    ) -> None:
        """Track the target by the mode, ``queue_depth`` or ``backlog_per_task``, with at most so many tasks."""
        super().__init__(scope, name)
        target = autoscaling.CfnScalableTarget(
            self,
            "Tasks",
            service_namespace="ecs",
            scalable_dimension="ecs:service:DesiredCount",
            resource_id=f"service/{cluster_name}/{service_name}",
            min_capacity=MIN_TASKS,
            max_capacity=max_tasks,
        )
        depth = metrics.queue(queue_name, "ApproximateNumberOfMessagesVisible", "Average")
        specification = _by_depth(depth) if mode == "queue_depth" else _by_backlog(depth)
        _Policy(
            self,
            "Policy",
            policy_name=f"huntaze-onlyfans-scraper-{mode.replace('_', '-')}",
            policy_type="TargetTrackingScaling",
            scaling_target_id=target.ref,
            target_tracking_scaling_policy_configuration=_Policy.TargetTrackingScalingPolicyConfigurationProperty(
                target_value=TARGET_MESSAGES,
                scale_in_cooldown=SCALE_IN_COOLDOWN_SECONDS,
                scale_out_cooldown=SCALE_OUT_COOLDOWN_SECONDS,
                customized_metric_specification=specification,
            ),
        )


def _by_depth(depth: cloudwatch.Metric) -> _Policy.CustomizedMetricSpecificationProperty:
    return _Policy.CustomizedMetricSpecificationProperty(
        namespace=depth.namespace,
        metric_name=depth.metric_name,
        statistic="Average",
        dimensions=[
            _Policy.MetricDimensionProperty(name=name, value=str(value))
            for name, value in (depth.dimensions or {}).items()
        ],
    )


def _by_backlog(depth: cloudwatch.Metric) -> _Policy.CustomizedMetricSpecificationProperty:
    wanted = metrics.tasks("DesiredTaskCount")
    return _Policy.CustomizedMetricSpecificationProperty(
        metrics=[
            _query("depth", depth),
            _query("wanted", wanted),
            _Policy.TargetTrackingMetricDataQueryProperty(
                id="backlog",
                label="messages a task",
                expression="IF(wanted > 0, depth / wanted, depth)",
                return_data=True,
            ),
        ]
    )


def _query(name: str, metric: cloudwatch.Metric) -> _Policy.TargetTrackingMetricDataQueryProperty:
    return _Policy.TargetTrackingMetricDataQueryProperty(
        id=name,
        return_data=False,
        metric_stat=_Policy.TargetTrackingMetricStatProperty(
            stat="Average",
            metric=_Policy.TargetTrackingMetricProperty(
                namespace=metric.namespace,
                metric_name=metric.metric_name,
                dimensions=[
                    _Policy.TargetTrackingMetricDimensionProperty(name=key, value=str(value))
                    for key, value in (metric.dimensions or {}).items()
                ],
            ),
        ),
    )
