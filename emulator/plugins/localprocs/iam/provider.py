"""Where LocalStack finds the provider: PROVIDER_OVERRIDE_IAM=evaluated."""

from localstack.services.plugins import Service, aws_provider


@aws_provider(api="iam", name="evaluated")
def iam() -> Service:
    """Make the service."""
    from localprocs.iam import simulator  # noqa: PLC0415 - imported with the first call

    return simulator.make()
