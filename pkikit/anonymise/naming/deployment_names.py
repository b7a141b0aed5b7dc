"""A deployment under other names: the same machines, zones and settings."""

from __future__ import annotations

from typing import Any

from pkikit.anonymise.naming.replaced_names import Names
from pkikit.anonymise.naming.tokens import Tokens
from pkikit.model.deployment import Deployment, deployment_from
from pkikit.model.promises import Promises

# Keys whose values are words of the product, and keys whose values are labels that a person chose.
SETTINGS = frozenset(
    {
        "type", "role", "version", "registration_domain_format", "cluster_tls", "certificate", "fallback", "ssh_key_algorithms",
        "log_level", "port",
    }
)  # fmt: skip
_LABELS = frozenset({"name", "client", "server", "cluster", "dns_zone"})


class DeploymentNames:
    """Rewrites the values of a deployment file."""

    def __init__(self, names: Names, tokens: Tokens) -> None:
        """Take what replaces names, and what replaces the words of labels."""
        self._names, self._tokens = names, tokens

    def label(self, label: str) -> str:
        """Return another label of a zone, cluster or group of nodes."""
        return self._tokens.text(label)

    def deployment(self, original: Deployment) -> Deployment:
        """Return the deployment under other names.

        Args:
            original: the deployment.

        Returns:
            Another one with the same structure.

        Raises:
            DeploymentError: the new names do not fit into a deployment file.
        """
        data = original.model_dump(mode="json", exclude_unset=True, exclude={"expect"})
        renamed = self._value("", data)
        if original.expect is not None:
            renamed["expect"] = self._promises(original, original.expect)
        return deployment_from(renamed)

    def _promises(self, original: Deployment, promises: Promises) -> dict[str, Any]:
        """Return what is promised under other names: of clusters, zones and machines. The rest are words and numbers."""
        data = promises.model_dump(mode="json", exclude_unset=True)
        for service in data.get("services", {}).values():
            if "clusters" in service:
                service["clusters"] = [self.label(name) for name in service["clusters"]]
        for connection in data.get("connections", ()):
            if connection.get("zone"):
                connection["zone"] = self.label(connection["zone"])
        clusters = {cluster.name for cluster in original.clusters}
        for path, scope in promises.scopes():
            *parents, last = path
            place: Any = data
            for part in parents:
                place = place[part]
            if scope in clusters:
                place[last] = self.label(scope)
            elif scope in original.parties:
                place[last] = self._names.host(scope)
        return data

    def _value(self, key: str, value: Any) -> Any:
        match value:
            case dict():
                return {
                    self._key(k): self._value(k if isinstance(k, str) and "." not in k else key, v)
                    for k, v in value.items()
                }
            case list():
                return [self._value(key, one) for one in value]
            case str() if key in _LABELS:
                return self.label(value)
            case str() if key not in SETTINGS:
                return self._names.host(value)
            case _:
                return value

    def _key(self, key: str) -> str:
        """Return a key: those with a dot are names of machines (`addresses`, `aliases`, `server_names`)."""
        return self._names.host(key) if "." in key else key
