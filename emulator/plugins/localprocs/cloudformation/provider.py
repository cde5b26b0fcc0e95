"""CloudFormation's API: LocalStack's, with stacks deployed by our engine."""

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from localstack.aws.api import RequestContext, handler
from localstack.aws.api.cloudformation import (
    AlreadyExistsException,
    ChangeSetNotFoundException,
    ChangeSetStatus,
    ChangeSetType,
    CreateChangeSetInput,
    CreateChangeSetOutput,
    CreateStackInput,
    CreateStackOutput,
    DescribeStacksOutput,
    ExecuteChangeSetOutput,
    ExecutionStatus,
    InvalidChangeSetStatusException,
    UpdateStackInput,
    UpdateStackOutput,
)
from localstack.aws.api.cloudformation import Stack as ApiStack
from localstack.services.cloudformation.engine.validations import ValidationError
from localstack.services.cloudformation.resource_provider import ResourceProviderExecutor
from localstack.services.cloudformation.stores import get_cloudformation_store
from localstack.services.cloudformation.v2 import provider as theirs
from localstack.services.cloudformation.v2.entities import ChangeSet, Stack
from localstack.utils.threads import start_worker_thread

from localprocs.cloudformation.engine import operation, validation
from localprocs.cloudformation.engine.handlers import ProviderHandlers
from localprocs.cloudformation.engine.intrinsics import TemplateError
from localprocs.cloudformation.engine.operation import Deployment, Outputs
from localprocs.cloudformation.engine.record import Record
from localprocs.cloudformation.engine.stack_scope import StackScope, parameter_values, pseudo_parameters
from localprocs.cloudformation.engine.template import ParameterScope, Template

UPDATABLE = frozenset({
    "CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "CREATE_FAILED", "UPDATE_FAILED",
    "IMPORT_COMPLETE", "IMPORT_ROLLBACK_COMPLETE",
})  # fmt: skip


class CloudFormation(theirs.CloudformationProviderV2):
    """Change sets, templates and descriptions are LocalStack's; what a deployment does is ours."""

    @classmethod
    def _setup_change_set_model(cls, change_set: ChangeSet, **arguments: Any) -> None:
        after: Mapping[str, Any] = arguments["after_template"]
        given = arguments["after_parameters"]
        try:
            validation.check_parameters(after, given or {})
            if "Transform" not in after:
                cls._read(change_set.stack, after, _assumed(after, given))
        except TemplateError as error:
            raise ValidationError(str(error)) from error
        super()._setup_change_set_model(change_set, **arguments)

    @classmethod
    def _read(cls, stack: Stack, body: Mapping[str, Any], values: Mapping[str, Any]) -> Template:
        scope = ParameterScope(body, {**pseudo_parameters(stack), **values})
        return validation.check(body, scope, lambda kind: provider_of(kind) is not None)

    @handler("CreateChangeSet", expand=False)
    def create_change_set(self, context: RequestContext, request: CreateChangeSetInput) -> CreateChangeSetOutput:
        """Prepare a change; a stack that cannot take one is told so, and one that was refused does not begin to be."""
        stacks = get_cloudformation_store(context.account_id, context.region).stacks_v2
        known = {stack_id: stack.status for stack_id, stack in stacks.items()}
        if request.get("ChangeSetType", "UPDATE") == ChangeSetType.UPDATE:
            self._require_updatable(stacks, request)
        if request.pop("UsePreviousTemplate", None):
            request["TemplateBody"] = _active(stacks, request["StackName"]).template_body
        try:
            answer = super().create_change_set(context, request)
        except Exception:
            for stack_id in stacks.keys() - known.keys():
                del stacks[stack_id]
            raise
        stack = stacks[answer["StackId"]]
        if (before := known.get(stack.stack_id)) and stack.status != before:
            # To look at a change does not change the stack.
            stack.status, stack.events = before, stack.events[1:]
        return answer

    @handler("ExecuteChangeSet")
    def execute_change_set(
        self,
        context: RequestContext,
        change_set_name: str,
        stack_name: str | None = None,
        disable_rollback: bool | None = None,
        **_more: Any,
    ) -> ExecuteChangeSetOutput:
        """Carry a change out."""
        state = get_cloudformation_store(context.account_id, context.region)
        change_set = theirs.find_change_set_v2(state, change_set_name, stack_name)
        if not change_set:
            raise ChangeSetNotFoundException(f"ChangeSet [{change_set_name}] does not exist")
        if change_set.execution_status != ExecutionStatus.AVAILABLE:
            raise InvalidChangeSetStatusException(
                f"ChangeSet [{change_set.change_set_id}] cannot be executed in its current status of "
                f"[{change_set.status}]"
            )
        self._begin(change_set, roll_back=not disable_rollback)
        return ExecuteChangeSetOutput()

    @handler("CreateStack", expand=False)
    def create_stack(self, context: RequestContext, request: CreateStackInput) -> CreateStackOutput:
        """Make a stack."""
        stacks = get_cloudformation_store(context.account_id, context.region).stacks_v2
        if any(each.stack_name == request["StackName"] and each.is_active() for each in stacks.values()):
            raise AlreadyExistsException(f"Stack [{request['StackName']}] already exists")
        change_set = self._change_set(context, request, ChangeSetType.CREATE)
        stack = change_set.stack
        stack.events.clear()
        stack.enable_termination_protection = bool(request.get("EnableTerminationProtection"))
        on_failure = request.get("OnFailure", "DO_NOTHING" if request.get("DisableRollback") else "ROLLBACK")
        self._begin(change_set, roll_back=on_failure != "DO_NOTHING")
        return CreateStackOutput(StackId=stack.stack_id)

    @handler("UpdateStack", expand=False)
    def update_stack(self, context: RequestContext, request: UpdateStackInput) -> UpdateStackOutput:
        """Change a stack."""
        stacks = get_cloudformation_store(context.account_id, context.region).stacks_v2
        if _find(stacks, request["StackName"]) is None:
            raise ValidationError(f"Stack [{request['StackName']}] does not exist")
        change_set = self._change_set(context, request, ChangeSetType.UPDATE)
        self._begin(change_set, roll_back=not request.get("DisableRollback"))
        return UpdateStackOutput(StackId=change_set.stack.stack_id)

    @handler("DeleteStack")
    def delete_stack(
        self,
        context: RequestContext,
        stack_name: str,
        retain_resources: list[str] | None = None,
        **_more: Any,
    ) -> None:
        """Remove a stack and what is in it."""
        stacks = get_cloudformation_store(context.account_id, context.region).stacks_v2
        stack = _find(stacks, stack_name)
        if stack is None or not stack.is_active():
            return
        if stack.enable_termination_protection:
            raise ValidationError(
                f"Stack [{stack.stack_name}] cannot be deleted while TerminationProtection is enabled"
            )
        record = Record(stack)
        try:
            _require_unused(stack, stack.resolved_exports.keys())
        except TemplateError as error:
            record.tell_stack("DELETE_FAILED", str(error))
            return
        record.tell_stack("DELETE_IN_PROGRESS", "User Initiated")

        def work(*_: Any) -> None:
            if operation.delete(record, _handlers(stack), retain_resources or ()):
                stack.deletion_time = datetime.now(tz=UTC)
                stack.resolved_exports = {}

        start_worker_thread(work)

    @handler("DescribeStacks")
    def describe_stacks(
        self, context: RequestContext, stack_name: str | None = None, **_more: Any
    ) -> DescribeStacksOutput:
        """Describe one stack, or all that there are; one that is gone has to be asked for by its id."""
        stacks = get_cloudformation_store(context.account_id, context.region).stacks_v2
        if stack_name is None:
            return DescribeStacksOutput(
                Stacks=[self._describe_stack(each) for each in stacks.values() if each.is_active()]
            )
        found = _find(stacks, stack_name)
        if found is None:
            raise ValidationError(f"Stack with id {stack_name} does not exist")
        return DescribeStacksOutput(Stacks=[self._describe_stack(found)])

    def _describe_stack(self, stack: Stack) -> ApiStack:
        told = super()._describe_stack(stack)
        told.pop("LastUpdatedTime", None)
        if updated := getattr(stack, "updated_at", None):
            told["LastUpdatedTime"] = updated
        return told

    def _change_set(self, context: RequestContext, request: Any, kind: ChangeSetType) -> ChangeSet:
        asked = {**request, "ChangeSetName": f"direct-{uuid.uuid4().hex[:12]}", "ChangeSetType": kind}
        change_sets = get_cloudformation_store(context.account_id, context.region).change_sets
        change_set = change_sets[self.create_change_set(context, asked)["Id"]]
        change_set.stack.change_set_ids.discard(change_set.change_set_id)
        del change_sets[change_set.change_set_id]
        if change_set.status == ChangeSetStatus.FAILED:
            raise ValidationError(
                "No updates are to be performed."
                if "didn't contain changes" in (change_set.status_reason or "")
                else change_set.status_reason
            )
        return change_set

    def _begin(self, change_set: ChangeSet, *, roll_back: bool) -> None:
        stack = change_set.stack
        is_create = change_set.change_set_type == ChangeSetType.CREATE
        body = change_set.processed_template or change_set.template
        parameters = parameter_values(change_set.resolved_parameters)
        try:
            template = self._read(stack, body, parameters)
        except TemplateError as error:
            raise ValidationError(str(error)) from error
        change_set.set_execution_status(ExecutionStatus.EXECUTE_IN_PROGRESS)
        stack.tags = change_set.tags
        stack.capabilities = stack.capabilities or []
        if is_create:
            stack.resolved_parameters = change_set.resolved_parameters
            stack.description = body.get("Description")
            stack.template, stack.template_body = change_set.template, change_set.template_body
        else:
            stack.updated_at = datetime.now(tz=UTC)  # type: ignore[attr-defined]
        record = Record(stack)
        record.tell_stack("CREATE_IN_PROGRESS" if is_create else "UPDATE_IN_PROGRESS", "User Initiated")
        deployment = Deployment(
            record,
            template,
            lambda made: StackScope(stack, body, parameters, made),
            _handlers(stack),
            lambda outputs: _accept(stack, change_set, outputs, deployment.scope),
        )

        def work(*_: Any) -> None:
            carry_out = deployment.create if is_create else deployment.update
            outputs = carry_out(roll_back=roll_back)
            if outputs is None:
                change_set.set_execution_status(ExecutionStatus.EXECUTE_FAILED)
                return
            change_set.set_execution_status(ExecutionStatus.EXECUTE_COMPLETE)

        start_worker_thread(work)

    def _require_updatable(self, stacks: Mapping[str, Stack], request: Any) -> None:
        stack = _find(stacks, request["StackName"])
        if stack is not None and stack.is_active() and stack.status not in UPDATABLE:
            raise ValidationError(f"Stack:{stack.stack_id} is in {stack.status} state and can not be updated.")


def provider_of(kind: str) -> Any:
    """Return what makes resources of the type; custom ones have one provider."""
    return ResourceProviderExecutor.try_load_resource_provider(kind)


def _handlers(stack: Stack) -> ProviderHandlers:
    return ProviderHandlers(stack.stack_name, stack.stack_id, stack.account_id, stack.region_name, provider_of)


def _accept(stack: Stack, change_set: ChangeSet, outputs: Outputs, scope: StackScope) -> None:
    _require_unused(stack, stack.resolved_exports.keys() - outputs.exports.keys())
    for other in get_cloudformation_store(stack.account_id, stack.region_name).stacks_v2.values():
        if other is not stack and other.is_active():
            for name in outputs.exports.keys() & other.resolved_exports.keys():
                raise TemplateError(f"Export with name {name} is already exported by stack {other.stack_name}")
    stack.resolved_outputs = outputs.listed  # type: ignore[assignment]
    stack.resolved_exports = dict(outputs.exports)
    stack.imports = scope.imports  # type: ignore[attr-defined]
    stack.resolved_parameters = change_set.resolved_parameters
    stack.template, stack.template_body = change_set.template, change_set.template_body
    stack.processed_template = change_set.processed_template
    stack.description = (change_set.template or {}).get("Description")
    stack.change_set_id = change_set.change_set_id


def _require_unused(stack: Stack, exports: Any) -> None:
    stacks = get_cloudformation_store(stack.account_id, stack.region_name).stacks_v2
    for other in stacks.values():
        if other is not stack and other.is_active():
            for name in sorted(set(exports) & getattr(other, "imports", set())):
                raise TemplateError(f"Cannot delete export {name} as it is in use by {other.stack_name}.")


def _find(stacks: Mapping[str, Stack], name: str) -> Stack | None:
    if theirs.is_stack_arn(name):
        return stacks.get(name)
    return next((each for each in stacks.values() if each.stack_name == name and each.is_active()), None)


def _active(stacks: Mapping[str, Stack], name: str) -> Stack:
    found = _find(stacks, name)
    if found is None:
        raise ValidationError(f"Stack [{name}] does not exist")
    return found


def _assumed(body: Mapping[str, Any], given: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return each parameter's value as far as it is known before it is looked up."""
    found = {}
    for name, rules in (body.get("Parameters") or {}).items():
        value = (given or {}).get(name, rules.get("Default", ""))
        found[name] = str(value).split(",") if "List" in rules["Type"] else value
    return found
