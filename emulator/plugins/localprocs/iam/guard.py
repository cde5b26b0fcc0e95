"""Lets a role's call through only if its policies allow it."""

import os
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from localstack.aws.api import CommonServiceException, RequestContext
from localstack.aws.chain import HandlerChain
from localstack.http import Response
from localstack.utils.aws.request_context import extract_access_key_id_from_auth_header

from localprocs.iam import account
from localprocs.iam.accesses import Scope, accesses
from localprocs.iam.policy import Access, Decision, Principal, decide, trusts
from localprocs.iam.record import CallRecord
from localprocs.iam.report import report

MODE = "LOCALPROCS_IAM"
MODES = ("enforce", "audit", "off")
"""Calls that are not allowed are refused; or only recorded; or roles are not looked at. ``POST /_emulator/iam/mode``
``{"mode": "audit"}`` changes it while the emulator runs."""
FILE = "LOCALPROCS_IAM_CALLS"
"""File that each new row of the record is appended to."""

NO_EXCEPTION_IN_THE_NAME = frozenset({"s3", "sqs", "cloudwatch", "sts", "iam", "autoscaling", "cloudformation"})
WORKS_FOR = {
    "events": "rule/*",
    "fis": "experiment/*",
    "logs": "log-group:*",
    "scheduler": "schedule-group/*",
    "states": "stateMachine:*",
}
"""What a service takes roles on for, as far as it does not say for which."""
REGIONAL = frozenset({"logs", "states"})
"""Services whose older policies and examples name them by region (``logs.us-east-1.amazonaws.com``)."""
OWN_CODES = {"sns": "AuthorizationError", "ec2": "UnauthorizedOperation"}
JSON_PROTOCOLS = frozenset({"json"})


class Guard:
    """A handler of LocalStack's chain; calls that are not a role's pass."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        """Begin an empty record."""
        self.mode = environment.get(MODE, "enforce")
        if self.mode not in MODES:
            raise ValueError(f"{MODE} is {self.mode!r}: it can be {', '.join(MODES)}")
        self.record = CallRecord(Path(environment[FILE]) if FILE in environment else None)

    def __call__(self, _chain: HandlerChain, context: RequestContext, _response: Response) -> None:
        """Check a call.

        Raises:
            CommonServiceException: AWS's answer to a call that is not allowed.
        """
        if self.mode == "off" or not context.service or not context.operation:
            return
        if service_asking(context):
            self._check_trust(context)
            return
        principal = account.principal_of(access_key(context) or "", context.account_id)
        if principal is None:
            return
        service = context.service.service_name.split("-query")[0]
        # AWS's own services renew the sessions that they work with; what they hold here is held for good.
        if principal.end <= time.time() and not context.is_internal_call:
            raise expired(service, context.protocol)
        scope = Scope(context.region, context.account_id)
        resources = account.AccountResources(scope)
        policies, limits = account.identity_policies(principal.role_arn), account.limits(principal)
        for access in accesses(service, context.operation.name, context.service_request or {}, scope, resources):
            asked = Access(access.action, access.resource, {**_common(principal, scope), **access.context})
            decision = decide(principal, asked, policies, resources.policy_of(access.resource), limits)
            self.record.add(principal.role_arn, access, decision)
            if not decision.is_allowed and self._enforces():
                raise refusal(service, context.protocol, principal, access, decision)

    def report(self, account_id: str) -> list[dict[str, Any]]:
        """Compare what each role of an account was granted with what it asked for since the start."""
        rows = self.record.rows()
        return [report(role, account.identity_policies(role), rows).told() for role in account.roles(account_id)]

    def _enforces(self) -> bool:
        return self.mode == "enforce"

    def _check_trust(self, context: RequestContext) -> None:
        asking, role = service_asking(context), str((context.service_request or {}).get("RoleArn"))
        names = principals(asking or "", context.region)
        known = {"aws:sourceaccount": (context.account_id,), "aws:sourcearn": (source_arn(context),)}
        trust = account.trust_policy(role)
        # A role that does not exist can be taken on, as LocalStack has it: without a policy it may do nothing.
        if self._enforces() and trust is not None and not trusts(trust, names, known):
            message = f"User: {names[0]} is not authorized to perform: sts:AssumeRole on resource: {role}"
            raise CommonServiceException("AccessDenied", message, status_code=403, sender_fault=True)


def service_asking(context: RequestContext) -> str | None:
    """Return the service that takes a role on for its own work (``lambda``); None for every other call."""
    if not context.operation or context.operation.name != "AssumeRole":
        return None
    return (context.internal_request_params or {}).get("service_principal")


def principals(service: str, region: str) -> tuple[str, ...]:
    """Return the names that a trust policy may give to a service; some have one of their region besides."""
    regional = (f"{service}.{region}.amazonaws.com",) if service in REGIONAL else ()
    return (f"{service}.amazonaws.com", *regional)


def source_arn(context: RequestContext) -> str:
    """Return for whom a service takes a role on; where the service does not say, anything of its in the account."""
    told = (context.internal_request_params or {}).get("source_arn")
    service = service_asking(context) or ""
    role = str((context.service_request or {}).get("RoleArn"))
    if not told and service == "states":
        told = account.state_machine_of(role, context.account_id, context.region)
    return told or f"arn:aws:{service}:{context.region}:{context.account_id}:{WORKS_FOR.get(service, '*')}"


def refusal(
    service: str, protocol: str, principal: Principal, access: Access, decision: Decision
) -> CommonServiceException:
    """Return AWS's answer to a call that is not allowed, as the service words it."""
    text = (
        f"User: {principal.session_arn} is not authorized to perform: {access.action} "
        f"on resource: {access.resource} {decision.reason}"
    )
    code = OWN_CODES.get(service) or (
        "AccessDenied" if service in NO_EXCEPTION_IN_THE_NAME else "AccessDeniedException"
    )
    if service == "sqs" and access.action.startswith("kms:"):
        code = "KMS.AccessDeniedException"
    status = 400 if protocol in JSON_PROTOCOLS else 403
    return CommonServiceException(code, text, status_code=status, sender_fault=True)


def expired(service: str, protocol: str) -> CommonServiceException:
    """Return AWS's answer to a call whose session is over, as the service words it."""
    if service == "s3":
        return CommonServiceException("ExpiredToken", "The provided token has expired.", sender_fault=True)
    code = "ExpiredToken" if service in {*NO_EXCEPTION_IN_THE_NAME, "sns"} else "ExpiredTokenException"
    status = 400 if protocol in JSON_PROTOCOLS else 403
    text = "The security token included in the request is expired"
    return CommonServiceException(code, text, status_code=status, sender_fault=True)


def _common(principal: Principal, scope: Scope) -> dict[str, tuple[str, ...]]:
    now = time.time()
    return {
        "aws:principalarn": (principal.role_arn,),
        "aws:principalaccount": (principal.account,),
        "aws:principaltype": ("AssumedRole",),
        "aws:resourceaccount": (scope.account,),
        "aws:requestedregion": (scope.region,),
        # The emulator speaks plain HTTP on the loopback interface; on AWS every client of ours speaks TLS.
        "aws:securetransport": ("true",),
        "aws:epochtime": (str(int(now)),),
        "aws:currenttime": (datetime.fromtimestamp(now, UTC).isoformat(),),
    }


def access_key(context: RequestContext) -> Any:
    """Return the key that a call is signed with, in a header or in its address."""
    header = extract_access_key_id_from_auth_header(context.request.headers)
    presigned = context.request.args.get("X-Amz-Credential", "").split("/")[0]
    return presigned or header
