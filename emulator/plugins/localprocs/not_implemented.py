"""What is not emulated says so by name: LocalStack answers InternalFailure, and speaks of licences."""

from collections.abc import Callable
from typing import Any

from localstack.runtime import hooks

CODE = "NotImplemented"
STATUS = 501


def message(service: str, operation: str, said: str) -> str:
    """Return the text: the operation's name, what its service says of it if anything, and where to look."""
    detail = f" ({said})" if said and operation not in said else ""
    return f"{service}.{operation} is not emulated{detail}: see docs/emulator-differences.md"


@hooks.on_infra_start()
def say_so() -> None:
    """Answer so from now on."""
    from localstack.aws.api import CommonServiceException  # noqa: PLC0415 - the start needs none of it
    from localstack.aws.handlers.service import ServiceExceptionSerializer  # noqa: PLC0415 - as above
    from localstack.aws.skeleton import Skeleton  # noqa: PLC0415 - as above
    from localstack.utils.patch import patch  # noqa: PLC0415 - as above

    def named(context: Any, exception: Exception) -> CommonServiceException:
        said = str(exception.args[0]) if exception.args else ""
        service = context.service.service_name
        return CommonServiceException(CODE, message(service, context.operation.name, said), status_code=STATUS)

    @patch(Skeleton.on_not_implemented_error)
    def _answer(
        _original: Callable[..., Any], self: Skeleton, serializer: Any, context: Any, exception: NotImplementedError
    ) -> Any:
        return self.on_service_exception(serializer, context, named(context, exception))

    @patch(ServiceExceptionSerializer.create_exception_response)
    def _respond(
        original: Callable[..., Any], self: ServiceExceptionSerializer, exception: Exception, context: Any
    ) -> Any:
        if isinstance(exception, NotImplementedError) and context.operation:
            exception = named(context, exception)
        return original(self, exception, context)
