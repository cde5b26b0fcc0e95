"""The files that are tested: a commit, and what stands there uncommitted."""

import hashlib
import subprocess

from emulator.harness import places

_WRITTEN_BY_THE_GATE = ":!docs/requirements.md"


def commit() -> str:
    """Return the commit's id."""
    return _git("rev-parse", "HEAD").strip()


def is_clean() -> bool:
    """Whether everything is committed."""
    return not _git("status", "--porcelain", "--", ".", _WRITTEN_BY_THE_GATE)


def state() -> str:
    """Return a digest of the commit and of all that is not in it."""
    digest = hashlib.sha256(f"{commit()}\n{_git('diff', 'HEAD', '--', '.', _WRITTEN_BY_THE_GATE)}".encode())
    for name in _git("ls-files", "--others", "--exclude-standard", "-z").split("\0"):
        file = places.ROOT / name
        digest.update(f"\0{name}\0".encode() + (file.read_bytes() if name and file.is_file() else b""))
    return digest.hexdigest()


def _git(*arguments: str) -> str:
    command = ["git", "-C", str(places.ROOT), *arguments]
    return subprocess.run(command, capture_output=True, check=False).stdout.decode(errors="replace")
