"""The sunset lab: one deployment through the end of clientAuth, and the ways out, each on real handshakes.

First, on the lab's clock: certificates with both purposes are renewed automatically, and from a certain day come back
with serverAuth only. Then the lab tries every way out on that world, and dials all legs again.
Sources: docs/sources.md (FN74362, TAC 225482 and 225693).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from pkikit.design.csr import build_csr, fast_key
from pkikit.files import key_pem
from pkikit.issue.authority import Authority, Profile, create_root
from pkikit.model.certificates.credential import Credential
from pkikit.model.certificates.facts import format_time
from pkikit.model.deployment import Deployment, deployment_from
from pkikit.model.parties import Role, Side
from pkikit.model.tables.features import SERVER_ONLY_SWITCH, TWO_STORES, Feature
from pkikit.model.tables.public_cas import CLASSIC_ENDS_CLIENT_AUTH, EXPRESSWAY_PROFILE, LETS_ENCRYPT
from pkikit.model.world import World
from pkikit.view.connections.check_report import CheckReport
from pkikit.worlds.copied_stores import with_copied_stores
from pkikit.worlds.issued_world import layout_of
from simulator.clock import Clock
from simulator.lab.acme_attachment import acme_service
from simulator.lab.lab import Lab
from simulator.lab.running_lab import RunningLab
from simulator.settings import LabSettings
from simulator.travel.renewal_years import BOTH, set_up_automatic
from simulator.travel.timeline import Timeline, live_through

if TYPE_CHECKING:
    import pandas as pd

_CLASSIC = LETS_ENCRYPT[EXPRESSWAY_PROFILE]  # what an Expressway orders
BEGINS = CLASSIC_ENDS_CLIENT_AUTH - timedelta(days=40)
LIFETIME = timedelta(days=_CLASSIC.days(BEGINS))
LASTS = timedelta(days=110)
_SERVER = (ExtendedKeyUsageOID.SERVER_AUTH,)
Step = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Stage:
    """The deployment at one point, or with one way out.

    takes: the work that it needs. before: the world that a way out starts from, as a report; None for a point in time.
    """

    id: str
    title: str
    takes: str
    report: CheckReport
    before: CheckReport | None = None

    @property
    def restores(self) -> tuple[str, ...]:
        """The legs that were down before, and are up now or no longer exist in this version."""
        return tuple(leg.leg.id for leg in self.before.down if leg.leg.id not in self.down) if self.before else ()

    @property
    def breaks(self) -> tuple[str, ...]:
        """The legs that are down, and were up before."""
        was_down = {leg.leg.id for leg in self.before.down} if self.before else set(self.down)
        return tuple(leg for leg in self.down if leg not in was_down)

    @property
    def services_down(self) -> tuple[str, ...]:
        """The services that do not work, with where: `mra at e1.example.com`."""
        return tuple(s.at_peer for s in self.report.services if s.peer and not s.up)

    @property
    def down(self) -> tuple[str, ...]:
        """The legs that are down."""
        return tuple(leg.leg.id for leg in self.report.down)

    @property
    def agree(self) -> bool:
        """True if both judges, pkikit and the handshakes, agree on every leg."""
        return all(leg.agrees for leg in self.report.legs)

    def to_json(self) -> dict[str, Any]:
        """Return one entry of `stages`."""
        total = len(self.report.legs)
        return {
            "id": self.id, "title": self.title, "takes": self.takes, "up": total - len(self.down), "legs": total,
            "judges_agree": self.agree, "restores": list(self.restores), "breaks": list(self.breaks),
            "services_down": list(self.services_down),
            "down": [
                {"id": leg.leg.id, "client": leg.leg.client, "server": leg.leg.server, "causes": list(leg.causes),
                 "rejected_by": leg.rejected_by.value if leg.rejected_by else None}
                for leg in self.report.down
            ],
        }  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Sunset:
    """The simulated time, and the stages to compare."""

    deployment: str
    timeline: Timeline
    stages: tuple[Stage, ...]

    def stage(self, stage_id: str) -> Stage:
        """Return the stage with this id; StopIteration if there is none."""
        return next(s for s in self.stages if s.id == stage_id)

    def to_json(self) -> dict[str, Any]:
        """Return the document of `expressway-sim sunset --json`."""
        return {
            "deployment": self.deployment,
            "stages": [s.to_json() for s in self.stages],
            "timeline": self.timeline.to_json(),
        }

    def frame(self) -> pd.DataFrame:
        """Return a row for each leg that is down at some stage, a column for each stage."""
        import pandas as pd

        legs = [leg.leg.id for leg in self.stages[0].report.legs]
        table = {s.title: ["down" if leg in s.down else "up" for leg in legs] for s in self.stages}
        frame = pd.DataFrame(table, index=pd.Index(legs, name="leg"))
        return frame[(frame == "down").any(axis=1)]


async def live_through_sunset(
    deployment: Deployment, *, settings: LabSettings | None = None, step: Step = lambda _: None
) -> Sunset:
    """Simulate everything for one deployment. E's certificates are from a public CA, those inside from a private one."""
    lab_settings = settings or LabSettings(rsa=False, pages=False, timeout=2.0)
    step("certificates with both purposes, as until spring 2026")
    async with Lab(deployment, settings=lab_settings, clock=Clock.set_to(BEGINS)) as lab, acme_service(lab) as acme:
        public = _public_ca(lab)
        lab.change(_as_outside_sees_it(lab, public))
        await set_up_automatic(lab, acme, LIFETIME, _purposes, by=public)
        stages = [Stage(id="both", title="both purposes", takes="", report=await lab.check())]
        step(f"time passes, over {format_time(CLASSIC_ENDS_CLIENT_AUTH)}")
        timeline = await live_through(lab, LASTS)
        stages.append(
            Stage(id="renewed", title="renewed: serverAuth only", takes="nothing was done", report=await lab.check())
        )
        at, after = lab.clock.now(), lab.world
        private = lab.issued.authority
        for way in (_private_ca, _private_ca_and_partners):
            stage = way(lab, after, private, at)
            step(stage[1])
            lab.change(stage[3])
            stages.append(_stage(stage, await lab.check()))
    others = (_upload_switch, _two_stores, _verify_off)
    stages += [await other(deployment, lab_settings, after, at, private, step) for other in others]
    ways = [replace(way, before=stages[1].report) for way in stages[2:]]
    stages = [*stages[:2], *ways, *await _public_on_c(deployment, lab_settings, after, at, public, step)]
    return Sunset(deployment=deployment.name, timeline=timeline, stages=tuple(stages))


def _stage(told: tuple[str, str, str, World], report: CheckReport) -> Stage:
    return Stage(id=told[0], title=told[1], takes=told[2], report=report)


def _purposes(at: datetime) -> tuple[x509.ObjectIdentifier, ...]:
    return BOTH if _CLASSIC.has_client_auth(at) else _SERVER


def _public_ca(lab: RunningLab) -> Authority:
    at = lab.clock.now() - timedelta(days=400)
    root = create_root("Public Root CA", at=at, organisation="A public CA")
    return root.intermediate("Public Issuing CA", at=at, organisation="A public CA")


def _outsiders(deployment: Deployment) -> frozenset[str]:
    return frozenset(deployment.members_on(Side.OUTSIDE))


def _as_outside_sees_it(lab: RunningLab, public: Authority) -> World:
    """Parties outside trust only the public CA; parties inside trust both."""
    world, outside = lab.world, _outsiders(lab.deployment)
    for fqdn, party in world.parties.items():
        own = () if fqdn in outside else party.trusted_ca_list
        # SSH tunnels want the intermediate, too (Cisco TAC 221624).
        below = public.intermediates if fqdn in lab.deployment.peers else ()
        world = world.with_party(replace(party, trusted_ca_list=(*own, public.root, *below)))
    # Their own certificates are of the public CA too, and keep both purposes: we cannot know better.
    for fqdn in outside:
        party = world.parties[fqdn]
        if party.credential is not None:
            world = world.with_party(replace(party, credential=_issue(public, lab.deployment, fqdn, lab.clock.now())))
    return world


def _issue(
    authority: Authority, deployment: Deployment, fqdn: str, at: datetime, profile: Profile | None = None
) -> Credential:
    key = fast_key()
    leaf = authority.issue(build_csr(layout_of(deployment, fqdn), key), at=at, profile=profile)
    return Credential(chain=(leaf, *authority.intermediates), key=key)


# The ways out.


def _private_ca(lab: RunningLab, world: World, private: Authority, at: datetime) -> tuple[str, str, str, World]:
    for fqdn in lab.deployment.peers_of(Role.EXPRESSWAY_E):
        made = replace(world.parties[fqdn], credential=_issue(private, lab.deployment, fqdn, at))
        world = world.with_party(made)
    return "private-ca", "private CA on E", "certificates of the private CA, both purposes, on every E", world


def _private_ca_and_partners(
    lab: RunningLab, world: World, private: Authority, at: datetime
) -> tuple[str, str, str, World]:
    world = _trusting(lab.deployment, _private_ca(lab, world, private, at)[3], private)
    takes = "the same, and every partner appends the private root; clients outside cannot be asked to"
    return "private-ca-trusted", "private CA, trusted by partners", takes, world


def _trusting(deployment: Deployment, world: World, private: Authority) -> World:
    """The partners outside trust the private root too; the clients of users do not."""
    for fqdn in _outsiders(deployment).intersection(deployment.parties):
        party = world.parties[fqdn]
        world = world.with_party(replace(party, trusted_ca_list=(*party.trusted_ca_list, private.root)))
    return world


async def _upload_switch(
    deployment: Deployment, settings: LabSettings, world: World, at: datetime, private: Authority, step: Step
) -> Stage:
    """The switch of Expressway-E: the page accepts the certificate, which changes nothing for its verifiers."""
    step(f"the upload switch of {SERVER_ONLY_SWITCH.first}")
    async with _lab(_at_version(deployment, SERVER_ONLY_SWITCH), settings, world, at) as lab:
        for fqdn in deployment.peers_of(Role.EXPRESSWAY_E):
            lab.peers[fqdn].set_eku_switches(server_upload=True)
            credential = world.parties[fqdn].credential
            assert credential is not None  # of the public CA, with its key
            assert credential.key is not None
            await lab.peers[fqdn].upload(credential.pem(), key_pem(credential.key))
            lab.peers[fqdn].restart()
        takes = "xConfiguration XCP TLS Certificate CVS EnableServerEkuUpload: On, on every E"
        return Stage(
            id="server-only-upload-x15.4",
            title=f"upload switch of {SERVER_ONLY_SWITCH.first}",
            takes=takes,
            report=await lab.check(),
        )


async def _two_stores(
    deployment: Deployment, settings: LabSettings, world: World, at: datetime, private: Authority, step: Step
) -> Stage:
    """Two stores: the public certificate as server, one of the private CA as client."""
    step(f"the two stores of {TWO_STORES.first}")
    async with _lab(_at_version(deployment, TWO_STORES), settings, _trusting(deployment, world, private), at) as lab:
        for fqdn in deployment.peers_of(Role.EXPRESSWAY_E):
            made = _issue(private, deployment, fqdn, at)
            assert made.key is not None  # just made
            await lab.peers[fqdn].load_client_certificate(made.pem(), key_pem(made.key))
            lab.peers[fqdn].restart()
        takes = f"upgrade to {TWO_STORES.first}; a client certificate of the private CA on every E, whose root partners append"
        return Stage(
            id="two-stores-x15.5", title=f"two stores of {TWO_STORES.first}", takes=takes, report=await lab.check()
        )


async def _public_on_c(
    deployment: Deployment, settings: LabSettings, world: World, at: datetime, public: Authority, step: Step
) -> tuple[Stage, Stage]:
    """X15.5 with server-only certificates of the public CA in every store, also on C; then the checking mode Off.

    Cisco TAC 225693, condition 2: without the check the zone is active again, and the SSH tunnels are not.
    """
    step(f"{TWO_STORES.first} with public certificates on Expressway-C too")
    newer = _at_version(deployment, TWO_STORES)
    for fqdn in deployment.peers_of(Role.EXPRESSWAY_C):
        made = _issue(public, deployment, fqdn, at, Profile(ekus=_SERVER))
        world = world.with_party(replace(world.parties[fqdn], credential=made))
    world = with_copied_stores(world, deployment.product_version, newer)
    async with _lab(newer, settings, world, at) as lab:
        everywhere = Stage(
            id="public-everywhere-x15.5",
            title=f"{TWO_STORES.first}, public CA on C too",
            takes="the upgrade copied the server-only certificates into the client stores",
            report=await lab.check(),
        )
        step("ExtendedKeyUsage Checking Mode: Off")
        for cluster in deployment.clusters:
            lab.peers[cluster.peers[0]].set_eku_switches(checking=False)
        off = Stage(
            id="checking-mode-off-x15.5",
            title="the same, checking mode Off",
            takes="xConfiguration SIP TLS Certificate ExtendedKeyUsage Checking Mode: Off, on every cluster",
            report=await lab.check(),
            before=everywhere.report,
        )
    return everywhere, off


async def _verify_off(
    deployment: Deployment, settings: LabSettings, world: World, at: datetime, private: Authority, step: Step
) -> Stage:
    """TLS verify mode off wherever that is possible: nobody is asked for a certificate any more."""
    step("TLS verify mode off where it can be")
    unverified = deployment.model_copy(
        update={
            "clusters": tuple(c.model_copy(update={"cluster_tls": "permissive"}) for c in deployment.clusters),
            "zones": tuple(zone.without_verification() for zone in deployment.zones),
        }
    )
    async with _lab(unverified, settings, world, at) as lab:
        takes = "verify mode off on zones and between peers: anybody can pretend to be them"
        return Stage(id="verify-off", title="verify off", takes=takes, report=await lab.check())


def _at_version(deployment: Deployment, feature: Feature) -> Deployment:
    """Return the same deployment in the first version that has the feature."""
    return deployment_from({**deployment.model_dump(mode="json"), "version": feature.first})


def _lab(deployment: Deployment, settings: LabSettings, world: World, at: datetime) -> Lab:
    """Open a lab of the same machines with the same certificates, under another configuration or version."""

    def prepare(other: World) -> World:
        for fqdn, party in world.parties.items():
            if fqdn in other.parties:
                other = other.with_party(party)
        return other

    return Lab(deployment, settings=settings, clock=Clock.set_to(at), prepare=prepare)
