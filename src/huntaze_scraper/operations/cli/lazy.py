"""A command's verbs, each imported when it is called: the list of them, and their help, load none."""

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command


@dataclass(frozen=True)
class Verb:
    """Where a verb is."""

    place: str
    """``module:name`` of a function or of a Typer app."""
    passes_on: bool = False
    """Whether words that it does not know are another program's, which it hands on."""

    @cached_property
    def help(self) -> str:
        """The first line of the function's docstring, of the module's for an app; read, not imported."""
        module, _, name = self.place.partition(":")
        spec = find_spec(module)
        tree = ast.parse(Path(spec.origin or "").read_text() if spec else "")
        functions = (it for it in tree.body if isinstance(it, ast.FunctionDef) and it.name == name)
        return (ast.get_docstring(next(functions, tree)) or "").partition("\n")[0]

    def load(self, name: str) -> Any:
        """Import the verb and make its command."""
        module, _, attribute = self.place.partition(":")
        found = getattr(import_module(module), attribute)
        if isinstance(found, typer.Typer):
            app = found
        else:
            app = typer.Typer(add_completion=False, rich_markup_mode=None)
            unknown = {"allow_extra_args": self.passes_on, "ignore_unknown_options": self.passes_on}
            app.command(name, context_settings=unknown)(found)
        command = get_command(app)
        command.name = name
        return command


class _Deferred(TyperCommand):
    """Stands for a verb until it is called."""

    def __init__(self, name: str, verb: Verb) -> None:
        super().__init__(name, help=verb.help, short_help=verb.help, rich_markup_mode=None)
        self._verb = verb

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        return self._verb.load(self.name or "").make_context(info_name, args, parent, **extra)


class Verbs(TyperGroup):
    """A command that is made of verbs."""

    def __init__(self, verbs: Mapping[str, str | Verb], about: str) -> None:
        """List the verbs in their order; a string is a place."""
        known = {name: it if isinstance(it, Verb) else Verb(it) for name, it in verbs.items()}
        super().__init__(
            name="huntaze",
            help=about,
            no_args_is_help=True,
            rich_markup_mode=None,  # the library that draws boxes takes longer than all else
            commands={name: _Deferred(name, verb) for name, verb in known.items()},
        )

    def list_commands(self, ctx: Any) -> Sequence[str]:  # type: ignore[override] # as we list them, not sorted
        """Return the verbs in their order."""
        del ctx
        return list(self.commands)
