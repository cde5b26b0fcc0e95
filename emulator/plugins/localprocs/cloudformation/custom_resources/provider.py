"""Calls a custom resource's function, and waits for its answer."""

import json
import time
import uuid
from typing import Any, ClassVar

from localstack import config
from localstack.services.cloudformation.resource_provider import (
    OperationStatus,
    ProgressEvent,
    ResourceProvider,
    ResourceRequest,
)

from localprocs.cloudformation.custom_resources.answers import book
from localprocs.cloudformation.custom_resources.messages import CUSTOM, Answer, read_answer, request
from localprocs.cloudformation.resource_type import Properties

__all__ = ["CUSTOM", "CustomResourceProvider"]

LONGEST_SECONDS = 3600
"""How long AWS waits for an answer, unless the template's ServiceTimeout says less."""

ASKED = "_Asked"
"""Where the model keeps the properties that were asked for, beside the function's own data."""


class CustomResourceProvider(ResourceProvider[Properties]):
    """LocalStack's view of every custom resource."""

    SCHEMA: ClassVar[Properties] = {
        "typeName": "AWS::CloudFormation::CustomResource",
        "primaryIdentifier": ["/properties/PhysicalResourceId"],
    }
    patience_seconds = float(LONGEST_SECONDS)

    def create(self, request: ResourceRequest[Properties]) -> ProgressEvent[Properties]:
        """Have it made."""
        return self._go_on(request) or _ask(request, "Create", request.desired_state)

    def update(self, request: ResourceRequest[Properties]) -> ProgressEvent[Properties]:
        """Have it changed; another physical id in the answer means that another resource stands in its place."""
        before = request.previous_state or {}
        return self._go_on(request) or _ask(request, "Update", request.desired_state, before)

    def delete(self, request: ResourceRequest[Properties]) -> ProgressEvent[Properties]:
        """Have it removed."""
        before = request.previous_state or {}
        return self._go_on(request) or _ask(request, "Delete", before[ASKED], before)

    def _go_on(self, request: ResourceRequest[Properties]) -> ProgressEvent[Properties] | None:
        """Look for the answer; None if nothing was asked yet."""
        context = request.custom_context
        if "token" not in context:
            return None
        if (body := book.come(context["token"])) is not None:
            return _concluded(read_answer(body, needs_id=context["kind"] != "Delete"), context)
        if time.time() > context["until"]:
            book.close(context["token"])
            return ProgressEvent(
                OperationStatus.FAILED,
                resource_model={},
                message="CloudFormation did not receive a response from your Custom Resource. "
                f"Please check your logs for requestId [{context['id']}].",
            )
        return ProgressEvent(OperationStatus.IN_PROGRESS, resource_model=request.desired_state, custom_context=context)


def _ask(
    about: ResourceRequest[Properties], kind: str, wanted: Properties, before: Properties | None = None
) -> ProgressEvent[Properties]:
    token, request_id = book.open(), str(uuid.uuid4())
    message = request(
        kind,
        url=f"{config.internal_service_url(host='127.0.0.1')}/_emulator/cloudformation/answers/{token}",
        request_id=request_id,
        stack_id=about.stack_id,
        resource_type=about.resource_type,
        logical_id=about.logical_resource_id,
        properties=wanted,
        old=before[ASKED] if before and kind == "Update" else None,
        physical_id=before["PhysicalResourceId"] if before else None,
    )
    _send(about.aws_client_factory, wanted["ServiceToken"], json.dumps(message))
    seconds = min(int(wanted.get("ServiceTimeout", LONGEST_SECONDS)), LONGEST_SECONDS)
    context = {"token": token, "kind": kind, "id": request_id, "until": time.time() + seconds, "asked": wanted}
    return ProgressEvent(OperationStatus.IN_PROGRESS, resource_model=dict(wanted), custom_context=context)


def _send(clients: Any, service_token: str, message: str) -> None:
    if service_token.split(":")[2:3] == ["sns"]:
        clients.sns.publish(
            TopicArn=service_token, Subject="AWS CloudFormation custom resource request", Message=message
        )
    else:
        clients.lambda_.invoke(FunctionName=service_token, InvocationType="Event", Payload=message.encode())


def _concluded(answer: Answer, context: dict[str, Any]) -> ProgressEvent[Properties]:
    model = {**answer.data, "PhysicalResourceId": answer.physical_id, ASKED: context["asked"]}
    if answer.succeeded:
        return ProgressEvent(OperationStatus.SUCCESS, resource_model=model)
    return ProgressEvent(
        OperationStatus.FAILED,
        resource_model=model if answer.physical_id else {},
        message="Received response status [FAILED] from custom resource. "
        f"Message returned: {answer.reason} (RequestId: {context['id']})",
    )
