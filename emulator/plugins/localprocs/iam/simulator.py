"""LocalStack's SimulatePrincipalPolicy, answered by what the guard would decide."""

from typing import Any

from localstack.aws.api.iam import NoSuchEntityException
from localstack.services.iam.provider import IamProvider
from localstack.services.moto import MotoFallbackDispatcher
from localstack.services.plugins import Service
from moto.iam.models import iam_backends

from localprocs.iam import account
from localprocs.iam.policy import Document, Principal
from localprocs.iam.simulation import simulate


class Simulator:
    """In the place of LocalStack's, which knows no conditions and no denials by default."""

    def simulate_principal_policy(self, context: Any, request: Any) -> Any:
        """Decide for each action and resource."""
        arn = request["PolicySourceArn"]
        principal = Principal(arn, arn)
        identity, limits = _policies(arn, context.account_id, principal)
        return {"IsTruncated": False, "EvaluationResults": list(simulate(request, principal, identity, limits))}


def _policies(arn: str, account_id: str, principal: Principal) -> tuple[dict[str, Document], dict[str, Document]]:
    backend = iam_backends[account_id]["aws"]
    kind, name = arn.rpartition(":")[2].partition("/")[0], arn.rpartition("/")[2]
    if kind == "role" and any(role.arn == arn for role in backend.roles.values()):
        return account.identity_policies(arn), account.limits(principal)
    owners: list[Any] = []
    if kind == "user" and name in backend.users:
        owners = [backend.users[name], *backend.get_groups_for_user(name)]
    elif kind == "group" and name in backend.groups:
        owners = [backend.groups[name]]
    if not owners:
        raise NoSuchEntityException(f"The entity with the specified ARN cannot be found: {arn}")
    return {name: policy for owner in owners for name, policy in account.policies_of(owner).items()}, {}


def make() -> Service:
    """Make the service."""
    provider = IamProvider()
    provider.policy_simulator = Simulator()
    return Service.for_provider(provider, dispatch_table_factory=MotoFallbackDispatcher)
