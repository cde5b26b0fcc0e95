"""The two limiters on one emulator: the one that ships, as deployed, and the reference, deployed beside it."""

import inspect
import io
import json
import time
import zipfile
from dataclasses import dataclass

from benchmarks.rate_limiting import reference_function
from emulator.harness.run_file import Run

NAME = "reference-limiter"
EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


@dataclass(frozen=True)
class Contestant:
    """A limiter between its queues."""

    name: str
    ingress_url: str
    dlq_url: str
    workflows_url: str
    function: str


def shipped(run: Run) -> Contestant:
    """The limiter of the deployed assembly."""
    return Contestant("ours", run.ingress_queue_url, run.ingress_dlq_url, run.workflows_queue_url, run.lambda_function)


def reference(run: Run) -> Contestant:
    """Deploy the reference with the deployed limiter's own visibility, redrive, time-out, batch and concurrency."""
    clients = run.clients
    attributes = _queue(run, run.ingress_queue_url)
    configuration = clients.lambda_.get_function_configuration(FunctionName=run.lambda_function)
    [mapping] = clients.lambda_.list_event_source_mappings(FunctionName=run.lambda_function)["EventSourceMappings"]
    dlq_url = clients.sqs.create_queue(QueueName=f"{NAME}-dlq")["QueueUrl"]
    redrive = {
        "deadLetterTargetArn": _queue(run, dlq_url)["QueueArn"],
        "maxReceiveCount": json.loads(attributes["RedrivePolicy"])["maxReceiveCount"],
    }
    ingress_url = clients.sqs.create_queue(
        QueueName=NAME,
        Attributes={"VisibilityTimeout": attributes["VisibilityTimeout"], "RedrivePolicy": json.dumps(redrive)},
    )["QueueUrl"]
    workflows_url = clients.sqs.create_queue(QueueName=f"{NAME}.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    function = clients.lambda_.create_function(
        FunctionName=NAME,
        Runtime="python3.13",
        Handler="reference_function.handler",
        Role=_role(run),
        Code={"ZipFile": _zip()},
        Timeout=configuration["Timeout"],
        MemorySize=configuration["MemorySize"],
        Environment={
            "Variables": {
                "INGRESS_QUEUE_URL": ingress_url,
                "WORKFLOWS_QUEUE_URL": workflows_url,
                "STATE_TABLE": run.state_table,
            }
        },
    )["FunctionArn"]
    clients.lambda_.get_waiter("function_active_v2").wait(FunctionName=NAME, WaiterConfig={"Delay": 1})
    own = clients.lambda_.create_event_source_mapping(
        FunctionName=function,
        EventSourceArn=_queue(run, ingress_url)["QueueArn"],
        BatchSize=mapping["BatchSize"],
        ScalingConfig=mapping["ScalingConfig"],
        FunctionResponseTypes=["ReportBatchItemFailures"],
    )["UUID"]
    while clients.lambda_.get_event_source_mapping(UUID=own)["State"] != "Enabled":
        time.sleep(0.1)
    return Contestant("asks again", ingress_url, dlq_url, workflows_url, NAME)


def _queue(run: Run, url: str) -> dict[str, str]:
    answer = run.clients.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
    return {str(name): value for name, value in answer["Attributes"].items()}


def _role(run: Run) -> str:
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
    role = run.clients.iam.create_role(RoleName=NAME, AssumeRolePolicyDocument=json.dumps(trust))["Role"]
    run.clients.iam.put_role_policy(RoleName=NAME, PolicyName=NAME, PolicyDocument=json.dumps(EVERYTHING))
    return role["Arn"]


def _zip() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("reference_function.py", inspect.getsource(reference_function))
    return content.getvalue()
