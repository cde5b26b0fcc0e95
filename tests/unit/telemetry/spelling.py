"""How programs spell a text on its way to a log: what JSON, URLs, HTML, Python, shells and headers make of it."""

import base64
import html
import json
import shlex
import unicodedata
from collections.abc import Callable
from html.entities import codepoint2name
from urllib.parse import quote, quote_plus

type Spelling = Callable[[str], str]


def json_ascii(text: str) -> str:
    """As Python and PHP write JSON."""
    return json.dumps(text)[1:-1]


def json_in_capitals(text: str) -> str:
    """As .NET writes JSON."""
    return "".join(
        rf"\u{unit:04X}" if not 32 <= unit < 127 or chr(unit) in "\"\\<>&'+" else chr(unit) for unit in units(text)
    )


def json_unescaped(text: str) -> str:
    """As a browser writes JSON."""
    return json.dumps(text, ensure_ascii=False)[1:-1]


def json_with_slashes(text: str) -> str:
    """As PHP and Go write JSON that stands in a page."""
    return json_unescaped(text).replace("/", r"\/").replace("<", r"\u003c").replace("&", r"\u0026")


def units(text: str) -> list[int]:
    """Return UTF-16's units."""
    encoded = text.encode("utf-16-be")
    return [int.from_bytes(encoded[at : at + 2]) for at in range(0, len(encoded), 2)]


def percent(text: str) -> str:
    """As a URL."""
    return quote(text, safe="")


def percent_lower(text: str) -> str:
    """As some libraries write it."""
    return "".join(f"%{byte:02x}" if not chr(byte).isalnum() or byte > 127 else chr(byte) for byte in text.encode())


def percent_everything(text: str) -> str:
    """Each byte, needed or not."""
    return "".join(f"%{byte:02X}" for byte in text.encode())


def javascript_escape(text: str) -> str:
    """As JavaScript's escape() does."""
    return "".join(
        chr(it) if it < 128 and chr(it).isalnum() else f"%{it:02X}" if it < 256 else f"%u{it:04X}" for it in units(text)
    )


def html_named(text: str) -> str:
    """By each character's name, where it has one."""
    return "".join(f"&{codepoint2name[ord(it)]};" if ord(it) in codepoint2name else html.escape(it) for it in text)


def html_decimal(text: str) -> str:
    """Each character by its number."""
    return "".join(f"&#{ord(it)};" for it in text)


def html_hexadecimal(text: str) -> str:
    """What is no letter or digit, by its number."""
    return "".join(it if it.isascii() and it.isalnum() else f"&#x{ord(it):x};" for it in text)


def python_repr(text: str) -> str:
    """As a traceback shows it."""
    return repr(text)[1:-1]


def python_ascii(text: str) -> str:
    """As ascii() shows it."""
    return ascii(text)[1:-1]


def python_bytes(text: str) -> str:
    """As Python shows bytes."""
    return repr(text.encode())[2:-1]


def javascript_braces(text: str) -> str:
    """As JavaScript and Rust may show it."""
    return "".join(it if it.isascii() and it.isalnum() else rf"\u{{{ord(it):x}}}" for it in text)


def octal(text: str) -> str:
    """As git and a shell without a locale show it."""
    return "".join(chr(it) if it < 128 and chr(it).isalnum() else rf"\{it:03o}" for it in text.encode())


def composed(text: str) -> str:
    """As most keyboards and servers write letters with marks."""
    return unicodedata.normalize("NFC", text)


def decomposed(text: str) -> str:
    """As macOS writes them."""
    return unicodedata.normalize("NFD", text)


def compatible(text: str) -> str:
    """As a site may normalise passwords."""
    return unicodedata.normalize("NFKC", text)


def basic(text: str) -> str:
    """As a header of Basic authorisation has it."""
    return base64.b64encode(f"creator-01:{text}".encode()).decode()


def in_a_token(text: str) -> str:
    """As the middle part of a JWT has it."""
    return base64.urlsafe_b64encode(json.dumps({"sub": "c", "pw": text}).encode()).decode().rstrip("=")


def in_lines(text: str) -> str:
    """As MIME wraps it."""
    return base64.encodebytes(f"{'x' * 70}{text}".encode()).decode().strip()


def hexadecimal(text: str) -> str:
    """As a dump shows bytes."""
    return text.encode().hex()


def shell_quoted(text: str) -> str:
    """As a script quotes it."""
    return shlex.quote(text)


def quotes_cut(text: str) -> str:
    """As a shell hands it on that was given it unquoted."""
    return text.replace('"', "").replace("'", "").replace("\\", "")


INSIDE: list[Spelling] = [
    *(json_ascii, json_in_capitals, json_unescaped, json_with_slashes),
    *(percent, percent_lower, percent_everything, quote_plus, javascript_escape),
    *(html.escape, html_named, html_decimal, html_hexadecimal),
    *(python_repr, python_ascii, python_bytes, javascript_braces, octal),
    *(composed, decomposed, compatible, basic, in_a_token, in_lines, hexadecimal, str),
]
"""These leave nothing at either end."""
BY_CHARACTER: list[Spelling] = [
    *(json_ascii, json_in_capitals, percent, percent_everything, html_decimal, html_hexadecimal, javascript_braces, str)
]
"""These may take turns within one text."""
