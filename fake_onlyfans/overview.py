"""What people see of the site's inside: accounts, the latest messages and requests, active faults."""

from typing import Any

from fake_onlyfans.site import Site

LATEST = 12


def overview(site: Site) -> dict[str, Any]:
    """Gather what the overview shows, latest first."""
    sent: dict[str, int] = {}
    for each in site.conversations.accepted:
        sent[each.account] = sent.get(each.account, 0) + 1
    return {
        "seed": site.seed,
        "accounts": [
            (each, sent.get(each.username, 0), site.sessions.count(each.username)) for each in site.accounts.values()
        ],
        "accepted": site.conversations.accepted[: -LATEST - 1 : -1],
        "accepted_total": len(site.conversations.accepted),
        "rules": [rule.as_json() for rule in site.rules],
        "limit": site.limit and site.limit.as_json(),
        "exchanges": site.exchanges[: -LATEST - 1 : -1],
        "exchanges_total": len(site.exchanges),
    }
