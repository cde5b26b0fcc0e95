"""What the scraper sends in a page's place, beside what Chromium sends for the page."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from huntaze_scraper.onlyfans.browser import Browser
from huntaze_scraper.onlyfans.site import CHAT_SEND, Site
from huntaze_scraper.onlyfans.tabs import Tabs
from tests.integration.scraper_office import World, chromium

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

PAGE = b"""<!doctype html><button data-testid="chat-send">Send</button><script>
const post = (path) => fetch(path, {method: "POST", headers: {"content-type": "application/json", "sign": "s"}, body: "{}"});
document.querySelector("button").onclick = async () => {
  await post("/api/beside"); await fetch("/api/read");
  post("/api/chats/ana/messages").catch(() => 0);
};
</script>"""
OF_THE_CONNECTION = {"host", "connection", "accept-encoding", "content-length"}
"""HTTP/2 and what Playwright's client can unpack are its own."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    seen: dict[str, dict[str, str]]

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self._answer()

    def _answer(self) -> None:
        headers = {name.lower(): text for name, text in self.headers.items()}
        self.seen[f"{self.command} {self.path}"] = {
            name: text for name, text in headers.items() if name not in OF_THE_CONNECTION
        }
        is_page = self.path.startswith("/my/")
        body = PAGE if is_page else b"{}"
        self.send_response(200)
        self.send_header("content-type", "text/html" if is_page else "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None: ...


@pytest.fixture
def site() -> Iterator[Site]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    Handler.seen = {}
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield Site(f"http://127.0.0.1:{server.server_port}")
    server.shutdown()
    server.server_close()


def test_posts_and_readings_go_as_the_page_would_have_sent_them(place: World, site: Site) -> None:
    """Sec-Fetch-*, languages, origin, referer, client hints: header by header."""

    async def scenario() -> None:
        browser = Browser(chromium(), "de-CH")
        try:
            tab = await Tabs(browser, site, 1).open(None, "")
            async with tab.within(20, "test"):
                await tab.open(site.chat("ana"))
                path = site.messages_path("ana")
                await tab.post(await tab.compose(CHAT_SEND, path), path)
                await tab.get_json(site.messages("ana", 1), 20)
        finally:
            await browser.close()
        sent = Handler.seen
        assert sent["POST /api/chats/ana/messages"] == sent["POST /api/beside"]
        assert sent["GET /api/chats/ana/messages?limit=1"] == sent["GET /api/read"]
        assert sent["GET /api/read"]["sec-fetch-site"] == "same-origin"
        assert sent["GET /api/read"]["accept-language"] == "de-CH"

    place.run(scenario())
