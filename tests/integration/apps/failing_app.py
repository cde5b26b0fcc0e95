"""An application of which every resource that can fail, fails."""

from collections.abc import Callable, Mapping

from aws_cdk import CfnResource, CustomResource, RemovalPolicy, Stack
from aws_cdk.aws_dynamodb import Attribute, AttributeType, Table
from aws_cdk.aws_ec2 import Vpc
from aws_cdk.aws_ecs import Cluster, ContainerImage, DeploymentCircuitBreaker, FargateService, FargateTaskDefinition
from aws_cdk.aws_lambda import Code, EventSourceMapping, Function, Runtime
from aws_cdk.aws_sqs import CfnQueue, Queue
from constructs import Construct, IConstruct

REFUSE = """
import cfnresponse
def handler(event, context):
    status = cfnresponse.FAILED if event["RequestType"] == event["ResourceProperties"]["Refuse"] else cfnresponse.SUCCESS
    cfnresponse.send(event, context, status, {}, "thing", reason="the function says no")
"""


def function_of_no_runtime(stack: Stack) -> IConstruct:
    """A runtime that is not there."""
    cobol = Runtime("cobol85", supports_inline_code=True)
    return Function(stack, "Bad", runtime=cobol, handler="a.b", code=Code.from_inline("x"))


def mapping_of_no_queue(stack: Stack) -> IConstruct:
    """An event source that is not there."""
    function = Function(stack, "Fn", runtime=Runtime.PYTHON_3_13, handler="index.handler", code=Code.from_inline("x"))
    nobody = f"arn:aws:sqs:{stack.region}:{stack.account}:nobody"
    return EventSourceMapping(stack, "Bad", target=function, event_source_arn=nobody)


def queue_with_an_odd_property(stack: Stack) -> IConstruct:
    """A property that the type does not have."""
    return CfnResource(stack, "Bad", type="AWS::SQS::Queue", properties={"Colour": "red"})


def queue_with_a_wrong_value(stack: Stack) -> IConstruct:
    """A value out of its range."""
    return CfnQueue(stack, "Bad", delay_seconds=5000)


def service_that_does_not_stay_up(stack: Stack) -> IConstruct:
    """A command that ends at once; the circuit breaker gives up."""
    task = FargateTaskDefinition(stack, "Task")
    task.add_container("c", image=ContainerImage.from_registry("python:3.13"), command=["python", "-c", "exit(3)"])
    vpc = Vpc(stack, "Vpc", max_azs=2, nat_gateways=0)
    return FargateService(
        stack,
        "Bad",
        cluster=Cluster(stack, "Cluster", vpc=vpc),
        task_definition=task,
        assign_public_ip=True,
        circuit_breaker=DeploymentCircuitBreaker(rollback=False),
    )


def custom_resource_that_refuses(stack: Stack) -> IConstruct:
    """Its function says no."""
    function = Function(
        stack, "Fn", runtime=Runtime.PYTHON_3_13, handler="index.handler", code=Code.from_inline(REFUSE)
    )
    return CustomResource(stack, "Bad", service_token=function.function_arn, properties={"Refuse": "Create"})


def table_whose_name_is_taken(stack: Stack) -> IConstruct:
    """Two of one name."""
    first, second = (
        Table(
            stack,
            name,
            table_name="taken-name",
            partition_key=Attribute(name="pk", type=AttributeType.STRING),
            removal_policy=RemovalPolicy.DESTROY,
        )
        for name in ("First", "Bad")
    )
    second.node.add_dependency(first)
    return second


FAULTS: Mapping[str, Callable[[Stack], IConstruct]] = {
    "Runtime": function_of_no_runtime,
    "Mapping": mapping_of_no_queue,
    "Property": queue_with_an_odd_property,
    "Value": queue_with_a_wrong_value,
    "Service": service_that_does_not_stay_up,
    "Custom": custom_resource_that_refuses,
    "Name": table_whose_name_is_taken,
}


class FailingApp(Stack):
    """A queue that would be well, and a fault."""

    def __init__(self, scope: Construct, name: str, *, fault: Callable[[Stack], IConstruct] | None) -> None:
        super().__init__(scope, name)
        good = Queue(self, "Good")
        if fault:
            fault(self).node.add_dependency(good)
