"""The deployed stacks, by the default credentials."""

import json
import time
from typing import Any

from botocore.exceptions import ClientError

from huntaze_scraper import names
from huntaze_scraper.operations import target
from huntaze_scraper.operations.errors import TellOperator
from huntaze_scraper.operations.target import Target

TEMPLATE_BODY_LIMIT = 51_200
UPDATE_TIMEOUT_SECONDS = 1800
LOOK_AGAIN_SECONDS = 2
HOLDS_NOTHING = frozenset({"REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE", "DELETE_COMPLETE"})
"""A first deployment that failed leaves a name, which the next one begins anew."""


class Stacks:
    """CloudFormation, as far as a release needs it."""

    def __init__(self) -> None:
        """Find region and credentials as every AWS tool does."""
        self.clients = target.default_clients()
        self._cloudformation = self.clients.cloudformation

    @property
    def target(self) -> Target:
        """The pipeline that the stacks describe."""
        return target.deployed()

    def describe(self, name: str) -> dict[str, Any] | None:
        """Return a stack's description, if it is there."""
        try:
            found = dict(self._cloudformation.describe_stacks(StackName=name)["Stacks"][0])
        except ClientError as error:
            if "does not exist" in str(error):
                return None
            raise TellOperator(f"{name} cannot be read: {error}") from error
        return None if found["StackStatus"] in HOLDS_NOTHING else found

    def status(self, name: str) -> str:
        """Return a stack's status; nothing where it is not there."""
        return str((self.describe(name) or {}).get("StackStatus", ""))

    def outputs(self, name: str) -> dict[str, str]:
        """Return a stack's outputs."""
        described = self.describe(name)
        if described is None:
            raise TellOperator(f"there is no stack {name}: deploy it first")
        return {it["OutputKey"]: it["OutputValue"] for it in described.get("Outputs", [])}

    def parameters(self, name: str) -> dict[str, str]:
        """Return a stack's parameters."""
        described = self.describe(name) or {}
        return {it["ParameterKey"]: it["ParameterValue"] for it in described.get("Parameters", [])}

    def template(self, name: str) -> str:
        """Return a stack's template as it was deployed."""
        body: Any = self._cloudformation.get_template(StackName=name, TemplateStage="Original")["TemplateBody"]
        return body if isinstance(body, str) else json.dumps(body, separators=(",", ":"))

    def resource(self, name: str, kind: str) -> str:
        """Return the physical id of a stack's only resource of a type."""
        resources: dict[str, Any] = json.loads(self.template(name))["Resources"]
        found = [logical_id for logical_id, it in resources.items() if it["Type"] == kind]
        if len(found) != 1:
            raise TellOperator(f"{name} has {len(found)} resources of type {kind}, not one")
        answer = self._cloudformation.describe_stack_resource(StackName=name, LogicalResourceId=found[0])
        return answer["StackResourceDetail"]["PhysicalResourceId"]

    def service(self) -> Any:
        """Return the scraper's service as ECS describes it."""
        outputs = self.outputs(names.SCRAPER_STACK)
        cluster, services = outputs["EcsCluster"], [outputs["EcsService"]]
        return self.clients.ecs.describe_services(cluster=cluster, services=services)["services"][0]

    def mapping_states(self) -> list[str]:
        """Return the states of the mappings that feed the limiter; there is one."""
        name = self.outputs(names.LIMITER_STACK)["LambdaFunction"]
        found = self.clients.lambda_.list_event_source_mappings(FunctionName=name)["EventSourceMappings"]
        return [it["State"] for it in found]

    def update(self, name: str, template: str, parameters: dict[str, str]) -> bool:
        """Update a stack when what is under way there has ended, and wait; tell whether there was anything to do."""
        self._await_end(name)
        body: dict[str, Any] = {"TemplateBody": template}
        if len(template.encode()) > TEMPLATE_BODY_LIMIT:
            body = {"TemplateURL": self._upload(name, template)}
        try:
            self._cloudformation.update_stack(
                StackName=name,
                Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
                Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
                **body,
            )
        except ClientError as error:
            if "No updates are to be performed" in str(error):
                return False
            raise TellOperator(f"{name} cannot be updated: {error}") from error
        if (status := self._await_end(name)) != "UPDATE_COMPLETE":
            raise TellOperator(f"{name} ended in {status}: look at its events")
        return True

    def _await_end(self, name: str) -> str:
        deadline = time.monotonic() + UPDATE_TIMEOUT_SECONDS
        while (status := self.status(name)).endswith("_IN_PROGRESS"):
            if time.monotonic() > deadline:
                raise TellOperator(f"{name} is still {status} after {UPDATE_TIMEOUT_SECONDS} s")
            time.sleep(LOOK_AGAIN_SECONDS)
        return status

    def _upload(self, name: str, template: str) -> str:
        account = self.clients.sts.get_caller_identity()["Account"]
        region = self.clients.s3.meta.region_name
        bucket, key = f"cdk-hnb659fds-assets-{account}-{region}", f"rollback/{name}.json"
        self.clients.s3.put_object(Bucket=bucket, Key=key, Body=template.encode())
        return f"{self.clients.s3.meta.endpoint_url}/{bucket}/{key}"
