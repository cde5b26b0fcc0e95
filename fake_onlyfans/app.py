"""The application: pages behind journal, faults and limit; the control API beside them, behind none."""

import time
from collections.abc import Callable

from starlette.applications import Starlette
from starlette.routing import Mount

from fake_onlyfans.control import routes as control_routes
from fake_onlyfans.faults.gate import FaultGate
from fake_onlyfans.faults.log_in_form import LogInFormGate
from fake_onlyfans.identity import Identify
from fake_onlyfans.journal import Journal
from fake_onlyfans.limits import LimitGate
from fake_onlyfans.pages import pages
from fake_onlyfans.sessions import SESSION_SECONDS
from fake_onlyfans.site import Site


def create_app(
    seed: int = 1, session_seconds: float = SESSION_SECONDS, now: Callable[[], float] = time.time
) -> Starlette:
    """Make a site of its own, with the accounts of the seed."""
    app = Starlette(
        routes=[
            Mount("/_control", routes=control_routes),
            Mount("", app=Identify(Journal(FaultGate(LogInFormGate(LimitGate(site_pages := pages())))))),
        ]
    )
    app.state.site = site_pages.state.site = Site(seed, session_seconds, now)
    return app
