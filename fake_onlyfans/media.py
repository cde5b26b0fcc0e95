"""Media made from the seed: any byte of any file can be computed, none is stored."""

import hashlib
from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from fake_onlyfans.chance import chance_of

BLOCK = 64 * 1024


class Media(NamedTuple):
    """One file of a creator, at ``/media/<name>``."""

    name: str
    content_type: str
    size: int
    key: str

    def read(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Yield the bytes from ``start`` up to ``stop`` in blocks of at most 64 KiB."""
        stop = self.size if stop is None else min(stop, self.size)
        while start < stop:
            number, offset = divmod(start, BLOCK)
            end = min(BLOCK, offset + stop - start)
            yield self._block(number)[offset:end]
            start += end - offset

    def sha256(self) -> str:
        """Return the digest of the whole file, in hex."""
        digest = hashlib.sha256()
        for block in self.read():
            digest.update(block)
        return digest.hexdigest()

    def _block(self, number: int) -> bytes:
        magic = _MAGIC[self.content_type] if number == 0 else b""
        return (magic + hashlib.shake_256(f"{self.key}/{number}".encode()).digest(BLOCK))[:BLOCK]


_MAGIC = {
    "image/jpeg": b"\xff\xd8\xff\xe0\x00\x10JFIF\x00",
    "image/png": b"\x89PNG\r\n\x1a\n",
    "video/mp4": b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00",
}

_SIZES = (
    ("jpg", "image/jpeg", 4_000, 40_000),
    ("jpg", "image/jpeg", 80_000, 400_000),
    ("png", "image/png", 30_000, 300_000),
    ("jpg", "image/jpeg", 200_000, 900_000),
    ("mp4", "video/mp4", 1_000_000, 2_500_000),
    ("mp4", "video/mp4", 4_000_000, 8_000_000),
)


def media_named(seed: int, name: str) -> Media:
    """Make a file of that name, a small one of the kind that its ending tells; a picture where it tells none."""
    content_type = next((kind for suffix, kind, *_ in _SIZES if name.endswith(f".{suffix}")), "image/jpeg")
    return Media(name, content_type, chance_of(seed, name).randint(4_000, 40_000), f"{seed}/{name}")


def media_of(seed: int, username: str, chance: Random) -> tuple[Media, ...]:
    """Choose a creator's files: from a few KB to several MB."""
    return tuple(
        Media(name := f"{username}-{number:02}.{suffix}", content_type, chance.randint(least, most), f"{seed}/{name}")
        for number, (suffix, content_type, least, most) in enumerate(_SIZES, 1)
    )
