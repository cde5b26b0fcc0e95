"""The fault ``autocorrect``: a page changes what is typed while it is typed."""

import json
from dataclasses import dataclass
from typing import ClassVar

from starlette.types import ASGIApp

from fake_onlyfans.faults.fault import Fault
from fake_onlyfans.faults.rewrite import check_replacements
from fake_onlyfans.faults.scripted import with_script

_SCRIPT = """
const corrections = %s.map(([pattern, replacement]) => [new RegExp(pattern, "gu"), replacement]);
addEventListener("input", ({target}) => {
  let text = target.value;
  for (const [pattern, replacement] of corrections) text = text.replace(pattern, replacement);
  if (text !== target.value) target.value = text;
}, true);
"""


@dataclass(frozen=True, kw_only=True)
class Autocorrect(Fault):
    """Change every input field by the ``replacements``, pairs of a pattern and what stands for it."""

    kind: ClassVar[str] = "autocorrect"
    replacements: list[list[str]]

    def check(self) -> None:
        """Refuse what are no pairs of texts, and no patterns."""
        check_replacements(self.replacements)

    def wrap(self, app: ASGIApp) -> ASGIApp:
        """Return the site with this fault."""
        return with_script(app, _SCRIPT % json.dumps(self.replacements).replace("<", "\\u003c"))
