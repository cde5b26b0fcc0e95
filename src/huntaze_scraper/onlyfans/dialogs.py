"""What a page asks by ``confirm()``, ``alert()``, ``prompt()`` and before it is left: answered as whoever clicked would."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from playwright.async_api import BrowserContext, Dialog
from playwright.async_api import Error as PlaywrightError


class Dialogs:
    """Answers every dialog of a context's pages at once: an open one stops its page, and all that is asked of it.

    An alert has one answer, and a page that is left on purpose is left. A question is answered with yes where it
    follows what we do, else with no; what somebody is to type is not for us to invent.
    """

    def __init__(self, context: BrowserContext) -> None:
        """Listen."""
        self._is_ours = False
        self.refused: list[str] = []
        """The kinds of those that were answered with no since the last action of ours began."""
        context.on("dialog", self._answer)

    @contextmanager
    def ours(self) -> Iterator[None]:
        """Take what is asked inside for a consequence of what we do."""
        self._is_ours, self.refused = True, []
        try:
            yield
        finally:
            self._is_ours = False

    async def _answer(self, dialog: Dialog) -> None:
        accepts = dialog.type in ("alert", "beforeunload") or (dialog.type == "confirm" and self._is_ours)
        with suppress(PlaywrightError):  # the page is gone: whoever waits for it knows
            if accepts:
                await dialog.accept()
            else:
                self.refused.append(dialog.type)
                await dialog.dismiss()
