"""The words of a statement, and the values written in it."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

_TOKEN = re.compile(
    r"""
    (?P<space>\s+)
    |(?P<text>'(?:[^']|'')*')
    |(?P<quoted>"(?:[^"]|"")*")
    |(?P<number>-?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)
    |(?P<word>[A-Za-z_][\w-]*)
    |(?P<mark><<|>>|<>|!=|<=|>=|[-+=<>()\[\]{},.:*?])
    """,
    re.VERBOSE,
)

type Attribute = dict[str, Any]
"""A value as DynamoDB's API has it: ``{"S": "text"}``."""


class InvalidStatement(Exception):
    """A statement that DynamoDB refuses; the text says why."""


@dataclass(frozen=True)
class Word:
    """A word of a statement, with what kind it is of."""

    kind: str
    text: str

    @property
    def name(self) -> str:
        """What it names, without its quotation marks."""
        return self.text[1:-1].replace('""', '"') if self.kind == "quoted" else self.text


END = Word("end", "")


class Words:
    """Reads a statement from left to right, and its parameters with it."""

    def __init__(self, statement: str, parameters: Sequence[Attribute]) -> None:
        """Find the words.

        Raises:
            InvalidStatement: there is something that is no word.
        """
        self._words: list[Word] = []
        self._next = 0
        self._parameters: Iterator[Attribute] = iter(parameters)
        position = 0
        while position < len(statement):
            found = _TOKEN.match(statement, position)
            if not found:
                raise InvalidStatement(f"Statement wasn't well formed, can't be processed: {statement[position]!r}")
            if found.lastgroup != "space":
                self._words.append(Word(str(found.lastgroup), found[0]))
            position = found.end()

    def peek(self, ahead: int = 0) -> Word:
        """Return a word that comes; at the end, one that is none."""
        place = self._next + ahead
        return self._words[place] if place < len(self._words) else END

    def take(self) -> Word:
        """Return the next word and go on."""
        word = self.peek()
        if word is END:
            raise InvalidStatement("Statement wasn't well formed, can't be processed: Unexpected end of the statement")
        self._next += 1
        return word

    def skip(self, *texts: str) -> bool:
        """Go on past these words if they come next, in whatever case."""
        for ahead, text in enumerate(texts):
            word = self.peek(ahead)
            if word.kind not in ("word", "mark") or word.text.upper() != text:
                return False
        self._next += len(texts)
        return True

    def expect(self, *texts: str) -> None:
        """Go on past these words.

        Raises:
            InvalidStatement: others come.
        """
        if not self.skip(*texts):
            raise InvalidStatement(
                f"Statement wasn't well formed, can't be processed: {' '.join(texts)} expected, {self.peek().text!r} found"
            )

    def name(self) -> str:
        """Return the next word, which names something.

        Raises:
            InvalidStatement: it does not.
        """
        word = self.take()
        if word.kind not in ("word", "quoted"):
            raise InvalidStatement(
                f"Statement wasn't well formed, can't be processed: a name expected, {word.text!r} found"
            )
        return word.name

    def has_value(self) -> bool:
        """Whether a value comes next."""
        word = self.peek()
        return word.kind in ("text", "number") or word.text in ("?", "[", "{", "<<") or _constant(word) is not None

    def value(self) -> Attribute:
        """Return the value that comes next.

        Raises:
            InvalidStatement: none does, or there is no parameter for it.
        """
        word = self.take()
        if word.text == "?":
            return self._parameter()
        read: dict[str, Callable[[], Attribute]] = {
            "[": lambda: {"L": list(self._listed("]"))},
            "<<": lambda: _set(list(self._listed(">>"))),
            "{": lambda: {"M": dict(self._pairs())},
        }
        if word.text in read:
            return read[word.text]()
        if word.kind == "text":
            return {"S": word.text[1:-1].replace("''", "'")}
        if word.kind == "number":
            return {"N": word.text}
        if (constant := _constant(word)) is not None:
            return constant
        raise InvalidStatement(
            f"Statement wasn't well formed, can't be processed: a value expected, {word.text!r} found"
        )

    def _parameter(self) -> Attribute:
        try:
            return next(self._parameters)
        except StopIteration:
            raise InvalidStatement("Number of parameters in request and statement don't match.") from None

    def end(self) -> None:
        """Be at the end.

        Raises:
            InvalidStatement: more words come, or parameters are left over.
        """
        if self.peek() is not END:
            raise InvalidStatement(f"Statement wasn't well formed, can't be processed: Unexpected {self.peek().text!r}")
        if next(self._parameters, None) is not None:
            raise InvalidStatement("Number of parameters in request and statement don't match.")

    def _listed(self, close: str) -> Iterator[Attribute]:
        while not self.skip(close):
            yield self.value()
            if self.peek().text != close:
                self.expect(",")

    def _pairs(self) -> Iterator[tuple[str, Attribute]]:
        while not self.skip("}"):
            key = self.take()
            if key.kind not in ("text", "quoted", "word"):
                raise InvalidStatement(f"Statement wasn't well formed, can't be processed: {key.text!r} is no key")
            self.expect(":")
            yield (key.text[1:-1].replace("''", "'") if key.kind == "text" else key.name), self.value()
            if self.peek().text != "}":
                self.expect(",")


def _constant(word: Word) -> Attribute | None:
    constants: dict[str, Attribute] = {"TRUE": {"BOOL": True}, "FALSE": {"BOOL": False}, "NULL": {"NULL": True}}
    return constants.get(word.text.upper()) if word.kind == "word" else None


def _set(members: list[Attribute]) -> Attribute:
    kinds = {next(iter(member)) for member in members}
    if len(kinds) != 1 or not kinds <= {"S", "N", "B"}:
        raise InvalidStatement("Statement wasn't well formed, can't be processed: a set has members of one kind")
    return {f"{kinds.pop()}S": [next(iter(member.values())) for member in members]}
