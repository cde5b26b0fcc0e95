"""The words of a query."""

import re
from dataclasses import dataclass

from localprocs.logs.insights.errors import MalformedQuery

_TOKEN = re.compile(
    r"""
    (?P<space>\s+|\#[^\n]*)
    |(?P<quoted>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    |(?P<ticked>`[^`]+`)
    |(?P<number>\d+(?:\.\d+)?(?:[eE][-+]?\d+)?(?![\w.@]))
    |(?P<period>\d+(?:ms|s|sec|min|m|h|hr|d|w|mo|mon|q|y)\b)
    |(?P<word>[A-Za-z_@][\w@.]*(?:\[\d+\])?[\w@.]*)
    |(?P<mark>!=|<=|>=|=~|[|,()\[\]=<>+\-*/%^])
    """,
    re.VERBOSE,
)
_REGEX = re.compile(r"/((?:[^/\\]|\\.)+)/(i?)")


@dataclass(frozen=True)
class Token:
    """A word of a query, with what kind it is of."""

    kind: str
    text: str

    def is_word(self, *words: str) -> bool:
        """Whether it is one of these, in whatever case."""
        return self.kind == "word" and self.text.lower() in words

    def is_mark(self, *marks: str) -> bool:
        """Whether it is one of these."""
        return self.kind == "mark" and self.text in marks


END = Token("end", "")


class Reader:
    """Reads a query from left to right."""

    def __init__(self, query: str) -> None:
        """Find its words.

        Raises:
            MalformedQuery: there is something that is no word.
        """
        self._tokens: list[Token] = []
        self._next = 0
        position = 0
        while position < len(query):
            found = _REGEX.match(query, position) if self._may_be_regex() else None
            if found:
                self._tokens.append(Token("regex", f"(?{found[2]}:{found[1]})" if found[2] else found[1]))
            else:
                found = _TOKEN.match(query, position)
                if not found:
                    raise MalformedQuery(f"unexpected symbol found {query[position]} at position {position}")
                if found.lastgroup != "space":
                    self._tokens.append(Token(str(found.lastgroup), found[0]))
            position = found.end()

    def _may_be_regex(self) -> bool:
        """Whether a slash would begin a regular expression here, and not divide."""
        last = self._tokens[-1] if self._tokens else END
        if last.is_mark("=~", ",", "(", "|") or last.is_word("like", "parse"):
            return True
        return len(self._tokens) > 1 and self._tokens[-2].is_word("parse")

    def position(self) -> int:
        """Return where the next word stands."""
        return self._next

    def since(self, position: int) -> list[Token]:
        """Return the words read since then."""
        return self._tokens[position : self._next]

    def peek(self) -> Token:
        """Return the next word; at the end, one that is none."""
        return self._tokens[self._next] if self._next < len(self._tokens) else END

    def take(self) -> Token:
        """Return the next word and go on."""
        token = self.peek()
        if token is END:
            raise MalformedQuery("unexpected end of the query")
        self._next += 1
        return token

    def skip(self, *texts: str) -> str:
        """Go on if the next word is one of these; return it, or nothing."""
        token = self.peek()
        if token.is_mark(*texts) or token.is_word(*texts):
            self._next += 1
            return token.text.lower()
        return ""

    def expect(self, text: str) -> None:
        """Go on past this word.

        Raises:
            MalformedQuery: there is another.
        """
        if not self.skip(text):
            raise MalformedQuery(f"unexpected symbol found {self.peek().text or 'end'}, where {text} was expected")

    def name(self) -> str:
        """Return the next word, which names a field.

        Raises:
            MalformedQuery: it does not.
        """
        token = self.take()
        if token.kind not in ("word", "ticked"):
            raise MalformedQuery(f"unexpected symbol found {token.text}, where a field was expected")
        return token.text.strip("`")
