"""A stack on a cloud of fake resources, to deploy templates to."""

import itertools
import threading

from localprocs.cloudformation.engine import operation, validation
from localprocs.cloudformation.engine.handlers import Made, ResourceFailed
from localprocs.cloudformation.engine.operation import Deployment
from localprocs.cloudformation.engine.record import Record
from localprocs.cloudformation.engine.stack_scope import StackScope, pseudo_parameters
from localprocs.cloudformation.engine.template import ParameterScope
from localstack.services.cloudformation.v2.entities import Stack

QUEUE = "AWS::SQS::Queue"


class FakeCloud:
    """Makes resources of any type; ``QueueName`` is what only a new one can take."""

    def __init__(self):
        """Begin empty."""
        self.there = {}
        self.did = []
        self.broken = set()
        self.cancelled = threading.Event()
        self.meeting = None
        self.left = None
        self._numbers = itertools.count(1)

    def create(self, name, _kind, desired):
        """Make one."""
        if self.meeting:
            self.meeting.wait(timeout=20)
        self._do("create", name, desired)
        made = Made(f"{name}-{next(self._numbers)}", {**desired, "Arn": f"arn:{name}"})
        self.there[made.physical_id] = dict(desired)
        return made

    def update(self, name, _kind, desired, before):
        """Change one."""
        self.there[before.physical_id] = dict(desired)
        self._do("update", name, desired)
        return Made(before.physical_id, {**desired, "Arn": f"arn:{name}"})

    def delete(self, name, _kind, made):
        """Remove one."""
        self._do("delete", name, {})
        del self.there[made.physical_id]

    def must_replace(self, _kind, before, after):
        """Decide by its name."""
        return before.get("QueueName") != after.get("QueueName")

    def cancel(self):
        """Note it."""
        self.cancelled.set()

    def resume(self):
        """Note it."""
        self.cancelled.clear()

    def _do(self, step, name, desired):
        self.did.append((step, name))
        if (step, name) in self.broken or desired.get("DelaySeconds") == 900:
            raise ResourceFailed(f"{name} cannot {step}", self.left)


class World:
    """A stack and its cloud."""

    def __init__(self):
        """Begin with an empty stack."""
        self.cloud = FakeCloud()
        self.stack = Stack("000000000000", "us-east-1", {"StackName": "s"})
        self.record = Record(self.stack)

    def deploy(self, resources, *, parameters=None, roll_back=True, **sections):
        """Create the stack, or update it where it stands; return its status."""
        body = {"Resources": resources, **sections}
        scope = ParameterScope(body, {**pseudo_parameters(self.stack), **(parameters or {})})
        template = validation.check(body, scope, lambda _: True)
        deployment = Deployment(
            self.record, template, lambda made: StackScope(self.stack, body, parameters or {}, made), self.cloud
        )
        is_update = bool(self.stack.resolved_resources)
        self.outputs = (deployment.update if is_update else deployment.create)(roll_back=roll_back)
        return self.stack.status

    def delete(self, **options):
        """Remove the stack; return its status."""
        operation.delete(self.record, self.cloud, **options)
        return self.stack.status

    def statuses(self, name):
        """Return what was told of a resource, oldest first."""
        return [each["ResourceStatus"] for each in reversed(self.stack.events) if each["LogicalResourceId"] == name]

    @property
    def reasons(self):
        """What was given as a reason."""
        return [each["ResourceStatusReason"] for each in self.stack.events if "ResourceStatusReason" in each]


def queue(*needs, **properties):
    """Write a queue of a template."""
    found = {"Type": QUEUE, "Properties": properties}
    return {**found, "DependsOn": list(needs)} if needs else found
