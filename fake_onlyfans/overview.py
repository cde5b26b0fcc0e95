"""What people see of the site's inside: accounts, the latest messages and requests, active faults."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

from starlette.responses import Response
from starlette.types import Scope

from fake_onlyfans.faults.rules import KINDS
from fake_onlyfans.rendering import render
from fake_onlyfans.site import Exchange, Site, site_of

LATEST = 14
EXCERPT = 160


def overview(site: Site) -> dict[str, Any]:
    """Gather what the overview shows, latest first."""
    sent = Counter(each.account for each in site.conversations.accepted)
    asked = Counter(each.account for each in site.exchanges)
    return {
        "seed": site.seed,
        "now": _clock(site.now()),
        "accounts": [
            {
                "username": each.username,
                "display_name": each.display_name,
                "has_second_factor": each.totp_secret is not None,
                "sessions": site.sessions.count(each.username),
                "requests": asked[each.username],
                "sent": sent[each.username],
            }
            for each in site.accounts.values()
        ],
        "messages": [
            {
                "time": _clock(each.message.time),
                "account": each.account,
                "fan": each.fan,
                "text": each.message.text[:EXCERPT],
            }
            for each in site.conversations.accepted[: -LATEST - 1 : -1]
        ],
        "messages_total": len(site.conversations.accepted),
        "rules": [rule.as_json() for rule in site.rules],
        "limit": site.limit and site.limit.as_json(),
        "exchanges": [_row(each) for each in site.exchanges[: -LATEST - 1 : -1]],
        "exchanges_total": len(site.exchanges),
    }


def overview_page(scope: Scope) -> Response:
    """Answer with the whole page."""
    return render(scope, "overview.html", kinds=KINDS, **overview(site_of(scope)))


def _row(exchange: Exchange) -> dict[str, Any]:
    return {
        "time": _clock(exchange.time),
        "method": exchange.method,
        "path": exchange.path[:EXCERPT],
        "account": exchange.account,
        "status": exchange.status,
        "faults": exchange.faults,
    }


def _clock(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%H:%M:%S")
