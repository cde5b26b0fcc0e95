"""Options that verbs share: a dataclass whose annotated fields are a verb's parameters, so that each stands once."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from functools import wraps
from inspect import Parameter
from typing import Annotated, Any, get_type_hints

import typer

Aws = Annotated[
    bool,
    typer.Option(
        "--aws", help="Work on what is deployed where the default AWS credentials lead, not on what runs here."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]


@dataclass(frozen=True, kw_only=True)
class Meant:
    """Which dead letters are meant: those that every condition holds for."""

    ids: Annotated[
        list[str] | None, typer.Argument(help="Message ids or job ids, or beginnings of them; none means all.")
    ] = None
    queue: Annotated[str, typer.Option(help="ingress or workflows; both without it.")] = ""
    error_class: Annotated[
        str, typer.Option("--class", help="The error's class; redrive is what SQS itself moved.")
    ] = ""
    creator: Annotated[str, typer.Option(help="The creator (the fan, where a job names no creator).")] = ""
    since: Annotated[str, typer.Option(help="Set aside at this time or later: ISO 8601, or 90m, 12h, 3d ago.")] = ""
    until: Annotated[str, typer.Option(help="Set aside before this time.")] = ""


def shared[**P, R](verb: Callable[P, R]) -> Callable[..., R]:
    """Give the verb, for each parameter that is a dataclass, one option for each of its fields."""
    hints = get_type_hints(verb, include_extras=True)
    groups = {name: kind for name, kind in hints.items() if is_dataclass(kind) and isinstance(kind, type)}
    parameters: list[Parameter] = []
    for each in inspect.signature(verb).parameters.values():
        if each.name not in groups:
            parameters.append(each.replace(annotation=hints[each.name], kind=Parameter.KEYWORD_ONLY))
            continue
        meanings = get_type_hints(groups[each.name], include_extras=True)
        parameters.extend(
            Parameter(it.name, Parameter.KEYWORD_ONLY, default=it.default, annotation=meanings[it.name])
            for it in fields(groups[each.name])
        )

    @wraps(verb)
    def called(**values: Any) -> R:
        made = {name: kind(**{it.name: values.pop(it.name) for it in fields(kind)}) for name, kind in groups.items()}
        return verb(**values, **made)  # type: ignore[call-arg, arg-type] # the parameters are the verb's own

    called.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined] # where inspect looks first
    called.__annotations__ = {each.name: each.annotation for each in parameters}
    return called
