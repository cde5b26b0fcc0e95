"""What only operators ask: the logs, the function's settings; and services that tell them nothing."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from tests.simulation.aws.refusal import Refusal

PAGE = 50
_TERM = re.compile(r'(\??)"((?:[^"\\]|\\.)*)"')


class Logs:
    """Lines by group, each with its moment, milliseconds since the epoch."""

    def __init__(self) -> None:
        self.groups: dict[str, list[tuple[int, str]]] = {}

    def call(self, operation: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """Answer a request."""
        match operation:
            case "create_log_group":
                self.groups[given["logGroupName"]] = []
            case "create_log_stream":
                pass
            case "put_log_events":
                lines = self._lines(given)
                lines += [(it["timestamp"], it["message"]) for it in given["logEvents"]]
                lines.sort(key=lambda it: it[0])
            case "describe_log_groups":
                prefix = given["logGroupNamePrefix"]
                return {"logGroups": [{"logGroupName": it} for it in self.groups if it.startswith(prefix)]}
            case "filter_log_events":
                return self._filter(given)
            case _:
                raise NotImplementedError(operation)
        return {}

    def _lines(self, given: Mapping[str, Any]) -> list[tuple[int, str]]:
        if given["logGroupName"] not in self.groups:
            raise Refusal("ResourceNotFoundException")
        return self.groups[given["logGroupName"]]

    def _filter(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Look through a page of lines; what none of them is may have a page after it, as with AWS."""
        lines, begin = self._lines(given), int(given.get("nextToken", "0"))
        fits = _pattern(given.get("filterPattern", ""))
        found = [
            {"timestamp": at, "message": text}
            for at, text in lines[begin : begin + PAGE]
            if given["startTime"] <= at <= given["endTime"] and fits(text)
        ]
        more = {"nextToken": str(begin + PAGE)} if begin + PAGE < len(lines) else {}
        return {"events": found, **more}


def _pattern(pattern: str) -> Any:
    """Read terms in quotes: each must stand in the text, or one of those with a question mark before."""
    terms = [(each[1], re.sub(r"\\(.)", r"\1", each[2])) for each in _TERM.finditer(pattern)]
    if _TERM.sub("", pattern).strip():
        raise NotImplementedError(pattern)
    every, some = [it for mark, it in terms if not mark], [it for mark, it in terms if mark]
    return lambda text: all(it in text for it in every) and (not some or any(it in text for it in some))


class Function:
    """The limiter's function, as far as it is described."""

    def __init__(self, variables: Callable[[], Mapping[str, str]]) -> None:
        self._variables = variables

    def call(self, operation: str, _given: Mapping[str, Any]) -> dict[str, Any]:
        """Answer a request."""
        if operation != "get_function_configuration":
            raise NotImplementedError(operation)
        return {"Environment": {"Variables": self._variables()}, "CodeSha256": ""}


class Denied:
    """A service that this caller may not ask."""

    def call(self, _operation: str, _given: Mapping[str, Any]) -> dict[str, Any]:
        """Refuse."""
        raise Refusal("AccessDeniedException")
