"""Digests of what was tested, so that only that is deployed."""

import hashlib
import json
from pathlib import Path

_NOT_DEPLOYED = frozenset({"tree.json", "validation-report.json"})


def assembly(folder: Path) -> str:
    """Return the digest of a cloud assembly: of every file that a deploy reads."""
    digest = hashlib.sha256()
    for file in sorted(folder.rglob("*")):
        if file.is_file() and file.name not in _NOT_DEPLOYED and not file.name.endswith(".metadata.json"):
            digest.update(f"{file.relative_to(folder)}\0{_of(file)}\0".encode())
    return f"sha256:{digest.hexdigest()}"


def limiter_zip(folder: Path) -> str:
    """Return the digest of the limiter's zip in an assembly: the one that the limiter's function names."""
    template = json.loads((folder / "HuntazeRateLimiter.template.json").read_text())
    functions = [it for it in template["Resources"].values() if it["Type"] == "AWS::Lambda::Function"]
    key = next(
        it["Properties"]["Code"]["S3Key"] for it in functions if it["Properties"]["Handler"].startswith("huntaze")
    )
    return f"sha256:{_of(folder / f'asset.{key}')}"


def image(log: Path) -> tuple[str, str] | tuple[None, None]:
    """Return digest and platform of the image that a build has told in the last line of its log, if it built one."""
    last = log.read_text().rstrip().rpartition("\n")[2] if log.exists() else ""
    digest, _, platform = last.partition(" ")
    return (digest, platform) if digest.startswith("sha256:") else (None, None)


def _of(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
