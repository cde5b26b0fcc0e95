"""The form of a saved cloud; imports nothing of LocalStack, so that who starts an emulator can read the manifest, too."""

import io
import json
import zipfile
from typing import Any

FORMAT = 1
"""Counts up with each change that an older reader could not read."""
MANIFEST, HELD = "manifest.json", "held"


class NotReadable(Exception):
    """A file that cannot be read here; the text says why."""


def read(file: bytes) -> tuple[dict[str, Any], bytes]:
    """Return the manifest (``format``, ``saved_at`` in epoch seconds, ``services``), and what is held, as it is pickled.

    Raises:
        NotReadable: it is no such file, or of a newer form.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(file)) as archive:
            told, things = json.loads(archive.read(MANIFEST)), archive.read(HELD)
        form = int(told["format"])
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError):
        raise NotReadable("this is no file that `localprocs save` wrote") from None
    if form > FORMAT:
        raise NotReadable(f"the file is of form {form}; {FORMAT} is the newest known here: take a newer localprocs")
    return told, things
