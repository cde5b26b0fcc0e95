"""What LocalStack and moto hold of an account: roles and their policies, sessions, keys, policies of resources."""

import json
from collections.abc import Mapping
from datetime import UTC
from functools import lru_cache
from typing import Any

from localstack.services.kms.models import kms_stores
from localstack.services.s3.models import s3_stores
from localstack.services.sns.models import sns_stores
from localstack.services.sqs.models import sqs_stores
from moto.dynamodb.models import dynamodb_backends
from moto.iam.models import iam_backends
from moto.secretsmanager.models import secretsmanager_backends
from moto.sts.models import sts_backends

from localprocs.iam.accesses import Scope
from localprocs.iam.policy import Document, Principal

_sessions: dict[str, Principal] = {}


def principal_of(access_key: str, account: str) -> Principal | None:
    """Return the role session that the key belongs to; None for any other caller."""
    if access_key not in _sessions:
        session = sts_backends[account]["aws"].get_assumed_role_from_access_key(access_key)
        if session is None:
            return None
        # moto tells times without a zone, and means UTC.
        end = session.expiration.replace(tzinfo=UTC).timestamp()
        _sessions[access_key] = Principal(session.role_arn, session.arn, end, session.policy or "")
    return _sessions[access_key]


def trust_policy(role_arn: str) -> Document | None:
    """Return who may take a role on; None where it does not exist."""
    role = _role(role_arn)
    return _parsed(role.assume_role_policy_document) if role else None


def identity_policies(role_arn: str) -> dict[str, Document]:
    """Return a role's policies by name; none for a role that does not exist."""
    role = _role(role_arn)
    if role is None:
        return {}
    return policies_of(role)


def policies_of(owner: Any) -> dict[str, Document]:
    """Return the policies of what moto has of a role, user or group, by name."""
    managed = {each.name: _parsed(_default(each)) for each in owner.managed_policies.values()}
    return managed | {policy: _parsed(document) for policy, document in owner.policies.items()}


def limits(principal: Principal) -> dict[str, Document]:
    """Return what limits a session beside its role's policies: the role's boundary, the session's own policy."""
    found: dict[str, Document] = {}
    role = _role(principal.role_arn)
    if role and role.permissions_boundary_arn:
        boundary = iam_backends[principal.account]["aws"].managed_policies[role.permissions_boundary_arn]
        found["permissions boundary"] = _parsed(_default(boundary))
    if principal.session_policy:
        found["session policy"] = _parsed(principal.session_policy)
    return found


def state_machine_of(role_arn: str, account: str, region: str) -> str | None:
    """Return the state machine that runs as a role, if there is one alone."""
    from localstack.services.stepfunctions.backend.store import sfn_stores  # noqa: PLC0415 - few apps have one

    machines = sfn_stores[account][region].state_machines.values()
    found = {str(machine.arn) for machine in machines if machine.role_arn == role_arn}
    return found.pop() if len(found) == 1 else None


def roles(account: str) -> list[str]:
    """Return the ARNs of an account's roles."""
    return [str(role.arn) for role in iam_backends[account]["aws"].roles.values()]


def _default(policy: Any) -> str:
    return str(next(version.document for version in policy.versions if version.is_default))


def _role(role_arn: str) -> Any:
    account, name = role_arn.split(":")[4], role_arn.rsplit("/", 1)[-1]
    return next((each for each in iam_backends[account]["aws"].roles.values() if each.name == name), None)


class AccountResources:
    """The resources of one account in one region."""

    def __init__(self, scope: Scope) -> None:
        """Look there."""
        self._scope = scope

    def secret_arn(self, secret_id: str) -> str:
        """Return a secret's whole ARN; for what does not exist an ARN with the six characters still to come."""
        found = self._secret(secret_id)
        if found is not None:
            return str(found.arn)
        return (
            secret_id
            if secret_id.startswith("arn:")
            else self._scope.arn("secretsmanager", f"secret:{secret_id}-??????")
        )

    def key_arn(self, key_id: str) -> str | None:
        """Return the ARN of a customer's key by id, ARN or alias; None for AWS's own and for what does not exist."""
        key = self._key(key_id)
        return str(key.metadata["Arn"]) if key else None

    def key_of(self, resource: str) -> str | None:
        """Return the id of the key that a resource is encrypted with."""
        service = resource.split(":")[2] if resource.startswith("arn:") else ""
        found = {
            "sqs": self._queue_key,
            "sns": self._topic_key,
            "dynamodb": self._table_key,
            "s3": self._bucket_key,
            "secretsmanager": self._secret_key,
        }.get(service)
        return found(resource) if found else None

    def partition_key(self, table_arn: str) -> str:
        """Return the name of a table's partition key."""
        table = self._table(table_arn)
        return str(table.hash_key_attr) if table else ""

    def policy_of(self, resource: str) -> Document | None:
        """Return the policy that is attached to a resource."""
        service = resource.split(":")[2] if resource.startswith("arn:") else ""
        text: str | None = None
        match service:
            case "sqs":
                queue = self._queue(resource)
                text = queue.attributes.get("Policy") if queue else None
            case "s3":
                bucket = self._bucket(resource)
                text = bucket.policy if bucket else None
            case "sns":
                text = self._topic(resource).get("attributes", {}).get("Policy")
            case "kms":
                key = self._key(resource)
                text = key.policy if key else None
            case "secretsmanager":
                text = getattr(self._secret(resource), "policy", None)
        return _parsed(text) if text else None

    def _queue(self, arn: str) -> Any:
        return sqs_stores[self._scope.account][self._scope.region].queues.get(arn.rsplit(":", 1)[-1])

    def _queue_key(self, arn: str) -> str | None:
        queue = self._queue(arn)
        return queue.attributes.get("KmsMasterKeyId") or None if queue else None

    def _topic(self, arn: str) -> Mapping[str, Any]:
        return sns_stores[self._scope.account][self._scope.region].topics.get(arn) or {}

    def _topic_key(self, arn: str) -> str | None:
        return self._topic(arn).get("attributes", {}).get("KmsMasterKeyId")

    def _table_key(self, arn: str) -> str | None:
        table = self._table(arn)
        sse = table.sse_specification if table else None
        return sse.get("KMSMasterKeyId") if sse and sse.get("Enabled") else None

    def _table(self, arn: str) -> Any:
        return dynamodb_backends[self._scope.account][self._scope.region].tables.get(arn.split("/")[1])

    def _bucket(self, arn: str) -> Any:
        return s3_stores[self._scope.account][self._scope.region].buckets.get(
            arn.rsplit(":::", maxsplit=1)[-1].split("/", maxsplit=1)[0]
        )

    def _bucket_key(self, arn: str) -> str | None:
        bucket = self._bucket(arn)
        rule = (bucket.encryption_rule or {}).get("ApplyServerSideEncryptionByDefault", {}) if bucket else {}
        return rule.get("KMSMasterKeyID")

    def _secret(self, secret_id: str) -> Any:
        secrets = secretsmanager_backends[self._scope.account][self._scope.region].secrets
        # moto finds a secret by name or ARN with "in" and [], but not with get.
        return secrets[secret_id] if secret_id in secrets else None  # noqa: SIM401

    def _secret_key(self, arn: str) -> str | None:
        return getattr(self._secret(arn), "kms_key_id", None)

    def _key(self, key_id: str) -> Any:
        store = kms_stores[self._scope.account][self._scope.region]
        name = key_id.split(":", 5)[-1]
        if name.startswith("alias/"):
            alias = store.aliases.get(name)
            name = alias.metadata["TargetKeyId"] if alias else ""
        return store.keys.get(name.removeprefix("key/"))


@lru_cache(1024)
def _parsed(text: str) -> Document:
    return json.loads(text)
