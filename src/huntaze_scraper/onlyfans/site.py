"""The site's addresses and markup. Nothing else in the package knows one of them."""

import re
from dataclasses import dataclass
from urllib.parse import quote, urlencode, urljoin, urlsplit

from huntaze_scraper.errors import Refused

USERNAME_INPUT = "input[name=username]"
PASSWORD_INPUT = "input[name=password]"  # noqa: S105 - a selector
CODE_INPUT = "input[name=code]"
LOGIN_BUTTON = f"form:has({USERNAME_INPUT}) button[type=submit]"
CODE_BUTTON = f"form:has({CODE_INPUT}) button[type=submit]"
LOGIN_ERROR = "[data-testid=login-error]"
LOGIN_SHOWN = "[data-testid=login-form], input[type=password], input[name=password]"
"""What no page has, but for the log-in and that of the account's password, which no job opens."""

CHAT_INPUT = "[data-testid=chat-input]"
CHAT_SEND = "[data-testid=chat-send]"


@dataclass(frozen=True, slots=True)
class Element:
    """Something that a page shows."""

    selector: str
    is_required: bool = True
    """Whether a page without it is another page; of one that may be missing, none is told."""


PROFILE_TEXTS = {
    "name": Element("[data-testid=profile-name]"),
    "bio": Element("[data-testid=profile-bio]", is_required=False),
}
PROFILE_COUNTS = {
    "posts": Element("[data-testid=profile-posts]"),
    "likes": Element("[data-testid=profile-likes]", is_required=False),
    "fans": Element("[data-testid=profile-fans]", is_required=False),
    "media": Element("[data-testid=profile-media-count]"),
}
COUNT_LABELS = frozenset(
    f"{word}{plural}" for word in ("post", "like", "fan", "media", "photo", "video", "follower") for plural in ("", "s")
)
"""Words that may stand beside a count, in small letters."""

CHALLENGE = "[data-testid=challenge]"
LOGIN_MARKUP = re.compile(rb"<input\b[^>]*\b(?:name|type)\s*=\s*[\"']?password\b", re.IGNORECASE)
"""The log-in form in the bytes of a page that nobody renders."""
CHALLENGE_MARKUP = re.compile(rb"data-testid\s*=\s*[\"']?challenge\b", re.IGNORECASE)
CHALLENGE_HEADERS = {"x-challenge": "1", "cf-mitigated": "challenge"}

API_KEY_HEADER = "X-Api-Key"
AUTHOR_ME = "me"

_PLAIN = frozenset({"/", "/login", "/api/login", "/api/login/2fa", "/account/password", "/my/chats"})
_MESSAGES = re.compile(r"/api/chats/([^/]+)/messages")
_USERNAME = re.compile(r"/(?!(?:login|my|api|media)(?:/|$))[A-Za-z0-9_-][A-Za-z0-9._-]*/?")


@dataclass(frozen=True, slots=True)
class Site:
    """Addresses below one base, such as ``https://onlyfans.com``."""

    base: str

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        parts = urlsplit(self.base)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def login(self) -> str:
        """The page with the log-in form."""
        return f"{self.origin}/login"

    @property
    def chats(self) -> str:
        """The page with the account's conversations: every account that is signed in has it."""
        return f"{self.origin}/my/chats"

    @property
    def api_pattern(self) -> str:
        """A glob for the addresses that take the API key."""
        return f"{self.origin}/api/**"

    outgoing_pattern = "*/api/chats/*/messages*"
    """A pattern for the addresses to which messages are posted."""
    login_path = "/api/login"
    second_factor_path = "/api/login/2fa"
    change_password_path = "/account/password"  # noqa: S105 - an address

    @staticmethod
    def is_own_error(body: object) -> bool:
        """Tell the site's own refusals of API requests from a gateway's pages."""
        return isinstance(body, dict) and "error" in body

    @staticmethod
    def template(path: str) -> str:
        """Return the form of a path, in which nobody is named: ``/api/chats/{fan}/messages``."""
        path = path.partition("?")[0]
        if path in _PLAIN:
            return path
        if _MESSAGES.fullmatch(path):
            return "/api/chats/{fan}/messages"
        if path.startswith("/my/chats/chat/"):
            return "/my/chats/chat/{fan}"
        if path.startswith("/media/"):
            return "/media/{file}"
        return "/{profile}" if _USERNAME.fullmatch(path) else "/{other}"

    def is_login(self, url: str) -> bool:
        """Tell whether the browser was sent to the log-in form."""
        return url.startswith(self.origin) and urlsplit(url).path == "/login"

    def chat(self, fan: str) -> str:
        """Return the page of the conversation with a fan."""
        return f"{self.origin}/my/chats/chat/{_segment(fan)}"

    def messages_path(self, fan: str) -> str:
        """Return the path that lists and takes the conversation's messages."""
        return f"/api/chats/{_segment(fan)}/messages"

    def messages(self, fan: str, limit: int, before: str | None = None) -> str:
        """Return the address of a page of messages, newest first."""
        query = {"limit": str(limit)} | ({"before": before} if before else {})
        return f"{self.origin}{self.messages_path(fan)}?{urlencode(query)}"

    def reader(self, url: str) -> str:
        """Return the page whose script would ask an address of the API."""
        found = _MESSAGES.fullmatch(urlsplit(url).path)
        return f"{self.origin}/my/chats/chat/{found[1]}" if found else f"{self.origin}/"

    def profile(self, url: str) -> str:
        """Return a profile's address, from an address on this site, a path or a name.

        Raises:
            Refused: it is elsewhere, or no profile: a browser that is signed in must not be sent anywhere else.
        """
        try:
            absolute = urlsplit(urljoin(f"{self.origin}/", url.strip()))
            ours = f"{absolute.scheme}://{absolute.netloc}" == self.origin
        except ValueError:
            ours = False
        if not ours or not _USERNAME.fullmatch(absolute.path):
            raise Refused("profile_url is not a profile of the site")
        return f"{self.origin}{absolute.path.rstrip('/')}"


def _segment(name: str) -> str:
    if name in {".", ".."}:
        raise Refused("no fan has this name")
    return quote(name, safe="")
