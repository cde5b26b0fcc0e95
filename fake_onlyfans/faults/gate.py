"""The gate: puts the faults of the matching rules around the site, request by request."""

from starlette.types import ASGIApp, Receive, Scope, Send

from fake_onlyfans.identity import identity_of
from fake_onlyfans.site import site_of


class FaultGate:
    """Several rules may match: the first is outermost. One that answers by itself keeps the later ones for next time."""

    def __init__(self, app: ASGIApp) -> None:
        """Put the faults around ``app``."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the request through every matching rule."""
        site = site_of(scope)
        request = scope["method"], scope["path"], identity_of(scope), site.now()
        app = self.app
        for rule in reversed([rule for rule in site.rules if rule.counts(*request)]):
            app = rule.guard(app)
        await app(scope, receive, send)
