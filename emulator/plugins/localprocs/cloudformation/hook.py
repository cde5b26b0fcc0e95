"""Puts our resource types into LocalStack's CloudFormation when the emulator starts."""

from localstack.http import Request, Response
from localstack.runtime import hooks
from localstack.services.edge import ROUTER


@hooks.on_infra_start()
def prefer_our_resource_types() -> None:
    """Prepare; the types themselves are imported with the first of them."""
    from localprocs.cloudformation import registry  # noqa: PLC0415 - hooks are imported before LocalStack is set up

    registry.install()


@hooks.on_infra_start()
def take_custom_resources_answers() -> None:
    """Listen at the address that a custom resource's function answers to."""
    ROUTER.add("/_emulator/cloudformation/answers/<token>", _take, methods=["PUT"])


def _take(request: Request, token: str) -> Response:
    from localprocs.cloudformation.custom_resources.answers import book  # noqa: PLC0415 - see above

    return Response(status=200 if book.take(token, request.get_data()) else 403)
