"""The zones of a deployment file. A new zone type is a class here, its legs, and a case wherever mypy then asks for one."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field

from pkikit.model.deployment_file.fields import MAX_PEERS, Address, FileValue, Fqdn, Label, Switch


class _Zone(FileValue):
    name: Label

    @property
    def leaves_unverified(self) -> bool:
        """True if the zone does not verify its partner's certificate, and a setting would change that."""
        return False

    def without_verification(self) -> Self:
        """Return the same zone with TLS verify mode off, if the product can switch it off."""
        return self.model_copy(update={"tls_verify": False})


class TraversalZone(_Zone):
    """C (client) dials every E (server) peer; Unified Communications traversal has TLS verify mode always on."""

    type: Literal["unified-communications-traversal", "traversal"]
    client: Label
    server: Label
    peer_addresses: tuple[Address, ...] = Field(min_length=1, max_length=MAX_PEERS)
    tls_verify_subject_name: Fqdn | None = None
    tls_verify: Switch = True

    @property
    def is_uc(self) -> bool:
        """True for Unified Communications traversal: TLS verify mode is always on, and SSH tunnels run beside it."""
        return self.type == "unified-communications-traversal"

    @property
    def leaves_unverified(self) -> bool:
        """True if TLS verify mode is off; it cannot be for Unified Communications."""
        return not (self.is_uc or self.tls_verify)

    def without_verification(self) -> Self:
        """Return the same zone with TLS verify mode off; unchanged for Unified Communications."""
        return self if self.is_uc else super().without_verification()


class NeighbourZone(_Zone):
    """A neighbour that either side dials."""

    type: Literal["neighbour"]
    cluster: Label
    peer_addresses: tuple[Address, ...] = Field(min_length=1, max_length=MAX_PEERS)
    tls_verify: Switch = False

    @property
    def leaves_unverified(self) -> bool:
        """True if TLS verify mode is off."""
        return not self.tls_verify


class DnsZone(_Zone):
    """Calls to domains found by SRV; the partners of the deployment file are those that a check can dial.

    tls_verify: E verifies the called server. It is off by default, as in the product.
    tls_verify_subject_name: the name that E then looks for; empty: the domain called. Cisco's documents contradict each other:
    the command reference X15.0 allows an empty name, the chapter 'Zones and Neighbors' demands one. We follow the reference.
    inbound_mapping: a caller on port 5062 whose certificate has that name belongs to this zone, and not to the default zone.
    """

    type: Literal["dns"]
    cluster: Label
    tls_verify: Switch = False
    tls_verify_subject_name: Fqdn | None = None
    inbound_mapping: Switch = False


class DefaultZone(_Zone):
    """The zone of callers that belong to no other zone."""

    type: Literal["default"]
    cluster: Label
    mutual_tls: Switch = False

    def without_verification(self) -> Self:
        """Return the same zone without mutual TLS."""
        return self.model_copy(update={"mutual_tls": False})


Zone = Annotated[TraversalZone | NeighbourZone | DnsZone | DefaultZone, Field(discriminator="type")]
