"""Has the emulator serve checkpoints, and what it holds as a file; what that takes is imported with the first."""

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
    ROUTER.add("/_emulator/state", _state, methods=["GET", "PUT"])
    ROUTER.add("/_emulator/checkpoints", _make, methods=["POST"])
    ROUTER.add("/_emulator/checkpoints/<int:number>", _serve, methods=["POST", "DELETE"])


def _make(_request: Request) -> Response:
    return _checkpoints().make()


def _state(request: Request) -> Response:
    """Write all that is held, or read it."""
    from localprocs.state import saved  # noqa: PLC0415 - see above
    from localprocs.state.format import NotReadable  # noqa: PLC0415

    try:
        if request.method == "GET":
            return Response(saved.save(), mimetype="application/zip")
        saved.load(request.get_data())
    except (saved.NotSaved, NotReadable) as error:
        return Response.for_json({"error": str(error)}, status=400)
    return Response.for_json({})


def _serve(request: Request, number: int) -> Response:
    return _checkpoints().serve(request.method, number)


def _checkpoints() -> "Checkpoints":
    from localprocs.state.checkpoints import Checkpoints  # noqa: PLC0415 - see above

    if not _made:
        _made.append(Checkpoints())
    return _made[0]
