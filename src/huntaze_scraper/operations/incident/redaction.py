"""What of a value may be told: a rule for each field that is allowed, and nothing of a field that is not."""

import re
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from huntaze_scraper.operations.incident import sieve, synthetic, vocabulary
from huntaze_scraper.operations.incident.pseudonyms import Pseudonyms

ORIGIN = "https://site.invalid"
"""Stands for the site's address, and for every other."""
MOST_DIGITS = 3
"""Of a number in a sentence: a status, some seconds; what is longer may be anybody's."""
LONGEST_NAME = 256

_TOKEN = re.compile(r"[0-9a-f]{64}|[^\W\d_]+|\d+|.", re.DOTALL)
_JOB_ID = re.compile(r"[0-9a-f]{64}")
_SHA256 = _JOB_ID
_REQUEST = re.compile(r"([A-Z]{1,16}) (\S*)")
_TEMPLATE = re.compile(r"(/[A-Za-z0-9_-]{1,40}|/\{[a-z_]{1,20}\})+/?|/")
_TRACKING = re.compile(r"TargetTracking-.*-(AlarmHigh|AlarmLow)\b.*")
_MIME = re.compile(r"[a-z]{1,20}/[a-z0-9.+-]{1,40}")

type Rule = Callable[[Any], Any]
DROPPED = object()
"""What a rule returns of a value that it does not know."""


class Redaction:
    """The rules, what each was applied to, and what stands for what."""

    def __init__(self) -> None:
        """Know no name and no job yet."""
        self.pseudonyms = Pseudonyms()
        self.counts: Counter[str] = Counter()
        self.texts: set[str] = set()
        """What people wrote, and was replaced."""
        self.made: set[str] = set()
        """What was put in its place."""
        self.job_ids: dict[str, str] = {}
        """Each job's id as it is in the bundle, by that which it had."""
        self._names: re.Pattern[str] | None = None

    def settle(self) -> None:
        """Give the names that were met their order; the next run of the same values is the one that counts."""
        self.pseudonyms.settle()
        self.counts.clear()
        self.made.clear()
        told = sorted((it for it in self.pseudonyms.names if len(it) > MOST_DIGITS), key=len, reverse=True)
        self._names = re.compile("|".join(map(re.escape, told))) if told else None

    def only(self, rules: Mapping[str, Rule], value: Any) -> dict[str, Any]:
        """Return what the rules let through of an object; all of its other fields are dropped, and counted."""
        kept = {}
        for name, each in value.items() if isinstance(value, Mapping) else ():
            told = rules[name](each) if name in rules else DROPPED
            if told is DROPPED:
                self.counts["dropped"] += 1
            else:
                kept[name] = told
        return kept

    def word(self, value: Any) -> Any:
        """Let through a word of our own programs; nothing else."""
        if value is None or (isinstance(value, str) and (value in vocabulary.names() or value == "")):
            return value
        return DROPPED

    def words(self, value: Any) -> Any:
        """Let through a list's words."""
        found = [self.word(it) for it in value] if isinstance(value, list) else []
        return [it for it in found if it is not DROPPED]

    def number(self, value: Any) -> Any:
        """Let through a number, a truth value, or nothing at all."""
        return value if value is None or isinstance(value, bool | int | float) else DROPPED

    def name(self, kind: str) -> Rule:
        """Return the rule for names of a kind."""

        def rule(value: Any) -> Any:
            if value is None or value == "":
                return value
            if not isinstance(value, str):
                return self.shape(value)
            self.counts["names"] += 1
            return self.pseudonyms.of(value[:LONGEST_NAME], kind)

        return rule

    def job_id(self, value: Any) -> Any:
        """Return the id that a job has in the bundle: the hash of what is left of its content."""
        if not (isinstance(value, str) and _JOB_ID.fullmatch(value)):
            return None if value is None else DROPPED
        self.counts["job ids"] += 1
        return self.job_ids.get(value) or self.pseudonyms.seed(f"job {value}").hex()

    def text(self, value: Any) -> Any:
        """Put a text of the same length and classes in a text's place."""
        if not isinstance(value, str):
            return self.shape(value)
        self.counts["texts"] += 1
        self.texts.add(value)
        made = synthetic.alike(value, self.pseudonyms.seed(value))
        self.made.add(made)
        return made

    def url(self, value: Any) -> Any:
        """Keep an address's form: one of the web leads nowhere then, what is none stays none."""
        if not isinstance(value, str):
            return self.shape(value)
        self.counts["addresses"] += 1
        self.texts.add(value)
        made = synthetic.alike(value, self.pseudonyms.seed(value))
        try:
            parts = urlsplit(made)
            if parts.scheme in ("http", "https") and parts.hostname and parts.port is None:
                made = f"{ORIGIN}{parts.path}" + (f"?{parts.query}" if parts.query else "")
        except ValueError:
            pass
        self.made.add(made)
        return made

    def moment(self, value: Any) -> Any:
        """Let through a moment; what is none keeps its form."""
        if isinstance(value, str):
            try:
                datetime.fromisoformat(value)
            except ValueError:
                return self.text(value)
            return value
        return self.shape(value)

    def iso(self, seconds: float) -> str:
        """Write a moment."""
        return datetime.fromtimestamp(seconds, UTC).isoformat()

    def sentence(self, value: Any) -> Any:
        """Keep the words that our own programs say; any other becomes one like it, a name its pseudonym.

        What looks like a secret then is left out: a stranger's name, as a sentence repeats it, may.
        """
        if value is None:
            return None
        if not isinstance(value, str):
            return DROPPED
        pieces, done = [], 0
        for found in self._names.finditer(value) if self._names else ():
            pieces += [self._said(value[done : found.start()]), self.pseudonyms.known(found.group())]
            done = found.end()
        pieces.append(self._said(value[done:]))
        return sieve.masked("".join(pieces))

    def alarm(self, name: str) -> str:
        """Return an alarm's name; of target tracking's own, which ends in an id of AWS's, only which it is."""
        return str(self.sentence(_TRACKING.sub(r"TargetTracking-\1", name)))

    def request(self, value: Any) -> Any:
        """Keep a request's method, and of its path what our own programs say."""
        if not isinstance(value, str) or not value:
            return "" if value == "" else DROPPED
        found = _REQUEST.fullmatch(value)
        if not found:
            return DROPPED
        return f"{found[1]} {self.path(found[2])}"

    def path(self, value: Any) -> Any:
        """Keep the segments that our own programs say; each other becomes ``{name}``."""
        if not isinstance(value, str):
            return DROPPED
        segments = value.partition("?")[0].split("/")
        kept = [it if not it or _is_template(it) or it.lower() in vocabulary.words() else "{name}" for it in segments]
        self.counts["paths"] += 1
        return "/".join(kept)[:2048]

    def mime(self, value: Any) -> Any:
        """Let through a content type, without its parameters."""
        text = value.partition(";")[0].strip().lower() if isinstance(value, str) else ""
        return text if _MIME.fullmatch(text) and text.partition("/")[0] in _MIMES else ""

    def shape(self, value: Any) -> Any:
        """Keep what kind of value it is where a text was to stand, and nothing that it says."""
        self.counts["odd values"] += 1
        match value:
            case None | bool():
                return value
            case int():
                digits = synthetic.alike(str(value), self.pseudonyms.seed(str(value)))
                return int(digits) if digits.lstrip("-").isdecimal() else 0
            case float():
                return 0.5
            case str():
                return self.text(value)
            case list():
                return [self.shape(it) for it in value[:10]]
        return {}

    def _said(self, text: str) -> str:
        return "".join(self._token(it) for it in _TOKEN.findall(text))

    def _token(self, token: str) -> str:
        if token.isdecimal():
            if len(token) <= MOST_DIGITS:
                return token
        elif _JOB_ID.fullmatch(token):
            return str(self.job_id(token))
        elif not token.isalpha() or token.lower() in vocabulary.words():
            return token
        self.counts["words"] += 1
        return synthetic.alike(token, self.pseudonyms.seed(token))


_MIMES = ("text", "image", "video", "audio", "application", "font", "multipart")


def _is_template(segment: str) -> bool:
    return bool(re.fullmatch(r"\{[a-z_]{1,20}\}", segment))
