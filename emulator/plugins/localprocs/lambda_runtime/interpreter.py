"""The Python that a function sees: the standard library, AWS's runtime client and boto3, and nothing of the emulator's."""

import importlib.util
import os
import sys
import tempfile
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

RUNTIME = f"python{sys.version_info.major}.{sys.version_info.minor}"

OFFERED = (
    "awslambdaric", "snapshot_restore_py", "simplejson",
    "boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six", "urllib3",
)  # fmt: skip
"""What AWS's Python runtime holds beside the standard library."""

EMULATOR_ONLY = ("LOCALSTACK_", "EDGE_PORT")
"""Variables that LocalStack sets for its own runtime and AWS's does not have."""


def command(handler: str) -> list[str]:
    """Start the runtime client without any site-packages."""
    return [_base_python(), "-S", "-s", "-m", "awslambdaric", handler]


def environment(
    variables: Mapping[str, object],
    *,
    task_root: Path,
    layers: Iterable[Path],
    scratch: Path,
    inherited: Mapping[str, str],
) -> dict[str, str]:
    """Turn LocalStack's variables into those of the runtime; only the clock's are inherited."""
    runtime_dir = runtime_directory()
    library = f"lib/{RUNTIME}/site-packages"
    paths = [path for layer in layers for path in (layer / "python" / library, layer / "python") if path.is_dir()]
    taken = {name: str(value) for name, value in variables.items() if not name.startswith(EMULATOR_ONLY)}
    clock = {name: value for name, value in inherited.items() if name == "LD_PRELOAD" or name.startswith("VCLOCK_")}
    return {
        "PATH": os.pathsep.join([str(Path(_base_python()).parent), "/usr/local/bin", "/usr/bin", "/bin"]),
        "LANG": "en_US.UTF-8",
        "TMPDIR": str(scratch),
        "PYTHONPATH": os.pathsep.join(map(str, [*paths, runtime_dir])),
        **clock,
        **taken,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{RUNTIME}",
        "LAMBDA_TASK_ROOT": str(task_root),
        "LAMBDA_RUNTIME_DIR": str(runtime_dir),
    }


@cache
def runtime_directory() -> Path:
    """Make the stand-in for /var/runtime: links to what is offered, wherever the emulator has it installed."""
    directory = Path(tempfile.mkdtemp(prefix="lambda-runtime-"))
    for name in OFFERED:
        found = importlib.util.find_spec(name)
        if found is None or found.origin is None:
            raise ModuleNotFoundError(f"the Lambda runtime needs {name}", name=name)
        origin = Path(found.origin)
        target = origin.parent if origin.stem == "__init__" else origin
        (directory / target.name).symlink_to(target)
    for module in (Path(__file__).parent / "in_function").glob("*.py"):
        (directory / module.name).symlink_to(module)
    return directory


def _base_python() -> str:
    return getattr(sys, "_base_executable", sys.executable)
