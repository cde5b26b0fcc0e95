"""The fault ``pop_up``: a page opens others."""

from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

from starlette.types import ASGIApp

from fake_onlyfans.faults.added import with_markup
from fake_onlyfans.faults.fault import Fault, InvalidRule

type By = Literal["page", "click", "form"]

SCRIPTS: dict[str, str] = {
    "page": "window.open('/my/chats').document.title = 'Offers';",
    "click": "document.querySelector('[data-testid=chat-send]')"
    "?.addEventListener('click', () => window.open('/my/chats').focus(), true);",
    "form": """
const button = document.querySelector('[data-testid=chat-send]');
if (button) button.onclick = () => {
  const form = document.createElement('form'), field = document.createElement('input');
  [form.method, form.action, form.target, form.enctype] = ['post', path, '_blank', 'text/plain'];
  const text = JSON.stringify(document.querySelector('[data-testid=chat-input]').value);
  [field.name, field.value] = [`{"text": ${text}, "and": "`, '"}'];
  form.append(field);
  document.body.append(form);
  form.submit();
};""",
}


@dataclass(frozen=True, kw_only=True)
class PopUp(Fault):
    """Open a page beside this one, ``by`` the "page" when it comes, or a "click" on "send".

    By a "form", a message is posted not from the chat's page but by a form with ``target=_blank``.
    """

    kind: ClassVar[str] = "pop_up"
    by: By = "page"

    def check(self) -> None:
        """Refuse another way."""
        if self.by not in get_args(By.__value__):
            raise InvalidRule(f'"by" is {self.by!r}; allowed: {", ".join(get_args(By.__value__))}')

    def wrap(self, app: ASGIApp) -> ASGIApp:
        """Return the site with this fault."""
        return with_markup(app, f"<script>{SCRIPTS[self.by]}</script>")
