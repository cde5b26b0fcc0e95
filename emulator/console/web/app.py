"""The console as an ASGI application: pages, their live parts, and, over a harness, what changes something."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from botocore.exceptions import BotoCoreError, ClientError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from emulator.console.reading import clock, traces
from emulator.console.reading.clock import WallTimes
from emulator.console.reading.place import Place
from emulator.console.web import pages, viewer
from emulator.console.web.changing import LONGEST_ON_AWS_SECONDS, LONGEST_SECONDS, Changing
from emulator.console.web.guard import Guard
from emulator.console.web.pages import PAGES, Asked, NoSuchPage, Page
from emulator.drawing import rendering
from huntaze_scraper.operations.errors import TellOperator

WAY_STYLE = Path(rendering.__file__).parent / "way.css"
STATIC = Path(__file__).parents[1] / "static"

type FindPlace = Callable[[], Place]
RESTS = 3.0
"""How many times as long as it looked a page waits before it looks again."""
NOTICE_SECONDS = 30.0
TROUBLE = (TellOperator, httpx.HTTPError, ClientError, BotoCoreError, OSError)


@dataclass(frozen=True)
class Notice:
    """A few words about a change, shown for a while on every page."""

    text: str = ""
    is_bad: bool = False
    told: float = field(default_factory=time.monotonic)

    @property
    def is_new(self) -> bool:
        """Whether it is still worth showing."""
        return time.monotonic() - self.told < NOTICE_SECONDS


class Console:
    """The pages over one pipeline, which is found anew at each look: a harness may end and another begin."""

    def __init__(self, find_place: FindPlace, *, can_change: bool) -> None:
        """Show the place that is found."""
        self._find_place = find_place
        self.can_change = can_change
        self.walls = WallTimes()
        # What runs on AWS is somebody's account, where each look costs.
        self._changing = Changing(find_place, LONGEST_SECONDS if can_change else LONGEST_ON_AWS_SECONDS)
        self.boot = secrets.token_hex(4)
        """Names this process: a page of an earlier one loads itself anew."""
        self.notice = Notice()
        """What came of what this console was last asked to do."""
        self.viewer_origin = ""
        """Where traces are shown."""

    def place(self) -> Place:
        """Find it. Raises TellOperator where none is up."""
        return self._find_place()

    def ask(self, page: Page, path: Mapping[str, str], query: Mapping[str, str]) -> dict[str, Any]:
        """Gather what a page shows."""
        place = self.place()
        if page.needs_harness and place.run is None:
            raise NoSuchPage("this is only there over a harness")
        strip = clock.read(place)
        asked = Asked(place=place, strip=strip, walls=self.walls, path=path, query=query)
        return self.frame(place, strip) | page.read(asked)

    def frame(self, place: Place, strip: clock.Strip) -> dict[str, Any]:
        """Return what every page needs."""
        run = place.run
        return {
            "strip": strip,
            "boot": self.boot,
            "can_change": self.can_change and run is not None,
            "token": run.control_token if run and self.can_change else "",
            "site_url": run.site_url if run else "",
            "notice": self.notice if self.notice.is_new else Notice(),
            "way_of": "the emulator" if run else "AWS",
        }

    async def show(self, request: Request, page: Page, path: Mapping[str, str]) -> Response:
        """Answer with a whole page."""
        try:
            facts = await run_in_threadpool(self.ask, page, path, dict(request.query_params))
        except NoSuchPage as error:
            return self.trouble(str(error), 404)
        except TROUBLE as error:
            return self.trouble(_told(error), 503)
        live = f"/live{request.url.path}" + (f"?{request.url.query}" if request.url.query else "")
        return HTMLResponse(rendering.page(page.template, live=live, here=request.url.path, **facts))

    def trouble(self, text: str, status: int, back: str = "") -> Response:
        """Answer with a page that says what is wrong, and looks again by itself, or leads back."""
        return HTMLResponse(rendering.page("trouble.html", text=text, boot=self.boot, back=back), status)

    async def trace(self, request: Request) -> Response:
        """Lead to the viewer with a job's trace, or say how to have one."""
        job_id = request.path_params["id"]
        try:
            return RedirectResponse(await run_in_threadpool(self._trace, job_id), 303)
        except (NoSuchPage, *TROUBLE) as error:
            return self.trouble(_told(error), 404, back=f"/jobs/{job_id}")

    def _trace(self, job_id: str) -> str:
        place = self.place()
        strip = clock.read(place)
        facts = pages.job(Asked(place=place, strip=strip, walls=self.walls, path={"id": job_id}))
        return viewer.address(self.viewer_origin, traces.keep(place, facts["history"], facts["way"]))

    async def picture(self, request: Request) -> Response:
        """Answer with a picture that a job left in the results bucket."""
        try:
            body = await run_in_threadpool(self._object, f"results/{request.path_params['key']}")
        except TROUBLE:
            return self.trouble("there is no such picture", 404)
        if not body.startswith(b"\x89PNG"):
            return self.trouble("that is no picture", 404)
        return Response(body, media_type="image/png")

    def _object(self, key: str) -> bytes:
        target = self.place().target
        return target.clients.s3.get_object(Bucket=target.results_bucket, Key=key)["Body"].read()

    async def live(self, request: Request) -> Response:
        """Stream a page's changing parts as they change."""
        address = f"/{request.path_params['path']}"
        for page in PAGES:
            path = page.matches(address)
            if path is not None:
                events = self._events(page, path, dict(request.query_params))
                return StreamingResponse(events, media_type="text/event-stream")
        return self.trouble("there is no such page", 404)

    async def _events(self, page: Page, path: Mapping[str, str], query: Mapping[str, str]) -> AsyncIterator[str]:
        yield _event("boot", self.boot)
        shown: dict[str, str] = {}
        async with self._changing.watched():
            while True:
                begun, seen = time.monotonic(), self._changing.count
                fresh = await self._parts(page, path, query)
                for name, text in fresh.items():
                    if text != shown.get(name):
                        yield _event(name, text)
                if fresh == shown:
                    yield ": still here\n\n"
                shown = fresh
                # However much happens, a page that is open leaves most of the time to others: while the emulator
                # answers it, no time is skipped.
                await asyncio.sleep(RESTS * (time.monotonic() - begun))
                await self._changing.beyond(seen)

    async def _parts(self, page: Page, path: Mapping[str, str], query: Mapping[str, str]) -> dict[str, str]:
        """Return what changes of a page, or what is the matter."""
        try:
            facts = await run_in_threadpool(self.ask, page, path, query)
        except (NoSuchPage, *TROUBLE) as error:
            return {"trouble": _told(error)}
        return {
            "strip": rendering.page("strip.html", **facts),
            "live": rendering.live_part(page.template, **facts),
        }


def create_app(console: Console, changes: list[BaseRoute] | None = None) -> Starlette:
    """Return the application; what changes something is routed only where it is given."""
    routes: list[BaseRoute] = [
        Route("/live/{path:path}", console.live),
        Route("/live", console.live),
        Route("/way.css", lambda _: FileResponse(WAY_STYLE)),
        Mount("/static", StaticFiles(directory=STATIC)),
        Route("/results/{key:path}", console.picture),
        Route("/jobs/{id}/trace", console.trace),
        *(changes or ()),
        *(Route(page.pattern, _shown(console, page)) for page in PAGES),
    ]
    return Starlette(routes=routes, middleware=[Middleware(Guard)])


def _shown(console: Console, page: Page) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        return await console.show(request, page, request.path_params)

    return endpoint


def _event(name: str, text: str) -> str:
    lines = "".join(f"data: {line}\n" for line in text.splitlines())
    return f"event: {name}\n{lines}\n"


def _told(error: Exception) -> str:
    if isinstance(error, TellOperator | NoSuchPage):
        return str(error)
    return f"the pipeline does not answer ({type(error).__name__}): it has ended, or is just starting"
