"""An environment ends well before the credentials that it was given do: AWS ends each after some hours, busy or not."""

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any

from localstack.aws.connect import connect_to
from localstack.services.lambda_.invocation.assignment import AssignmentService
from localstack.services.lambda_.invocation.execution_environment import ExecutionEnvironment
from localstack.utils.patch import patch

SESSION_SECONDS = 12 * 3600
LONGEST_LIFE_SECONDS = SESSION_SECONDS / 2


def install() -> None:
    """Note when environments begin, hand out none that is too old, and say for which function a role is taken on."""

    @patch(ExecutionEnvironment.start)
    def _start(original: Callable[..., None], self: ExecutionEnvironment) -> None:
        self.begun = time.time()
        original(self)

    @patch(AssignmentService.get_environment)
    @contextlib.contextmanager
    def _get_environment(
        original: Callable[..., Any], self: AssignmentService, version_manager_id: str, *arguments: Any, **named: Any
    ) -> Iterator[ExecutionEnvironment]:
        end_the_old(list(self.environments[version_manager_id].values()), time.time())
        with original(self, version_manager_id, *arguments, **named) as environment:
            yield environment

    @patch(ExecutionEnvironment.get_credentials)
    def _get_credentials(_original: Callable[..., Any], self: ExecutionEnvironment) -> Any:
        identity = self.function_version.id
        arn = f"arn:aws:lambda:{identity.region}:{identity.account}:function:{identity.function_name}"
        sts = connect_to(region_name=identity.region).sts.request_metadata(service_principal="lambda", source_arn=arn)
        name = identity.function_name if len(identity.function_name) > 1 else f"{identity.function_name}@lambda"
        role = self.function_version.config.role
        return sts.assume_role(RoleArn=role, RoleSessionName=name, DurationSeconds=SESSION_SECONDS)["Credentials"]


def end_the_old(environments: list[Any], now: float) -> None:
    """End those that are idle and have lived long enough."""
    for environment in environments:
        if now - environment.begun > LONGEST_LIFE_SECONDS:
            # What LocalStack does with one that nobody has used for a while: it ends if it is idle.
            environment.keepalive_passed()
