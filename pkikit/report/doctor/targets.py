"""What somebody wrote: the address of a server, or something that is neither that nor a file."""

from __future__ import annotations

from dataclasses import dataclass

from pkikit.errors import InputError
from pkikit.judge.matching.name_matching import reference_name
from pkikit.model.leg import Protocol
from pkikit.model.tables import ports
from pkikit.text import printable
from pkikit.values.names import is_ip_address
from pkikit.values.numbers import whole_number

# Where an Expressway listens with TLS, in the order in which they are tried if nobody names a port.
USUAL_PORTS = (ports.SIP_TLS, ports.MRA, ports.HTTPS)
_SCHEMES = {
    "https": (ports.HTTPS, Protocol.HTTPS),
    "sips": (ports.SIP_TLS, Protocol.SIP_TLS),
    "sip": (ports.SIP_TLS, Protocol.SIP_TLS),
}
# Endings of files that could also be a host name.
_FILE_ENDINGS = frozenset(
    {
        "7z", "bak", "bin", "bz2", "ca-bundle", "cer", "cert", "cnf", "conf", "crl", "crt", "csr", "csv", "der", "enc", "gz",
        "html", "jks", "json", "key", "log", "md", "ocsp", "ors", "p12", "p7b", "p7c", "p7m", "p8", "pcap", "pcapng", "pdf",
        "pem", "pfx", "png", "req", "tar", "text", "tgz", "txt", "xml", "xz", "yaml", "yml", "zip",
    }
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Target:
    """A server to dial.

    Attributes:
        host: its name or address.
        tried: the ports to try, in order; one if somebody named it.
        protocol: what to ask with; None leaves it to the port.
    """

    host: str
    tried: tuple[int, ...]
    protocol: Protocol | None = None

    @property
    def is_address(self) -> bool:
        """True if the server was named by an IP address."""
        return is_ip_address(self.host)

    def at(self, port: int) -> str:
        """Return the server with a port, as people write it."""
        return f"[{self.host}]:{port}" if ":" in self.host else f"{self.host}:{port}"

    def protocol_on(self, port: int) -> Protocol:
        """Return what to ask with on a port."""
        return self.protocol or (Protocol.SIP_TLS if ports.carries_sip(port) else Protocol.HTTPS)


def target_of(text: str) -> Target | None:
    """Read the address of a server.

    Args:
        text: `HOST:PORT`, `HOST`, `[IPv6]:PORT`, an address, or one of these with `https://` or `sips:` in front.

    Returns:
        The server; None if the text looks like the name of a file.

    Raises:
        InputError: it is an address of a server, and part of it is wrong.
    """
    scheme, rest = _scheme_of(text)
    if scheme:
        rest = rest.removeprefix("//").partition("/")[0].partition("?")[0].partition(";")[0].rpartition("@")[2]
    elif "/" in text or "\\" in text or not text.strip() or len(text) > 300:
        return None
    host, port = _split(rest)
    protocol = _SCHEMES[scheme][1] if scheme else None
    if port:
        number = whole_number(port, most=65535)
        if not number:
            if not scheme:
                return None
            raise InputError(f"{printable(text, 80)!r}: {printable(port, 20)!r} is not a port; ports are 1 to 65535")
        return Target(host=_host(host, text), tried=(number,), protocol=protocol)
    if scheme:
        return Target(host=_host(host, text), tried=(_SCHEMES[scheme][0],), protocol=protocol)
    ending = host.rpartition(".")[2].lower()
    if not is_ip_address(host) and ("." not in host or ending in _FILE_ENDINGS):
        return None
    try:
        return Target(host=reference_name(host), tried=USUAL_PORTS)
    except InputError:
        return None


def _scheme_of(text: str) -> tuple[str, str]:
    scheme, colon, rest = text.partition(":")
    known = colon and scheme.lower() in _SCHEMES
    # A host may be called `sip`, and `sip:5061` is that host with a port.
    if not known or rest.isdecimal():
        return "", text
    return scheme.lower(), rest


def _split(text: str) -> tuple[str, str]:
    """Return (host, port) of `host:port`, `[v6]:port`, `host` or an IPv6 address without brackets."""
    if text.startswith("["):
        host, bracket, port = text[1:].partition("]")
        return (host, port.removeprefix(":")) if bracket else (text, "")
    if text.count(":") > 1:
        return text, ""
    host, _, port = text.partition(":")
    return host, port


def _host(host: str, text: str) -> str:
    if not host:
        raise InputError(f"{printable(text, 80)!r} has no host; write HOST:PORT, as e1.example.com:5061")
    return reference_name(host)
