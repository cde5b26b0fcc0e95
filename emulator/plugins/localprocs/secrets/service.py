"""LocalStack's Secrets Manager with our rotation."""

from localstack.services.moto import MotoFallbackDispatcher
from localstack.services.plugins import Service
from localstack.services.secretsmanager.provider import SecretsmanagerProvider
from moto.secretsmanager.models import SecretsManagerBackend

from localprocs.secrets.rotation import Rotations, rotate_secret


def make() -> Service:
    """Make the service and start to look for secrets that are due."""
    SecretsManagerBackend.rotate_secret = rotate_secret
    Rotations().start()
    return Service.for_provider(SecretsmanagerProvider(), dispatch_table_factory=MotoFallbackDispatcher)
