"""Which addresses media may come from."""

import ipaddress
import re
import socket
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huntaze_scraper.errors import Refused, TryAgainLonger
from huntaze_scraper.onlyfans.media_hosts import MediaHosts, Target, is_public
from huntaze_scraper.onlyfans.site import Site

ALLOWED = ".onlyfans.com, CDN.example.org,, odd.example.org:8443, 127.0.0.1:8123, [::1]:8124, 93.184.216.34"
BASE = "https://onlyfans.com"


@pytest.fixture
def hosts() -> MediaHosts:
    return MediaHosts.parse(ALLOWED)


def test_the_setting_is_read_into_names_suffixes_and_addresses(hosts: MediaHosts) -> None:
    """Blanks, capitals and empty entries mean nothing; an address without its port allows nothing."""
    assert hosts.suffixes == {".onlyfans.com"}
    assert hosts.names == {("cdn.example.org", 443), ("odd.example.org", 8443), ("93.184.216.34", 443)}
    assert hosts.addresses == {("127.0.0.1", 8123), ("::1", 8124)}
    with pytest.raises(Refused):
        hosts.target("https://93.184.216.34/x", BASE)


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("https://cdn2.onlyfans.com/a/b.jpg?sig=1", "cdn2.onlyfans.com", 443),
        ("https://onlyfans.com/b.jpg", "onlyfans.com", 443),
        ("https://CDN.example.org./b.jpg", "cdn.example.org", 443),
        ("https://odd.example.org:8443/b.jpg", "odd.example.org", 8443),
        ("http://127.0.0.1:8123/b.jpg", "127.0.0.1", 8123),
        ("http://[::1]:8124/b.jpg", "::1", 8124),
        ("/media/b.jpg", "onlyfans.com", 443),
    ],
)
def test_what_the_operator_named_is_fetched(hosts: MediaHosts, url: str, host: str, port: int) -> None:
    """Names, subdomains of a leading dot, named ports, and addresses taken at their word."""
    target = hosts.target(url, BASE)
    assert (target.host, target.port) == (host, port)
    assert target.scheme == url.partition(":")[0] or url.startswith("/")


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("https://onlyfans.com", "/"),
        ("https://onlyfans.com/a/b.jpg", "/a/b.jpg"),
        ("https://onlyfans.com/a?sig=1&b=2", "/a?sig=1&b=2"),
        ("https://onlyfans.com?sig=1", "/?sig=1"),
    ],
)
def test_what_is_asked_for_is_what_was_named(hosts: MediaHosts, url: str, path: str) -> None:
    """Path and query as they stand; the root where there is no path."""
    target = hosts.target(url, BASE)
    assert (target.path, target.url) == (path, f"https://onlyfans.com{path}")


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://cdn.example.org/x",
        "data:text/plain,x",
        "gopher://cdn.example.org/x",
        "http://169.254.169.254/latest/meta-data/",
        "https://169.254.170.2/v2/credentials",
        "http://[fd00:ec2::254]/latest",
        "http://cdn.example.org/x",
        "https://cdn.example.org:8443/x",
        "https://sub.cdn.example.org/x",
        "https://onlyfans.com.evil.example/x",
        "https://evilonlyfans.com/x",
        "https://cdn.example.org@evil.example/x",
        "https://user@cdn.example.org/x",
        "https://user:pass@onlyfans.com/x",
        "http://127.0.0.1/x",
        "http://127.0.0.1:8124/x",
        "http://2130706433:8123/x",
        "http://0x7f000001:8123/x",
        "http://localhost:8123/x",
        "https://[::ffff:127.0.0.1]/x",
        "https://cdn.example.org:99999/x",
        "https://[/x",
        "",
    ],
)
def test_anything_else_is_refused_and_its_query_not_repeated(hosts: MediaHosts, url: str) -> None:
    """Other schemes, hosts, ports, user names, and every way to write a private address."""
    with pytest.raises(Refused) as caught:
        hosts.target(f"{url}?token=secret" if url else "https://evil.example/?token=secret", BASE)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("https://[/x", "the media address cannot be read"),
        ("ftp://onlyfans.com/x", "media comes by https alone"),
        ("https:///x", "media comes by https alone"),
        ("https://user@onlyfans.com/x", "a media address with a user name is not fetched"),
        ("https://:pass@onlyfans.com/x", "a media address with a user name is not fetched"),
        ("https://evil.example/x", "media does not come from evil.example:443"),
        (f"https://{'x.' * 75}x/x", f"media does not come from {'x.' * 50}:443"),
    ],
)
def test_a_refusal_says_why(hosts: MediaHosts, url: str, reason: str) -> None:
    """In words for an operator, a long host cut."""
    with pytest.raises(Refused) as refused:
        hosts.target(url, "")
    assert str(refused.value) == reason


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "255.255.255.255",
        "224.0.0.1",
        "240.0.0.1",
        "192.0.2.1",
        "::",
        "::1",
        "fe80::1",
        "fe80::1%eth0",
        "fd00:ec2::254",
        "ff02::1",
        "::ffff:10.0.0.1",
        "2002:0a00:0001::",
        "64:ff9b::a9fe:a9fe",
        "2001:0:4136:e378:8000:63bf:f5ff:fffe",
        "2001:db8::1",
    ],
)
def test_an_address_that_is_not_public_is_known(address: str) -> None:
    """Private, link-local, metadata, multicast, reserved; also inside another address."""
    assert not is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "64:ff9b::0101:0101"])
def test_a_public_address_is_known(address: str) -> None:
    """The rest of the internet."""
    assert is_public(address)


@given(st.ip_addresses(v=4))
def test_an_address_wrapped_in_another_is_as_public_as_itself(address: ipaddress.IPv4Address) -> None:
    """Mapping and translation hide nothing."""
    for wrapped in (f"::ffff:{address}", f"64:ff9b::{address}"):
        assert is_public(wrapped) == is_public(str(address))


@pytest.fixture
def resolve(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Has the name of the target stand for these addresses, and every other name for none."""

    def resolve_to(*addresses: str) -> None:
        def getaddrinfo(host: str, port: int, *, type: int) -> list[Any]:  # noqa: A002 - the real one's name
            if (host, port, type) != ("cdn.example.org", 443, socket.SOCK_STREAM) or not addresses:
                raise socket.gaierror
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)

    return resolve_to


def test_a_name_is_looked_up_once_and_held_to_what_it_said(hosts: MediaHosts, resolve: Callable[..., None]) -> None:
    """The connection goes to the address that was checked: a name that changes its mind changes nothing."""
    target = hosts.target("https://cdn.example.org/x", BASE)
    resolve("93.184.216.34")
    assert hosts.pin(target) == Target("https", "cdn.example.org", 443, "/x", "93.184.216.34")


def test_an_address_that_the_operator_named_is_not_looked_up(hosts: MediaHosts, resolve: Callable[..., None]) -> None:
    """It is taken at its word, private or not."""
    resolve()
    target = hosts.target("http://127.0.0.1:8123/x?y", BASE)
    assert hosts.pin(target) == Target("http", "127.0.0.1", 8123, "/x?y", "127.0.0.1")


def test_a_name_with_one_private_address_is_refused(hosts: MediaHosts, resolve: Callable[..., None]) -> None:
    """Not only the first address counts."""
    resolve("93.184.216.34", "10.0.0.1")
    with pytest.raises(Refused, match=r"^the media host's address is not public$"):
        hosts.pin(hosts.target("https://cdn.example.org/x", BASE))


def test_a_name_without_an_address_is_tried_again(hosts: MediaHosts, resolve: Callable[..., None]) -> None:
    """DNS fails for a while now and then."""
    resolve()
    with pytest.raises(TryAgainLonger, match=r"^the media host has no address$"):
        hosts.pin(hosts.target("https://cdn.example.org/x", BASE))


PIECES = st.sampled_from(
    [
        *(
            "https:",
            "http:",
            "//",
            "/",
            "\\",
            "@",
            "user:pass@",
            "[",
            "]",
            "[::1",
            "[::1]",
            "[v1.x]",
            ":0",
            ":65536",
            ":-1",
        ),
        *(
            ":٣",
            ":",
            "?",
            "#",
            "%",
            "%zz",
            "%00",
            " ",
            "\t",
            "\r\n",
            "\x00",
            "\ud800",
            "é",
            "。",
            "xn--",
            "xn--a",
            "..",
            ".",
        ),
        *("x" * 64, "onlyfans.com", "cdn.onlyfans.com", ".onlyfans.com", "127.0.0.1", "ⓔ", "\uff0f", "a.jpg", "\u202e"),
    ]
)


@pytest.mark.requirement("9.8")
@given(
    url=st.one_of(
        st.text(),
        st.lists(PIECES, max_size=8).map("".join),
        st.lists(PIECES, max_size=4).map(lambda each: "https://" + "".join(each)),
    )
)
def test_any_text_is_an_address_on_the_list_or_refused(url: str) -> None:
    """No other exception; what is asked for then fits into a request line, and into a cookie's look at it."""
    try:
        target = MediaHosts.parse(ALLOWED).target(url, BASE)
    except Refused:
        return
    line = f"GET {target.path} HTTP/1.1\r\nHost: {target.netloc}"
    assert line.isascii()
    assert len(line.split()) == 5
    assert urlsplit(target.url).hostname == target.host
    assert target.host.endswith("onlyfans.com") or target.host in {
        "cdn.example.org",
        "odd.example.org",
        "127.0.0.1",
        "::1",
    }


@pytest.mark.requirement("9.8")
@given(url=st.one_of(st.text(), st.lists(PIECES, max_size=8).map("".join)))
def test_any_text_is_a_profile_of_the_site_or_refused(url: str) -> None:
    """The browser that is signed in is sent nowhere else, and nothing breaks."""
    try:
        found = Site(BASE).profile(url)
    except Refused:
        return
    assert re.fullmatch(r"https://onlyfans\.com/[A-Za-z0-9._-]+", found)
