"""Puts our resource types into LocalStack's CloudFormation when the emulator starts."""

from localstack.runtime import hooks


@hooks.on_infra_start()
def prefer_our_resource_types() -> None:
    """Prepare; the types themselves are imported with the first of them."""
    from localprocs.cloudformation import registry  # noqa: PLC0415 - hooks are imported before LocalStack is set up

    registry.install()
