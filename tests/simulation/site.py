"""The site as the pipeline meets it: accounts, sessions, conversations; what it took, and when."""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.simulation.faults import Fault
from tests.simulation.ground import Ground
from tests.simulation.loop import EPOCH

ORIGIN = "https://onlyfans.com"
_ABOUT = re.compile(r"/(?:api/chats|my/chats/chat)/([^/]+)")
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
    kills: bool = False
    """Who asked is dead when it comes."""
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


REWRITES = {"...": "…", ":)": "🙂"}
"""What a site of such a kind makes of every text."""
OLD_SECONDS = 400 * 86_400.0
"""How long before the world began a conversation was written that there was before."""
READER = "reader"
"""With fans whose names begin so there is a long conversation."""
LONG = 130
"""Messages of it: three pages."""
ANSWERS = {
    "site_error": Response(500, {"error": "the site failed"}),
    "site_error_and_deleted": Response(500, {"error": "the site failed"}),
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
        self.forgotten: dict[tuple[str, str], dict[str, float]] = {}
        """When each message was deleted, by its id: until then who read it was told the truth."""
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
        self.on_given: Callable[[str, str], None] = lambda _account, _what: None
        """Hears of each file, and each further page of a conversation, that is given out whole."""
        self.troubled_fans: dict[tuple[str, str], float] = {}
        """Until when the site fails for what an account asks about a fan."""
        self.stuck_until: dict[str, float] = {}
        """Until when an account's conversations end with the same page again and again."""
        self.refuses_log_in: dict[str, float] = {}
        """Until when an account is not let in, whatever it says."""
        self.expired_status = world.random.choice([401, 403])
        """What the site's API answers to a session that is over; its pages always show the log-in."""
        self.originals: dict[str, str] = {}
        """What was written, by what became of it when it was typed."""
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
        if self._world.loop.time() < self.refuses_log_in.get(username, 0.0):
            return Response(403, {"error": "not now"})
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
            status = self.expired_status if path.startswith("/api/") else 401
            return self._note("", method, path, status, Response(status, {"error": "who?"}))
        until, kind = self.troubled.get(account, (0.0, ""))
        until = max(until, self.troubled_fans.get((account, _fan(path)), 0.0))
        kind = kind or "site_error"
        if self._world.loop.time() < until:
            fault = Fault(at=0, kind=kind)
        if self._world.loop.time() < self.limited_until:
            fault = Fault(at=0, kind="limited", seconds=LIMIT_SECONDS)
        response = self._effect_of(fault, account, method, path, url, text)
        return self._note(account, method, path, response.status, response)

    def slowness(self, token: str) -> float:
        """Return how much longer a request of a session takes than it should, seconds."""
        return self.slowness_of(self.account_of(token))

    def slowness_of(self, account: str) -> float:
        """Return the same for an account."""
        if self._world.loop.time() >= self.slow_until.get(account, 0.0):
            return 0.0
        return self._world.random.uniform(*SLOW_SECONDS)

    def account_of(self, token: str) -> str:
        """Return whose session a token is of; empty for nobody's."""
        return self._sessions.get(token, "")

    def as_typed(self, token: str, text: str) -> str:
        """Return what the site's input field makes of a text as it is typed."""
        typed = self.as_kept(self.account_of(token), text)
        self.originals[typed] = text
        return typed

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
        if kind in ("", "killed_at_request"):
            return replace(self._answer(account, method, path, url, text), kills=bool(kind))
        if kind == "site_error_and_deleted" and is_post:
            self._forget_newest(account, _fan(path))
        if kind == "limited" and fault:
            self.on_limit(account, float(int(fault.seconds or 60)))
            return Response(429, {"error": "slow down"}, {"retry-after": str(int(fault.seconds or 60))})
        if kind in ANSWERS:
            return ANSWERS[kind]
        if is_post and kind.endswith("_late"):
            # In the world's own time: whoever asked may sleep or be dead by then.
            self._world.later(self._world.random.uniform(1, MOST_LATE_SECONDS), lambda: self._post(account, path, text))
        elif is_post and kind.endswith("_acted"):
            self._post(account, path, text)
        return ANSWERS[kind.partition("_acted")[0]]

    def _forget_newest(self, account: str, fan: str) -> None:
        """Let a fan delete what they wrote last."""
        conversation = self._conversation(account, fan)
        if conversation and conversation[-1]["author"] == "fan":
            self.forgotten.setdefault((account, fan), {})[conversation.pop()["id"]] = self._world.now()

    def _answer(self, account: str, method: str, path: str, url: str, text: str) -> Response:
        date = {"date": formatdate(self._world.now(), usegmt=True)}
        if method == "POST":
            return Response(201, self._post(account, path, text), date)
        if path.startswith("/api/chats/"):
            query = parse_qs(urlsplit(url).query)
            if "before" in query and not self._is_stuck(account):
                self.on_given(account, f"{_fan(path)} before {query['before'][0]}")
            return Response(200, self._page(account, _fan(path), query), date)
        if path.endswith(".png"):
            self.on_given(account, path)
        return Response(200, {}, date)

    def _page(self, account: str, fan: str, query: dict[str, list[str]]) -> dict[str, Any]:
        whole = self._conversation(account, fan)
        if self._is_stuck(account) and int(query["limit"][0]) > 1:
            return {"messages": whole[-int(query["limit"][0]) :][::-1], "has_more": bool(whole)}
        limit, before = int(query["limit"][0]), query.get("before", [None])[0]
        end = next((at for at, each in enumerate(whole) if each["id"] == before), len(whole))
        start = max(end - limit, 0)
        return {"messages": whole[start:end][::-1], "has_more": start > 0}

    def _post(self, account: str, path: str, text: str) -> dict[str, str]:
        fan = _fan(path)
        self.accepted.append((self._world.now(), account, fan, self.originals.get(text, text)))
        self._world.trace("site", "took", f"message for {fan}", account, text)
        return self.write(account, fan, "me", text)

    def write(self, account: str, fan: str, author: str, text: str) -> dict[str, str]:
        """Add a message to a conversation."""
        message = self._message(author, self.as_kept(account, text), self._world.now())
        self._conversation(account, fan).append(message)
        return message

    def as_kept(self, account: str, text: str) -> str:
        """Return what the site makes of a text."""
        if "rewrites" in self._world.plan.traits.get(account, ()):
            for written, kept in REWRITES.items():
                text = text.replace(written, kept)
        return text

    def _conversation(self, account: str, fan: str) -> list[dict[str, str]]:
        """Return a conversation, with what stood in it before the world began."""
        key = (account, fan)
        if key not in self.conversations:
            old = EPOCH - OLD_SECONDS
            texts = [("fan", f"{number} of long ago") for number in range(LONG if fan.startswith(READER) else 0)]
            if "remembers" in self._world.plan.traits.get(account, ()):
                jobs = [it.payload for it in self._world.plan.jobs if it.payload["creator_id"] == account]
                texts += [
                    ("me", it["message_content"]) for it in jobs if it.get("user_id") == fan and "message_content" in it
                ]
                texts += [("fan", "thank you")]
            self.conversations[key] = [
                self._message(who, text, old + 60.0 * place) for place, (who, text) in enumerate(texts)
            ]
            if texts and not fan.startswith(READER):
                self.conversations[key].append(self._message("fan", "are you there?", EPOCH - 100))
        return self.conversations[key]

    def _is_stuck(self, account: str) -> bool:
        return self._world.loop.time() < self.stuck_until.get(account, 0.0)

    def _message(self, author: str, text: str, at: float) -> dict[str, str]:
        self.counts["messages"] += 1
        written = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
        return {"id": str(self.counts["messages"]), "author": author, "text": text, "created_at": written}

    def messages(self) -> list[dict[str, str]]:
        """Return the messages that it took, as the fake site tells them."""
        return [{"account": account, "fan": fan, "text": text} for _, account, fan, text in self.accepted]


def _fan(path: str) -> str:
    """Return the fan that a request is about; empty where it is about none."""
    found = _ABOUT.match(path)
    return found[1] if found else ""


def _failed(status: int) -> Response:
    return Response(status, {"error": "the site failed"})
