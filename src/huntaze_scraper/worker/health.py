"""``python -m huntaze_scraper.worker.health``: the container's health check.

A process every 30 s beside the browser: it imports the least, and takes little more than an interpreter that does nothing.
The module ``socket``, and its look for what a host's name may mean, would double that.
"""

import os
import sys
from _socket import AF_INET, SOCK_STREAM, socket

CHECK_SECONDS = 5.0
WELL = b"HTTP/1.1 200 "


def check(port: int) -> bool:
    """Ask this machine's /health."""
    answer = b""
    connection = socket(AF_INET, SOCK_STREAM)
    try:
        connection.settimeout(CHECK_SECONDS)
        connection.connect(("127.0.0.1", port))
        connection.sendall(b"GET /health HTTP/1.0\r\n\r\n")
        while len(answer) < len(WELL) and (more := connection.recv(100)):
            answer += more
    except OSError:
        return False
    finally:
        connection.close()
    return answer.startswith(WELL)


if __name__ == "__main__":
    sys.exit(0 if check(int(os.environ.get("HEALTH_PORT", "3000"))) else 1)
