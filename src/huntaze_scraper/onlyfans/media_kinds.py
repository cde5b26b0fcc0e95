"""What a file is, by its first bytes: what a host says of it is a claim."""

import re

from huntaze_scraper.errors import HumanWanted, Refused, SignInAgain
from huntaze_scraper.onlyfans.site import CHALLENGE_MARKUP, LOGIN_MARKUP

BEGINNING_BYTES = 64
"""Enough to know a kind by."""
MARKUP_BYTES = 64 * 1024
"""How far into a page a log-in form is looked for."""

NO_CLAIM = frozenset({"", "application/octet-stream", "binary/octet-stream", "application/x-download"})
FAMILIES = {"image": "picture", "video": "film or sound", "audio": "film or sound"}
"""By the first half of a content type. Films and sound share their containers."""

_MAGIC = (
    (rb"\xff\xd8\xff", "image/jpeg"),
    (rb"\x89PNG\r\n\x1a\n", "image/png"),
    (rb"GIF8[79]a", "image/gif"),
    (rb"RIFF.{4}WEBP", "image/webp"),
    (rb"BM.{4}\0\0\0\0", "image/bmp"),
    (rb"II\*\0|MM\0\*", "image/tiff"),
    (rb"\xff\x0a|\0\0\0\x0cJXL ", "image/jxl"),
    (rb".{4}ftypavi[fs]", "image/avif"),
    (rb".{4}ftyp(?:hei[cxms]|hev[cxms]|mif1|msf1)", "image/heic"),
    (rb".{4}ftypqt  ", "video/quicktime"),
    (rb".{4}ftypM4[AB] ", "audio/mp4"),
    (rb".{4}ftyp", "video/mp4"),
    (rb"\x1a\x45\xdf\xa3", "video/webm"),
    (rb"RIFF.{4}AVI ", "video/x-msvideo"),
    (rb"G.{187}G", "video/mp2t"),
    (rb"RIFF.{4}WAVE", "audio/wav"),
    (rb"OggS", "audio/ogg"),
    (rb"fLaC", "audio/flac"),
    (rb"ID3|\xff[\xe2\xe3\xf2\xf3\xfa\xfb]", "audio/mpeg"),
    (rb"\xff[\xf0\xf1\xf8\xf9]", "audio/aac"),
)
_KINDS = tuple((re.compile(magic, re.DOTALL), kind) for magic, kind in _MAGIC)


def kind_of(beginning: bytes) -> str | None:
    """Return the content type of a picture, film or sound; None where the bytes begin none that we know."""
    return next((kind for magic, kind in _KINDS if magic.match(beginning)), None)


def judge(claimed: str, beginning: bytes, request: str) -> str:
    """Return the content type of a file that is what it claims to be.

    Args:
        claimed: the content type that the host gave, in lower case and without parameters; may be empty.
        beginning: its first bytes; of what is no media file, as many as a log-in form may need.
        request: what was asked, for the log.

    Raises:
        SignInAgain: it is a log-in page.
        HumanWanted: it is the challenge.
        Refused: it is something else.
    """
    kind = kind_of(beginning)
    if kind is None:
        if LOGIN_MARKUP.search(beginning):
            raise SignInAgain("a log-in page came instead of the file", request=request)
        if CHALLENGE_MARKUP.search(beginning):
            raise HumanWanted("the site asks whether a human is there", request=request)
        raise Refused(f"no picture, film or sound came, but {claimed or 'bytes of no kind'}", request=request)
    if claimed not in NO_CLAIM and _family(claimed) != _family(kind):
        raise Refused(f"what came is called {claimed} and is {kind}", request=request)
    return kind


def _family(content_type: str) -> str | None:
    return FAMILIES.get(content_type.partition("/")[0])
