"""moto's AWS and the fake site in one process: ``python -m tests.integration.scraper_world_process``.

Apart from those who speak with it, since every run of tests would import moto.
"""

import json
import logging
import sys
from typing import Any
from unittest import mock

from moto.moto_server.threaded_moto_server import ThreadedMotoServer
from moto.sqs.models import SQSBackend

from fake_onlyfans import running


def _poll_briefly(self: SQSBackend, queue: str, count: int, wait_seconds: int, *others: Any) -> Any:
    """Answer a long poll after a second: moto's does not see the group that comes free while it waits."""
    return _receive(self, queue, count, min(wait_seconds, 1), *others)


_receive = SQSBackend.receive_message


def main() -> None:
    """Serve until the input ends; each line of it changes an account's secrets."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    host, port = moto.get_host_and_port()
    with mock.patch.object(SQSBackend, "receive_message", _poll_briefly), running() as fake:
        print(json.dumps({"aws": f"http://{host}:{port}", "site": fake.url}), flush=True)
        for line in sys.stdin:
            change = json.loads(line)
            name, site = change["account"], fake.site
            site.passwords[name] = change["password"]
            site.accounts[name] = site.accounts[name]._replace(totp_secret=change["totp_secret"])
            print(flush=True)
    moto.stop()


if __name__ == "__main__":
    main()
