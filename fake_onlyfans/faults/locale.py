"""The fault ``locale``: the site writes its numbers as another language does."""

import re
from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

import babel
from babel.numbers import format_compact_decimal, format_decimal
from starlette.types import ASGIApp, Receive, Scope, Send

from fake_onlyfans.faults.fault import Fault, InvalidRule
from fake_onlyfans.faults.rewriting import answer_of, give, headers_of

type Style = Literal["whole", "short", "long"]
ZEROS = {"arab": 0x660, "arabext": 0x6F0, "deva": 0x966, "beng": 0x9E6, "mymr": 0x1040}
"""Where the digits of numbering systems begin, which Babel leaves to whoever shows them."""
_COUNT = re.compile(r"(<dd [^>]*>)([0-9]+)(</dd>)")


@dataclass(frozen=True, kw_only=True)
class Locale(Fault):
    """Write a profile's counts in ``locale``, such as "de-DE"; ``style`` "short" and "long" round: 3.4K, 3.4 thousand."""

    kind: ClassVar[str] = "locale"
    locale: str
    style: Style = "whole"

    def check(self) -> None:
        """Refuse a locale that CLDR does not know, and an unknown style."""
        try:
            babel.Locale.parse(self.locale, sep="-")
        except (ValueError, TypeError, babel.UnknownLocaleError):
            raise InvalidRule(f'"locale" is {self.locale!r}; allowed: a language and region, such as "de-DE"') from None
        if self.style not in get_args(Style.__value__):
            raise InvalidRule(f'"style" is {self.style!r}; allowed: {", ".join(get_args(Style.__value__))}')

    def wrap(self, app: ASGIApp) -> ASGIApp:
        """Return the site with this fault."""

        async def translated(scope: Scope, receive: Receive, send: Send) -> None:
            start, body = await answer_of(app, scope, receive)
            if headers_of(start).get("content-type", "").startswith("text/html"):
                page = body.decode().replace('<html lang="en">', f'<html lang="{self.locale}">')
                body = _COUNT.sub(lambda found: found[1] + self.written(int(found[2])) + found[3], page).encode()
            await give(send, start, body)

        return translated

    def written(self, number: int) -> str:
        """Write a number in the locale and its digits."""
        locale = babel.Locale.parse(self.locale, sep="-")
        system = locale.default_numbering_system
        if self.style == "whole":
            text = format_decimal(number, locale=locale, numbering_system=system)
        else:
            text = format_compact_decimal(
                number, format_type=self.style, locale=locale, fraction_digits=1, numbering_system=system
            )
        zero = ZEROS.get(system, ord("0"))
        return text.translate({ord("0") + digit: zero + digit for digit in range(10)})
