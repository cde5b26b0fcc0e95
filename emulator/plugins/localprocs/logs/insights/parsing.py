"""The command ``parse``: fields out of a text, by a glob or a regular expression."""

import re
from collections.abc import Callable

from localprocs.logs.insights.errors import MalformedQuery
from localprocs.logs.insights.expressions import aggregatable, compiled, unquoted
from localprocs.logs.insights.reader import Reader
from localprocs.logs.insights.values import Row, text


def parse(reader: Reader) -> tuple[Callable[[list[Row]], list[Row]], list[str]]:
    """Read the command, without its word: ``@message "[*] *" as level, rest`` or ``/(?<level>[A-Z]+)/``.

    Raises:
        MalformedQuery: it names too few or too many fields.
    """
    source = (lambda row: row.get("@message")) if reader.peek().kind in ("quoted", "regex") else aggregatable(reader)
    token = reader.take()
    if token.kind == "regex":
        pattern = compiled(token.text)
        names = list(pattern.groupindex)
        if reader.skip("as"):
            names = _names(reader)
            if len(names) != pattern.groups:
                raise MalformedQuery(f"parse finds {pattern.groups} groups and names {len(names)} fields")
    elif token.kind == "quoted":
        glob = unquoted(token.text)
        reader.expect("as")
        names = _names(reader)
        if glob.count("*") != len(names):
            raise MalformedQuery(f"parse has {glob.count('*')} wildcards and names {len(names)} fields")
        # The last one takes the rest of the text, if it stands at the end.
        parts = [re.escape(part) for part in glob.split("*")]
        pattern = re.compile("(.*?)".join(parts) + (r"\Z" if glob.endswith("*") else ""), re.DOTALL)
    else:
        raise MalformedQuery(f"unexpected symbol found {token.text}, where a text or /regex/ was expected")

    def step(rows: list[Row]) -> list[Row]:
        parsed = []
        for row in rows:
            value = source(row)
            found = None if value is None else pattern.search(text(value))
            groups = found.groups() if found else ()
            parsed.append({**row, **dict(zip(names, groups, strict=False))})
        return parsed

    return step, names


def _names(reader: Reader) -> list[str]:
    names = [reader.name()]
    while reader.skip(","):
        names.append(reader.name())
    return names
