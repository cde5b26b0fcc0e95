"""The fault ``dialog``: a page asks something and waits for the answer."""

import json
from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

from starlette.types import ASGIApp

from fake_onlyfans.faults.fault import Fault, InvalidRule
from fake_onlyfans.faults.scripted import with_script

type Type = Literal["confirm", "alert", "prompt", "beforeunload"]

_SCRIPTS = {
    # Before the page's own listeners: one that is told no sees the click end here.
    "confirm": "addEventListener('click', (it) => {{ if (!confirm({text})) it.stopImmediatePropagation(); }}, true);",
    "alert": "addEventListener('click', () => alert({text}), true);",
    "prompt": "addEventListener('click', (it) => {{ if (!prompt({text})) it.stopImmediatePropagation(); }}, true);",
    "beforeunload": "addEventListener('beforeunload', (it) => it.preventDefault());",
}


@dataclass(frozen=True, kw_only=True)
class Dialog(Fault):
    """Give out pages that ask at every click, ``type`` confirm, alert or prompt, or when they are left, beforeunload.

    A click goes through where the answer is yes, or some text. ``text`` is what the page asks.
    """

    kind: ClassVar[str] = "dialog"
    type: Type = "confirm"
    text: str = "Are you sure?"

    def check(self) -> None:
        """Refuse an unknown type, and what is no text."""
        if self.type not in get_args(Type.__value__):
            raise InvalidRule(f'"type" is {self.type!r}; allowed: {", ".join(get_args(Type.__value__))}')
        if not isinstance(self.text, str):
            raise InvalidRule(f'"text" is {self.text!r}; allowed: a text')

    def wrap(self, app: ASGIApp) -> ASGIApp:
        """Return the site with this fault."""
        text = json.dumps(self.text).replace("<", "\\u003c")
        return with_script(app, _SCRIPTS[self.type].format(text=text))
