"""Which addresses media may come from."""

import ipaddress
import socket
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huntaze_scraper.errors import Refused, TryAgainLonger
from huntaze_scraper.onlyfans.media_hosts import MediaHosts, is_public

HOSTS = MediaHosts.parse(".onlyfans.com, cdn.example.org, odd.example.org:8443, 127.0.0.1:8123, [::1]:8124")
BASE = "https://onlyfans.com"


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
def test_what_the_operator_named_is_fetched(url: str, host: str, port: int) -> None:
    """Names, subdomains of a leading dot, named ports, and addresses taken at their word."""
    target = HOSTS.target(url, BASE)
    assert (target.host, target.port) == (host, port)


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
def test_anything_else_is_refused_and_its_query_not_repeated(url: str) -> None:
    """Other schemes, hosts, ports, user names, and every way to write a private address."""
    with pytest.raises(Refused) as caught:
        HOSTS.target(f"{url}?token=secret" if url else "https://evil.example/?token=secret", BASE)
    assert "secret" not in str(caught.value)


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


def resolve(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    def getaddrinfo(_host: str, port: int, **_options: Any) -> list[Any]:
        if not addresses:
            raise socket.gaierror
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


def test_a_name_is_looked_up_once_and_held_to_what_it_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection goes to the address that was checked: a name that changes its mind changes nothing."""
    target = HOSTS.target("https://cdn.example.org/x", BASE)
    resolve(monkeypatch, "93.184.216.34")
    assert HOSTS.pin(target).address == "93.184.216.34"


def test_a_name_with_one_private_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not only the first address counts."""
    resolve(monkeypatch, "93.184.216.34", "10.0.0.1")
    with pytest.raises(Refused):
        HOSTS.pin(HOSTS.target("https://cdn.example.org/x", BASE))


def test_a_name_without_an_address_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS fails for a while now and then."""
    resolve(monkeypatch)
    with pytest.raises(TryAgainLonger):
        HOSTS.pin(HOSTS.target("https://cdn.example.org/x", BASE))
