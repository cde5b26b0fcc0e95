"""From an alarm's call to a changed service, and the account that is kept of it."""

import pytest
from localprocs.alarms.book import AlarmBook, ScalingCall
from localprocs.alarms.metrics import Metric, MetricStore
from localprocs.autoscaling import scaler
from localprocs.autoscaling.ecs_services import ServiceCapacity
from localprocs.autoscaling.targets import Policy, Target, TargetKey, Targets
from localprocs.autoscaling.tracking_alarms import put_alarms

KEY = TargetKey("ecs", "service/c/s", "ecs:service:DesiredCount")
START = 1_800_000_000 // 60 * 60


class Service:
    """An ECS service that does at once what it is told, unless it is held."""

    def __init__(self):
        self.desired = self.running = 1
        self.is_deploying = self.is_slow = False
        self.failure = None

    def capacity(self):
        """Tell how many tasks there are."""
        return ServiceCapacity(self.desired, self.running, self.is_deploying)

    def set_desired(self, count):
        """Want so many."""
        if self.failure:
            raise RuntimeError(self.failure)
        self.desired = count
        self.running = self.running if self.is_slow else count


class Scene:
    """One service with one policy that keeps a metric at 100."""

    def __init__(self, monkeypatch):
        self.service, self.now = Service(), float(START)
        self.targets = Targets("0", "us-east-1")
        monkeypatch.setattr(scaler, "EcsService", lambda *_: self.service)
        monkeypatch.setattr(scaler, "targets_of", lambda *_: self.targets)
        monkeypatch.setattr(scaler.time, "time", lambda: self.now)
        self.target = Target(KEY, "arn:target", 0.0, 1, 10, "arn:role")
        self.targets.targets[KEY] = self.target
        self.book = AlarmBook("0", "us-east-1", MetricStore(), lambda *_: None, scaler.scale)
        self.policies = [self.policy("depth", "Depth")]

    def policy(self, name, metric, **more):
        """Add a target tracking policy with cooldowns of 60 s and 300 s."""
        specification = {"Namespace": "Test", "MetricName": metric, "Statistic": "Average"}
        policy = Policy(
            KEY,
            name,
            f"arn:aws:autoscaling:us-east-1:0:scalingPolicy:{name}",
            0.0,
            "TargetTrackingScaling",
            {
                "TargetValue": 100.0,
                "ScaleOutCooldown": 60,
                "ScaleInCooldown": 300,
                "CustomizedMetricSpecification": specification,
                **more,
            },
        )
        put_alarms(self.book, policy)
        self.target.policies[name] = policy
        return policy

    def minutes(self, number, **metrics):
        """Let minutes go by in which the metrics have these values."""
        for _ in range(number):
            for name, value in (metrics or {"Depth": 0}).items():
                self.book.metrics.add(Metric("Test", name), self.now, value)
            self.now += 60
            self.book.judge(int(self.now))

    def told(self):
        """List status and description of the activities, the oldest first."""
        scaler.refresh(self.targets)
        return [(each.status, each.description) for each in self.targets.activities if each.not_scaled is None]

    def not_scaled(self):
        """List the reasons of what was not done."""
        return [each.not_scaled for each in self.targets.activities if each.not_scaled]


@pytest.fixture
def scene(monkeypatch):
    """Begin with one task."""
    return Scene(monkeypatch)


@pytest.mark.requirement("3.2")
def test_service_scales_out_after_three_minutes_and_in_after_fifteen(scene):
    """500 messages make 5 tasks, then 10; an empty queue takes them away one each cooldown."""
    scene.minutes(2, Depth=500)
    assert scene.service.desired == 1
    scene.minutes(1, Depth=500)
    assert scene.service.desired == 5
    scene.minutes(1, Depth=500)
    assert scene.service.desired == 10
    scene.minutes(14, Depth=0)
    assert scene.service.desired == 10
    scene.minutes(1, Depth=0)
    assert scene.service.desired == 9
    scene.minutes(4, Depth=0)
    assert scene.service.desired == 9
    scene.minutes(1, Depth=0)
    assert scene.service.desired == 8
    scene.minutes(60, Depth=0)
    assert scene.service.desired == 1


def test_activity_tells_cause_and_outcome_in_the_words_of_aws(scene):
    """What was set, by which alarm and policy, and that ECS has done it."""
    scene.minutes(3, Depth=150)
    scaler.refresh(scene.targets)
    (activity,) = scene.targets.activities
    high = scene.policies[0].alarm_names["High"]
    assert activity.cause == f"monitor alarm {high} in state ALARM triggered policy depth"
    assert activity.description == "Setting desired count to 2."
    assert (activity.status, activity.message) == (
        "Successful",
        "Successfully set desired count to 2. Change successfully fulfilled by ecs.",
    )


def test_activity_is_in_progress_until_the_tasks_run(scene):
    """A service that is slow to start tasks is waited for; a newer change overrides."""
    scene.service.is_slow = True
    scene.minutes(3, Depth=200)
    assert scene.told() == [("InProgress", "Setting desired count to 2.")]
    scene.minutes(1, Depth=400)
    assert scene.told()[0][0] == "Overridden"
    assert scene.targets.activities[0].message == (
        "Successfully set desired count to 2. Found it was later changed to 8."
    )


def test_update_that_ecs_refuses_is_a_failed_activity(scene):
    """The next minute tries again."""
    scene.service.failure = "no such cluster"
    scene.minutes(3, Depth=200)
    assert scene.told() == [("Failed", "Setting desired count to 2.")]
    scene.service.failure = None
    scene.minutes(1, Depth=200)
    assert scene.service.desired == 2


def test_service_at_its_maximum_is_told_as_not_scaled(scene):
    """Once, with the reason, however many minutes it lasts."""
    scene.service.desired = scene.service.running = 10
    scene.minutes(6, Depth=500)
    assert scene.not_scaled() == [{"Code": "AlreadyAtMaxCapacity", "MaxCapacity": 10}]


def test_no_data_changes_nothing(scene):
    """A metric that stops is not taken for low load."""
    scene.minutes(4, Depth=500)
    scene.minutes(40, Other=1)
    assert scene.service.desired == 10


@pytest.mark.parametrize(
    ("suspended", "depth", "start"),
    [("DynamicScalingOutSuspended", 500, 1), ("DynamicScalingInSuspended", 0, 5)],
)
def test_suspended_direction_does_not_scale(scene, suspended, depth, start):
    """Until it is resumed; then the alarm that still stands is acted on."""
    scene.service.desired = scene.service.running = start
    scene.target.suspended[suspended] = True
    scene.minutes(20, Depth=depth)
    assert scene.service.desired == start
    scene.target.suspended[suspended] = False
    scene.minutes(1, Depth=depth)
    assert scene.service.desired != start


def test_scale_in_waits_for_every_policy(scene):
    """One policy whose metric is not low keeps the tasks."""
    scene.policy("other", "Other")
    scene.service.desired = scene.service.running = 5
    scene.minutes(20, Depth=0, Other=95)
    assert scene.service.desired == 5
    scene.minutes(15, Depth=0, Other=50)
    assert scene.service.desired == 4


def test_any_policy_scales_out(scene):
    """The larger number wins."""
    scene.policy("other", "Other")
    scene.minutes(3, Depth=200, Other=400)
    assert scene.service.desired == 4


def test_no_scale_in_while_ecs_deploys(scene):
    """A deployment is not disturbed."""
    scene.service.desired = scene.service.running = 5
    scene.service.is_deploying = True
    scene.minutes(16, Depth=0)
    assert scene.service.desired == 5
    assert scene.not_scaled()[-1] == {"Code": "TargetServicePutResourceAsUnscalable"}


def test_changed_bounds_take_effect_at_once(scene):
    """A service below its new minimum is brought up to it."""
    scene.target.minimum = 3
    scaler.keep_within_bounds(scene.targets, scene.target)
    assert scene.service.desired == 3
    assert scene.targets.activities[-1].cause == "minimum capacity was set to 3"


def test_policy_that_is_gone_cannot_be_called(scene):
    """An alarm that outlived its policy says so."""
    with pytest.raises(LookupError, match="No scaling policy"):
        scaler.scale(scene.book, ScalingCall("arn:aws:autoscaling:gone", {}, 1.0, START))
