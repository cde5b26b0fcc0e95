"""Filter patterns on the words of a line: ``[ip, user, ..., status = 4* || status = 5*, bytes > 1000]``."""

import re
from collections.abc import Callable, Mapping

from localprocs.logs.pattern_syntax import InvalidPattern, Reader, Test, comparison

_TOKEN = re.compile(r'\s*(&&|\|\||[()]|!=|<=|>=|=|<|>|"(?:[^"\\]|\\.)*"|%[^%]*%|[^\s()=<>!&|"]+)')
_WORD = re.compile(r'"((?:[^"\\]|\\.)*)"|\[([^\]]*)\]|(\S+)')
_PART = re.compile(r'(?:[^,"%]|"(?:[^"\\]|\\.)*"|%[^%]*%)+')
ANY_NUMBER = "..."


def parse(text: str) -> Callable[[str], Mapping[str, str] | None]:
    """Understand an expression in brackets; what is returned finds a line's words by ``$name``, or None.

    Raises:
        InvalidPattern: it makes no sense.
    """
    if not text.endswith("]"):
        raise InvalidPattern(f"Invalid filter pattern: a bracket is not closed in {text!r}")
    parts = [part.strip() for part in _PART.findall(text[1:-1])]
    if parts.count(ANY_NUMBER) > 1:
        raise InvalidPattern(f"Invalid filter pattern: {ANY_NUMBER} stands more than once in {text!r}")
    columns = [_column(part) if part != ANY_NUMBER else ("", lambda _: True) for part in parts]
    gap = parts.index(ANY_NUMBER) if ANY_NUMBER in parts else None

    def matches(line: str) -> Mapping[str, str] | None:
        words = ["".join(groups) for groups in _WORD.findall(line)]
        if gap is not None:
            least = len(columns) - 1
            if len(words) < least:
                return None
            after = least - gap
            words = [*words[:gap], " ".join(words[gap : len(words) - after]), *words[len(words) - after :]]
        if len(words) != len(columns) or not all(test(word) for (_, test), word in zip(columns, words, strict=True)):
            return None
        return {f"${name}": word for (name, _), word in zip(columns, words, strict=True) if name}

    return matches


def _column(part: str) -> tuple[str, Test]:
    reader = Reader([found[1] for found in _TOKEN.finditer(part)])
    names: list[str] = []

    def one() -> Test:
        names.append(reader.take())
        if reader.peek() not in ("=", "!=", "<", "<=", ">", ">="):
            return lambda _: True
        operator, wanted = reader.take(), reader.take()
        is_quoted = wanted.startswith('"')
        return comparison(operator, wanted[1:-1] if is_quoted else wanted, is_quoted=is_quoted)

    def join(operator: str, tests: list[Test]) -> Test:
        combine = all if operator == "&&" else any
        return lambda value: combine(test(value) for test in tests)

    test = reader.joined(one, join)
    if reader.peek() or len(set(names)) != 1:
        raise InvalidPattern(f"Invalid filter pattern: {part!r} is not about one column")
    return names[0].removeprefix("$"), test
