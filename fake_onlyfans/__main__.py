"""``python -m fake_onlyfans``: the fake site as a process."""

import argparse
import asyncio
import logging
import os
import sys
from pathlib import Path

from fake_onlyfans.server import listen, serve
from fake_onlyfans.sessions import SESSION_SECONDS


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM."""
    options = _parser().parse_args(arguments)
    handler = logging.FileHandler(options.log) if options.log else logging.StreamHandler(sys.stderr)
    logging.basicConfig(level=logging.WARNING, handlers=[handler], format="%(message)s")
    logging.getLogger("fake_onlyfans").setLevel(logging.INFO)
    try:
        listening = listen(options.host, options.port)
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        sys.stderr.write(f"fake_onlyfans: cannot listen on {options.host}:{options.port}: {reason}\n")
        return 1
    asyncio.run(serve(listening, options.seed, options.session_seconds))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m fake_onlyfans", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0, the default, is any free one")
    parser.add_argument("--seed", type=int, default=1, help="what accounts, fans, profiles and media are made from")
    parser.add_argument("--session-seconds", type=float, default=SESSION_SECONDS, help="how long a session lasts")
    parser.add_argument("--log", type=Path, help="file for the log of requests, a line of JSON each; else stderr")
    return parser


if __name__ == "__main__":
    sys.exit(main())
