"""Resolvers and sockets on Windows, macOS and Linux, and what dig, host, nslookup, nc and telnet print."""

from __future__ import annotations

from pkikit.judge.phrases.phrase import Phrase, Whose
from pkikit.judge.phrases.rows import rows

_RESOLVER = rows(
    "ISC BIND, dig, host, nslookup; Windows, DNS_ERROR_… and WSA…; systemd-resolved",
    Whose.NEITHER,
    ("dns.name-unresolved", "status: nxdomain", ";; ->>HEADER<<- opcode: QUERY, status: NXDOMAIN, id: 4711"),
    ("dns.name-unresolved", "status: servfail", ";; ->>HEADER<<- opcode: QUERY, status: SERVFAIL, id: 4711"),
    ("dns.name-unresolved", "status: refused", ";; ->>HEADER<<- opcode: QUERY, status: REFUSED, id: 4711"),
    ("dns.name-unresolved", "not found: 3(nxdomain)", "Host e1.example.com not found: 3(NXDOMAIN)"),
    ("dns.name-unresolved", "not found: 2(servfail)", "Host e1.example.com not found: 2(SERVFAIL)"),
    ("dns.name-unresolved", "server can't find", "** server can't find e1.example.com: NXDOMAIN"),
    ("dns.name-unresolved", "no servers could be reached", ";; connection timed out; no servers could be reached"),
    ("dns.name-unresolved", "non-existent domain", "*** dns1.example.com can't find e1.example.com: Non-existent domain"),
    ("dns.name-unresolved", "no such host is known", "No such host is known. (e1.example.com:8443)"),
    ("dns.name-unresolved", "wsahost_not_found", "Socket error 11001: WSAHOST_NOT_FOUND"),
    ("dns.name-unresolved", "dns name does not exist", "Resolve-DnsName : e1.example.com : DNS name does not exist"),
    ("dns.name-unresolved", "unknown host", "ping: unknown host e1.example.com"),
    ("dns.name-unresolved", "eai_noname", "getaddrinfo: EAI_NONAME for e1.example.com"),
    ("dns.name-unresolved", "eai_again", "getaddrinfo: EAI_AGAIN for e1.example.com"),
    ("dns.name-unresolved", "a server with the specified hostname could not be found", "A server with the specified hostname could not be found."),
)  # fmt: skip

_SOCKETS = rows(
    "Windows, winerror.h: WSAE…; errno(3); ncat, nc, telnet; Apple, NSURLError",
    Whose.NEITHER,
    ("net.unreachable", "wsaeconnrefused", "connect failed: WSAECONNREFUSED (10061)"),
    ("net.unreachable", "wsaetimedout", "connect failed: WSAETIMEDOUT (10060)"),
    ("net.unreachable", "wsaehostunreach", "connect failed: WSAEHOSTUNREACH (10065)"),
    ("net.unreachable", "wsaenetunreach", "connect failed: WSAENETUNREACH (10051)"),
    ("net.connection-cut", "wsaeconnreset", "recv failed: WSAECONNRESET (10054)"),
    ("net.connection-cut", "wsaeconnaborted", "recv failed: WSAECONNABORTED (10053)"),
    ("net.unreachable", "the target machine actively refused it", "No connection could be made because the target machine actively refused it."),
    ("net.unreachable", "the connected party did not properly respond after a period of time", "A connection attempt failed because the connected party did not properly respond after a period of time"),
    ("net.unreachable", "could not open connection to the host", "Could not open connection to the host, on port 8443: Connect failed"),
    ("net.unreachable", "tcptestsucceeded : false", "TcpTestSucceeded : False"),
    ("net.unreachable", "could not connect to the server.", "Error Domain=NSURLErrorDomain Code=-1004 \"Could not connect to the server.\""),
    ("net.unreachable", "operation timed out", "connect to 192.0.2.10 port 8443: Operation timed out", "port"),
    ("net.unreachable", "destination host unreachable", "Reply from 10.0.0.1: Destination host unreachable."),
    ("net.connection-cut", "software caused connection abort", "Software caused connection abort: recv failed"),
    ("net.connection-cut", "connection was forcibly closed", "An existing connection was forcibly closed"),
    ("net.connection-cut", "errno=104", "SSL_read: Connection error, errno=104"),
    ("net.connection-cut", "the network connection was lost", "Error Domain=NSURLErrorDomain Code=-1005 \"The network connection was lost.\""),
    ("net.unreachable", "[errno 111]", "OSError: [Errno 111] Connect call failed ('192.0.2.10', 8443)"),
    ("net.connection-cut", "[errno 104]", "OSError: [Errno 104] recv"),
    ("dns.name-unresolved", "[errno -2]", "socket.gaierror: [Errno -2] Name or service not known"),
    ("dns.name-unresolved", "[errno -3]", "socket.gaierror: [Errno -3] Temporary failure in name resolution"),
)  # fmt: skip

SOCKETS: tuple[Phrase, ...] = (*_RESOLVER, *_SOCKETS)
