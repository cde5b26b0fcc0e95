"""Where LocalStack finds the provider: PROVIDER_OVERRIDE_CLOUDFORMATION=whole."""

from localstack.services.plugins import Service, aws_provider


@aws_provider(api="cloudformation", name="whole")
def cloudformation() -> Service:
    """Make the service."""
    from localprocs.cloudformation.provider import CloudFormation  # noqa: PLC0415 - imported with the first call

    return Service.for_provider(CloudFormation())
