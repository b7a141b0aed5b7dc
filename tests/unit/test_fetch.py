"""What `fetch` dials: only addresses that the policy allows, whatever the URL, a name or a redirect says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from pkikit.errors import FetchError, InputError
from pkikit.net.fetch import FetchLimits, Policy, Resolve, fetch, public_only
from pkikit.values.urls import is_public_address, parse_web_url

LIMITS = FetchLimits(size=10_000, time=20)


def any_port_of_the_internet(address: str, _: int) -> bool:
    """The default policy; the server of a test cannot listen on port 80."""
    return public_only(address, 80)


def dialled(
    url: Callable[[int], str], *, policy: Policy = any_port_of_the_internet, resolve: Resolve | None = None
) -> tuple[int, str]:
    """(connections that a server on 127.0.0.1 got, the error of the fetch)."""
    connections = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        writer.close()

    async def ask() -> str:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        try:
            await fetch(url(server.sockets[0].getsockname()[1]), policy=policy, resolve=resolve, limits=LIMITS)
        except FetchError as error:
            return str(error)
        finally:
            server.close()
        return ""

    told = asyncio.run(ask())
    return connections, told


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(
    "host",
    [
        "\u2460\u2461\u2466.0.0.1", "127\u30020\u30020\u30021", "\uff11\uff12\uff17.0.0.1", "\u24db\u24de\u24d2\u24d0lhost",
        "127.0.0.1", "localhost", "2130706433", "0x7f000001", "017700000001", "127.1", "0.0.0.0", "0", "[::1]",
        "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:ffff:127.0.0.1]", "[::127.0.0.1]", "%31%32%37.0.0.1",
        "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "user@127.0.0.1", "127.0.0.1\\@example.com", "exa\tmple.com",
        "[fe80::1%25lo]", "127.0.0.1.", "\ud800", "example.com:80@127.0.0.1", "[127.0.0.1]", "",
    ],
)  # fmt: skip
def test_url_with_a_disguised_internal_address_is_refused(scheme: str, host: str) -> None:
    """Digits and dots outside ASCII, other bases, embedded and mapped addresses: refused before a connection is made."""
    connections, told = dialled(lambda port: f"{scheme}://{host}:{port}/")
    assert connections == 0
    assert told.isprintable()
    assert len(told) > 20


def test_policy_judges_the_address_that_a_name_resolves_to() -> None:
    """The policy sees what the name leads to; where it allows that, the server is dialled."""

    async def inside(_: str, port: int) -> list[tuple[str, int]]:
        return [("127.0.0.1", port)]

    def url(port: int) -> str:
        return f"http://crl.example.com:{port}/"

    connections, told = dialled(url, resolve=inside)
    assert connections == 0
    assert "may not be asked" in told
    assert dialled(url, policy=lambda address, _: address == "127.0.0.1", resolve=inside) == (1, "")


def test_policy_is_asked_again_for_the_connected_address() -> None:
    """A policy that changes its mind between the resolver and the socket is asked again: nothing is dialled."""
    answers = iter([True, False, False])

    async def inside(_: str, port: int) -> list[tuple[str, int]]:
        return [("127.0.0.1", port)]

    connections, told = dialled(
        lambda port: f"http://crl.example.com:{port}/", policy=lambda *_: next(answers), resolve=inside
    )
    assert connections == 0
    assert "may not be asked" in told


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "192.168.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1", "239.1.1.1",
        "255.255.255.255", "240.0.0.1", "192.0.2.1", "::", "::1", "::127.0.0.1", "::8.8.8.8", "::ffff:127.0.0.1",
        "::ffff:8.8.8.8", "::ffff:0:7f00:1", "64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::808:808", "2002:7f00:1::",
        "2002:808:808::", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "fec0::1", "fe80::1", "fe80::1%eth0", "fc00::1",
        "ff02::1", "ff0e::1", "2001:db8::1", "2001:4860:4860::8888%1", "not an address", "",
    ],
)  # fmt: skip
def test_internal_address_is_not_public(address: str) -> None:
    """What leads inside, or may: loopback, private, link-local, site-local, multicast, embedded, documentation."""
    assert not is_public_address(address)
    assert not public_only(address, 80)


@pytest.mark.parametrize("address", ["8.8.8.8", "193.0.14.129", "2001:4860:4860::8888", "2a00::1", "64:ff9b::808:808"])
def test_internet_address_is_public(address: str) -> None:
    """The internet; through NAT64 too, which is how a network without IPv4 reaches it."""
    assert public_only(address, 80)
    assert public_only(address, 443)
    assert not public_only(address, 22)


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("http://crl.example.com/ca.crl", "crl.example.com", 80),
        ("https://Example.COM:8443/a%20b?x=[1]#f", "example.com", 8443),
        ("http://[2001:db8::1]/", "2001:db8::1", 80),
        ("http://192.0.2.1", "192.0.2.1", 80),
    ],
)
def test_url_gives_host_and_port(text: str, host: str, port: int) -> None:
    """Host and port as they are dialled."""
    url = parse_web_url(text)
    assert (url.host, url.port, url.text) == (host, port, text)


@pytest.mark.parametrize(
    "text",
    [
        "", "crl", "ftp://example.com/", "file:///etc/passwd", "http://", "http:///x", "http://a b/", "http://a\nb/",
        "http://\ud800/", "http://b\u00fccher.example/", "http://u@example.com/", "http://example.com:0/",
        "http://example.com:65536/", "http://example.com:\u00b2/", "http://[::1", "http://[x]/", "http://[1.2.3.4]/",
        "http://a..b/", "http://-/", "http://.example/", "http://" + "a" * 64 + ".example/", "http://[::1%25lo]/",
        "http://exam%70le.com/", "http://" + "a" * 300 + "/", "http://example.com/" + "a" * 2000,
    ],
)  # fmt: skip
def test_malformed_url_is_refused_with_a_printable_sentence(text: str) -> None:
    """One sentence, and nothing in it that a terminal cannot show."""
    with pytest.raises(InputError) as refused:
        parse_web_url(text)
    assert str(refused.value).isprintable()
