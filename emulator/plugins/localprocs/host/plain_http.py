"""A call to what runs on this machine: no proxy, no certificates, a connection of its own."""

from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

TIMEOUT_SECONDS = 30.0


def call(method: str, url: str, body: str | bytes = b"", timeout: float = TIMEOUT_SECONDS) -> tuple[int, bytes]:
    """Return the answer's status and body.

    Raises:
        OSError: nobody answered, or not in time.
    """
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=timeout)
    try:
        connection.request(method, f"{parts.path}?{parts.query}" if parts.query else parts.path, body or None)
        answer = connection.getresponse()
        return answer.status, answer.read()
    except HTTPException as error:
        raise ConnectionError(f"{url} answered no HTTP: {error!r}") from error
    finally:
        connection.close()
