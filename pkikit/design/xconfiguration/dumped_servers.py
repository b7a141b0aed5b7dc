"""The servers and accounts in the dump of a peer: LDAP, policy services, syslog, the external manager (TMS)."""

from __future__ import annotations

from collections.abc import Iterator

from pkikit.design.setting_words import word_of
from pkikit.design.xconfiguration.dump_words import SECRET, Value, addresses, under
from pkikit.model.deployment import Deployment
from pkikit.model.parties import Cluster, Server
from pkikit.model.tables import ports

_MOST_POLICY_SERVERS = 3


def server_values(deployment: Deployment, cluster: Cluster) -> Iterator[Value]:
    """Yield what the dump says about the servers that a cluster uses. Their names are there for policy services alone.

    Args:
        deployment: the deployment.
        cluster: whose dump it is.

    Yields:
        Key and value.
    """
    own = [server for server in deployment.servers if server.cluster == cluster.name]
    for server in own:
        if server.type == "ldap":
            yield from _directory(server)
        elif server.type == "tms":
            yield "ExternalManager Address", server.nodes[0]
    for number, server in enumerate((s for s in own if s.type == "policy"), start=1):
        yield from _policy(server, f"Policy Services Service {number}")
    nodes = (node for server in own if server.type == "syslog" for node in server.nodes)
    for number, node in enumerate(nodes, start=1):
        values = (("Address", node), ("Mode", "ietf_secure"), ("Transport", "tls"), ("Port", str(ports.SYSLOG_TLS)))
        yield from under(f"Remote Syslog {number}", *values, ("Crlcheck", "Off"))


def account_values(cluster: Cluster) -> Iterator[Value]:
    """Yield the account of the administrator, with the right to use the REST API."""
    yield from under(
        "Authentication Account Admin Account 1",
        ("Name", "admin"), ("Enabled", "On"), ("AccessWeb", "On"), ("AccessAPI", word_of(cluster.api_access)),
        ("Password", SECRET),
    )  # fmt: skip


def _directory(server: Server) -> Iterator[Value]:
    yield from (("Login Source Admin", "Both"), ("Login Remote Protocol", "LDAP"))
    yield from under(
        "Login Remote LDAP",
        ("Server Address", server.nodes[0]), ("Server Port", str(ports.LDAPS)), ("VCS BindPassword", SECRET),
    )  # fmt: skip


def _policy(server: Server, key: str) -> Iterator[Value]:
    yield from under(key, ("Name", server.name), ("Protocol", "HTTPS"), ("Password", SECRET))
    yield f"{key} TLS Verify Mode", word_of(server.tls_verify)
    yield from addresses(f"{key} Server", server.nodes[:_MOST_POLICY_SERVERS], _MOST_POLICY_SERVERS)
