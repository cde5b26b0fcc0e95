"""The site as the pipeline meets it: accounts, sessions, conversations; what it took, and when."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.simulation.faults import Fault
from tests.simulation.ground import Ground

ORIGIN = "https://onlyfans.com"
SLOW_SECONDS = (15.0, 25.0)
LIMIT_SECONDS = 30.0
"""What a site that limits asks for."""
MOST_LATE_SECONDS = 100.0
"""After so long at most the site acts on what it did not answer: less than the worker reckons with."""


@dataclass(frozen=True, slots=True)
class Response:
    """An answer."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    is_lost: bool = False
    """It never comes."""
    is_reset: bool = False
    """The connection is reset instead."""
    crashes: bool = False
    """The page that shows it crashes."""
    shows: str = ""
    """What a page shows: its kind, where it is another one than was asked for."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request as the site had it."""

    at: float
    account: str
    method: str
    path: str
    status: int
    process: str


ANSWERS = {
    "site_error": Response(500, {"error": "the site failed"}),
    "challenge": Response(403, {}, {"x-challenge": "1"}),
    "refused_by_site": Response(404, {"error": "no such fan"}),
    "odd_page": Response(200, {"odd": True}, shows="odd"),
    "page_crashed": Response(200, crashes=True),
    "gateway_gave_up": Response(504, None),
    "no_answer": Response(200, is_lost=True),
    "reset": Response(200, is_reset=True),
}
"""What faults answer that have no effect."""


class SiteModel:
    """The site."""

    def __init__(self, world: Ground) -> None:
        self._world = world
        self.passwords: dict[str, str] = {}
        self._sessions: dict[str, str] = {}
        """Accounts by the tokens of their sessions."""
        self.conversations: dict[tuple[str, str], list[dict[str, str]]] = {}
        self.accepted: list[tuple[float, str, str, str]] = []
        """Messages that it took: moment, account, fan, text."""
        self.requests: list[Request] = []
        self.counts: Counter[str] = Counter()
        self.down_until = self.limited_until = 0.0
        self.slow_until: dict[str, float] = {}
        """Until when the site takes its time over what an account asks."""
        self.troubled: dict[str, tuple[float, str]] = {}
        """Until when what an account asks ends as a kind of fault says, by account."""
        self.on_effect: Callable[[str], None] = lambda _account: None
        """Hears of each message that is posted, when it comes in."""
        self.on_limit: Callable[[str, float], None] = lambda _account, _seconds: None
        """Hears of each 429, with its Retry-After."""
        self.on_request: Callable[[str, str], None] = lambda _account, _method: None
        self.secrets: list[str] = []
        """Every token that it ever gave, and password that it had."""

    def open_account(self, account: str, password: str) -> None:
        self.passwords[account] = password
        self.secrets.append(password)

    def change_password(self, account: str, password: str) -> None:
        self.passwords[account] = password
        self.secrets.append(password)

    def end_sessions(self, account: str) -> None:
        self._sessions = {token: name for token, name in self._sessions.items() if name != account}

    def log_in(self, username: str, password: str) -> Response:
        """Answer the log-in form."""
        if self._is_down:
            return _failed(503)
        self._note(username, "POST", "/api/login", 200)
        if self.passwords.get(username) != password:
            return Response(401, {"error": "wrong"})
        token = f"session-{self._world.token()}"
        self._sessions[token] = username
        self.secrets.append(token)
        return Response(200, {"token": token})

    def respond(self, method: str, url: str, token: str, text: str = "") -> Response:
        """Answer a request of a session."""
        path = unquote(urlsplit(url).path)
        account = self._sessions.get(token, "")
        fault = self._world.ambush_request(account, method, path)
        self.on_request(account, method)
        if self._is_down:
            return self._note(account, method, path, 503, _failed(503))
        if not account:
            return self._note("", method, path, 401, Response(401, {"error": "who?"}))
        until, kind = self.troubled.get(account, (0.0, ""))
        if self._world.loop.time() < until:
            fault = Fault(at=0, kind=kind)
        if self._world.loop.time() < self.limited_until:
            fault = Fault(at=0, kind="limited", seconds=LIMIT_SECONDS)
        response = self._effect_of(fault, account, method, path, url, text)
        return self._note(account, method, path, response.status, response)

    def slowness(self, token: str) -> float:
        """Return how much longer a request of a session takes than it should, seconds."""
        if self._world.loop.time() >= self.slow_until.get(self._sessions.get(token, ""), 0.0):
            return 0.0
        return self._world.random.uniform(*SLOW_SECONDS)

    @property
    def _is_down(self) -> bool:
        return self._world.loop.time() < self.down_until

    def _note(self, account: str, method: str, path: str, status: int, response: Response | None = None) -> Response:
        world = self._world
        self.requests.append(Request(world.now(), account, method, path, status, world.loop.current.name))
        world.trace(world.loop.current.name, "site", f"{method} {path}", account, str(status))
        return response or Response(status)

    def _effect_of(self, fault: Fault | None, account: str, method: str, path: str, url: str, text: str) -> Response:
        is_post = method == "POST"
        kind = fault.kind if fault else ""
        if is_post:
            self.on_effect(account)
        if not kind:
            return self._answer(account, method, path, url, text)
        if kind == "limited" and fault:
            self.on_limit(account, float(int(fault.seconds or 60)))
            return Response(429, {"error": "slow down"}, {"retry-after": str(int(fault.seconds or 60))})
        if kind in ANSWERS:
            return ANSWERS[kind]
        if is_post and kind.endswith("_late"):
            world = self._world
            world.loop.call_later(
                world.random.uniform(1, MOST_LATE_SECONDS), self._post, account, path, text, context=world.context
            )
        elif is_post and kind.endswith("_acted"):
            self._post(account, path, text)
        if kind == "site_error_acted":
            return _failed(500)
        if kind.startswith("gateway"):
            return Response(504, None)
        return Response(200, is_lost=True)

    def _answer(self, account: str, method: str, path: str, url: str, text: str) -> Response:
        date = {"date": formatdate(self._world.now(), usegmt=True)}
        if method == "POST":
            return Response(201, self._post(account, path, text), date)
        if path.startswith("/api/chats/"):
            query = parse_qs(urlsplit(url).query)
            return Response(200, self._page(account, path.split("/")[3], query), date)
        return Response(200, {}, date)

    def _page(self, account: str, fan: str, query: dict[str, list[str]]) -> dict[str, Any]:
        whole = self.conversations.get((account, fan), [])
        limit, before = int(query["limit"][0]), query.get("before", [None])[0]
        end = next((at for at, each in enumerate(whole) if each["id"] == before), len(whole))
        start = max(end - limit, 0)
        return {"messages": whole[start:end][::-1], "has_more": start > 0}

    def _post(self, account: str, path: str, text: str) -> dict[str, str]:
        fan = path.split("/")[3]
        self.accepted.append((self._world.now(), account, fan, text))
        self._world.trace("site", "took", f"message for {fan}", account, text)
        return self.write(account, fan, "me", text)

    def write(self, account: str, fan: str, author: str, text: str) -> dict[str, str]:
        """Add a message to a conversation."""
        self.counts["messages"] += 1
        written = datetime.fromtimestamp(self._world.now(), UTC).isoformat(timespec="milliseconds")
        message = {"id": str(self.counts["messages"]), "author": author, "text": text, "created_at": written}
        self.conversations.setdefault((account, fan), []).append(message)
        return message

    def messages(self) -> list[dict[str, str]]:
        """Return the messages that it took, as the fake site tells them."""
        return [{"account": account, "fan": fan, "text": text} for _, account, fan, text in self.accepted]


def _failed(status: int) -> Response:
    return Response(status, {"error": "the site failed"})
