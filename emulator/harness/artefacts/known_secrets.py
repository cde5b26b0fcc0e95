"""Every secret that a running harness has: the site's passwords, secrets' values, sessions' cookies."""

import gzip
import json
from collections.abc import Iterator

from emulator.harness.run_file import Run
from emulator.harness.site_control import SiteControl


def of(run: Run) -> Iterator[str]:
    """Tell them as they are now. Raises ClientError, BotoCoreError or HTTPError where a part does not answer."""
    for page in run.clients.secretsmanager.get_paginator("list_secrets").paginate():
        for secret in page["SecretList"]:
            held = run.clients.secretsmanager.get_secret_value(SecretId=secret["ARN"])
            yield from _values(held.get("SecretString", ""))
    for account in SiteControl(run.site_url).accounts():
        yield from (account[name] for name in ("password", "totp_secret") if account.get(name))
    for scanned in run.clients.dynamodb.get_paginator("scan").paginate(TableName=run.state_table):
        for item in scanned["Items"]:
            if "B" in item.get("state", {}):
                session = json.loads(gzip.decompress(item["state"]["B"]))
                yield from (cookie["value"] for cookie in session.get("cookies", []))


def _values(secret: str) -> Iterator[str]:
    """Tell what is secret in a secret: each of its fields but the name, or the whole where it has none."""
    try:
        held = json.loads(secret)
    except ValueError:
        held = None
    fields = held if isinstance(held, dict) else {"": secret}
    yield from (value for name, value in fields.items() if name != "username" and value and isinstance(value, str))
