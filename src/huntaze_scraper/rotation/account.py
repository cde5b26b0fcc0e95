"""The account at the site, as far as a password needs it: log in, change the password. Plain HTTP, no browser."""

import http.client
import json
import urllib.error
import urllib.request
from http import HTTPStatus
from http.cookiejar import CookieJar
from typing import Any
from urllib.parse import urlsplit

from huntaze_scraper.clock import Clock
from huntaze_scraper.errors import HuntazeError
from huntaze_scraper.onlyfans import second_factor
from huntaze_scraper.onlyfans.site import Site

TIMEOUT_SECONDS = 20
MAX_ANSWER_BYTES = 64 * 1024


class WrongPassword(HuntazeError):
    """The site does not take this password."""


class SiteRefused(HuntazeError):
    """The site did not do what was asked; a challenge is among the causes, and is never worked around."""


class SiteAccount:
    """One account at the site, in one session."""

    def __init__(self, site: Site, username: str, totp_secret: str, clock: Clock) -> None:
        """Open nothing yet."""
        if urlsplit(site.origin).scheme not in ("http", "https"):
            raise SiteRefused("the site's address is neither http nor https")
        self._site = site
        self._username = username
        self._totp_secret = totp_secret
        self._clock = clock
        self._opener = urllib.request.build_opener(_NoRedirect(), urllib.request.HTTPCookieProcessor(CookieJar()))

    def log_in(self, password: str) -> None:
        """Log in anew.

        Raises:
            WrongPassword: the site says so.
            SiteRefused: anything else kept us out.
        """
        status, answer = self._post(self._site.login_path, {"username": self._username, "password": password})
        if status == HTTPStatus.UNAUTHORIZED:
            raise WrongPassword("the site does not take the password")
        self._require(status, "log-in")
        if answer.get("two_factor"):
            self._answer_second_factor()

    def change_password(self, current: str, new: str) -> None:
        """Change the password of the account that is logged in.

        Raises:
            SiteRefused: the site did not take it.
        """
        status, _ = self._post(self._site.change_password_path, {"current": current, "new": new})
        self._require(status, "change of password")

    def _answer_second_factor(self) -> None:
        if not self._totp_secret:
            raise SiteRefused("the site asks for a second factor and the secret has none")
        if self._submit_code() == HTTPStatus.UNAUTHORIZED:
            # A code counts once: a log-in a moment ago used this one up.
            self._clock.sleep(second_factor.STEP_SECONDS - self._clock.now() % second_factor.STEP_SECONDS)
            self._require(self._submit_code(), "second factor")

    def _submit_code(self) -> int:
        try:
            code = second_factor.code(self._totp_secret, self._clock.now())
        except ValueError:
            raise SiteRefused("the secret's totp_secret is not base 32") from None
        return self._post(self._site.second_factor_path, {"code": code})[0]

    def _require(self, status: int, step: str) -> None:
        if status != HTTPStatus.OK:
            raise SiteRefused(f"{step}: the site answered {status}")

    def _post(self, path: str, body: dict[str, str]) -> tuple[int, dict[str, Any]]:
        request = urllib.request.Request(  # noqa: S310 - the scheme is checked above
            f"{self._site.origin}{path}",
            data=json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
            method="POST",
        )
        try:
            with self._opener.open(request, timeout=TIMEOUT_SECONDS) as answer:
                return answer.status, _object(answer.read(MAX_ANSWER_BYTES))
        except urllib.error.HTTPError as error:
            with error:
                return error.code, {}
        except (OSError, http.client.HTTPException) as error:
            raise SiteRefused(f"the site did not answer: {type(error).__name__}") from None


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Follow nothing: credentials go to the site alone."""


def _object(text: bytes) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
