"""Which addresses media may come from, decided before anything is fetched, and again for what the name stands for."""

import ipaddress
import re
import socket
from dataclasses import dataclass
from typing import Self
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from huntaze_scraper.errors import Refused, TryAgainLonger

_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"[A-Za-z0-9._:%-]*")
_LEFT_ALONE = "/%:@!$&'()*+,;=~-._"
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class Target:
    """A file to fetch, and the one address to fetch it from."""

    scheme: str
    host: str
    port: int
    path: str
    address: str = ""

    @property
    def netloc(self) -> str:
        """Host, and port where it is not the usual one."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The whole address."""
        return f"{self.scheme}://{self.netloc}{self.path}"


@dataclass(frozen=True, slots=True)
class MediaHosts:
    """The allow-list.

    An entry is a host name, with its port where that is not 443; a leading dot
    takes in its subdomains. A name must stand for public addresses alone. An entry
    that is an address with its port is taken at its word: an operator named it.
    """

    names: frozenset[tuple[str, int]]
    suffixes: frozenset[str]
    addresses: frozenset[tuple[str, int]]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the setting: entries separated by commas."""
        names, suffixes, addresses = set(), set(), set()
        for entry in filter(None, (each.strip().lower() for each in text.split(","))):
            parts = urlsplit(f"//{entry}")
            host, port = parts.hostname or "", parts.port
            if _is_address(host) and port:
                addresses.add((host, port))
            elif entry.startswith("."):
                suffixes.add(entry)
            else:
                names.add((host, port or 443))
        return cls(frozenset(names), frozenset(suffixes), frozenset(addresses))

    def target(self, url: str, base: str) -> Target:
        """Read a media address, relative to the site's.

        Raises:
            Refused: it is not on the list; the text never holds its query.
        """
        try:
            parts = urlsplit(urljoin(base, url.strip()))
            host, port, path = _host((parts.hostname or "").rstrip(".")), parts.port, _path(parts)
        except ValueError:  # UnicodeError is one
            raise Refused("the media address cannot be read") from None
        port = _PORTS.get(parts.scheme, 0) if port is None else port
        if parts.scheme not in _PORTS or not host:
            raise Refused("media comes by https alone")
        if parts.username is not None or parts.password is not None:
            raise Refused("a media address with a user name is not fetched")
        if (host, port) not in self.addresses and not self._is_named(parts.scheme, host, port):
            raise Refused(f"media does not come from {host[:100]}:{port}")
        return Target(parts.scheme, host, port, path)

    def pin(self, target: Target) -> Target:
        """Look the host up once, and hold on to a public address: a name that changes its mind changes nothing.

        Raises:
            Refused: an address of it is not public.
            TryAgainLonger: it has none.
        """
        if (target.host, target.port) in self.addresses:
            return _at(target, target.host)
        try:
            found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
        except OSError:
            raise TryAgainLonger("the media host has no address") from None
        addresses = [str(each[4][0]) for each in found]
        if not addresses or not all(is_public(address) for address in addresses):
            raise Refused("the media host's address is not public")
        return _at(target, addresses[0])

    def _is_named(self, scheme: str, host: str, port: int) -> bool:
        if scheme != "https" or _is_address(host):
            return False
        below = any(host == suffix[1:] or host.endswith(suffix) for suffix in self.suffixes)
        return (host, port) in self.names or (below and port == _PORTS["https"])


def is_public(address: str) -> bool:
    """Tell whether an address belongs to the public internet, also where it wraps another one."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if found in _TRANSLATED:
            inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return found.is_global and not found.is_multicast and not found.is_reserved


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _at(target: Target, address: str) -> Target:
    return Target(target.scheme, target.host, target.port, target.path, address)


def _host(host: str) -> str:
    """Return a host as it is looked up and named. Raises ValueError: it is no name."""
    name = host if ":" in host else host.encode("idna").decode()
    if not _HOST.fullmatch(name):
        raise ValueError(name)
    return name.lower()


def _path(parts: SplitResult) -> str:
    """Return path and query with nothing in them that a request line cannot hold; what is encoded stays so."""
    query = f"?{quote(parts.query, safe=_LEFT_ALONE + '?')}" if parts.query else ""
    return quote(parts.path or "/", safe=_LEFT_ALONE) + query
