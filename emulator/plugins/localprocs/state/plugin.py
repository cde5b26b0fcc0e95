"""Has the emulator serve checkpoints; what they take is imported with the first."""

from typing import TYPE_CHECKING

from localstack.http import Request, Response
from localstack.runtime import hooks
from localstack.services.edge import ROUTER

if TYPE_CHECKING:
    from localprocs.state.checkpoints import Checkpoints

_made: "list[Checkpoints]" = []


@hooks.on_infra_start()
def serve_checkpoints() -> None:
    """Answer from now on."""
    ROUTER.add("/_emulator/checkpoints", _make, methods=["POST"])
    ROUTER.add("/_emulator/checkpoints/<int:number>", _serve, methods=["POST", "DELETE"])


def _make(_request: Request) -> Response:
    return _checkpoints().make()


def _serve(request: Request, number: int) -> Response:
    return _checkpoints().serve(request.method, number)


def _checkpoints() -> "Checkpoints":
    from localprocs.state.checkpoints import Checkpoints  # noqa: PLC0415 - see above

    if not _made:
        _made.append(Checkpoints())
    return _made[0]
