"""The Generate CSR page as a value, and what a request from it would hold. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

from cryptography import x509

from pkikit.design.csr import CsrForm, SubjectFields, build_csr, make_key, san_length
from pkikit.design.san import SanEntry, SanLayout, design_sans
from pkikit.errors import InputError
from pkikit.judge.linting.lint import lint_request
from pkikit.model.certificates.credential import PrivateKey
from pkikit.model.deployment import Deployment
from pkikit.model.findings import Verdict
from pkikit.model.parties import Role
from pkikit.rules.name_rules import REFERENCE
from pkikit.values.names import parse_dns_name
from simulator.peer.upload import use_of
from workbook.html import PanelOutput, table
from workbook.models.revocation_table import AT

CLUSTER_NAMES = ("none", "FQDN of the cluster", "FQDN of the cluster and of all peers")
MAX_NAMES = 10_000


@dataclass(frozen=True, kw_only=True)
class RequestForm:
    """The fields of the page as typed; lists are separated by commas."""

    cluster_names: str = CLUSTER_NAMES[1]
    registration_domains: str = ""
    registration_format: str = "dns"
    chat_aliases: str = ""
    added: str = ""
    key_size: int = 2048
    digest: str = "sha256"
    country: str = ""
    state: str = ""
    locality: str = ""
    organisation: str = ""
    unit: str = ""

    def fields(self) -> SubjectFields:
        """The subject besides the common name."""
        return SubjectFields(
            country=self.country,
            state=self.state,
            locality=self.locality,
            organisation=self.organisation,
            unit=self.unit,
        )


@dataclass(frozen=True, kw_only=True)
class RequestPreview:
    """What the request will ask for, and what the linter reports about it, for this peer."""

    layout: SanLayout
    request: x509.CertificateSigningRequest
    verdict: Verdict

    @property
    def characters(self) -> int:
        """All SANs together, as the product counted until X8.10."""
        return san_length(self.layout.dns_names)


def preview(deployment: Deployment, peer: str, form: RequestForm, key: PrivateKey) -> RequestPreview:
    """Return the request that this form would make. Raises InputError if the page refuses it."""
    fqdn = deployment.peer(peer)
    layout = _layout(deployment, fqdn, form)
    version = deployment.product_version
    CsrForm.of(version).check(layout, form.digest, form.key_size, version)
    request = build_csr(layout, key, fields=form.fields(), digest="sha256" if form.digest == "sha1" else form.digest)
    use = replace(use_of(deployment, fqdn, AT), is_request=True)
    return RequestPreview(layout=layout, request=request, verdict=lint_request(request, use))


def _layout(deployment: Deployment, fqdn: str, form: RequestForm) -> SanLayout:
    cluster = deployment.cluster_of(fqdn)
    assert cluster is not None  # a peer has one
    designed = design_sans(deployment, fqdn)
    reasons = {entry.value: entry.reason for entry in designed.entries}
    names = [fqdn]
    if form.cluster_names != CLUSTER_NAMES[0] and cluster.fqdn:
        names.append(cluster.fqdn)
    if form.cluster_names == CLUSTER_NAMES[2]:
        names += cluster.peers
    if deployment.role_of(fqdn) is Role.EXPRESSWAY_E:
        prefix = "collab-edge." if form.registration_format == "collab-edge-dns" else ""
        names += [f"{prefix}{name}" for name in _split(form.registration_domains)]
    else:
        names += [p for cm in deployment.unified_cm for p in cm.security_profiles]
    names += [*_split(form.chat_aliases), *_split(form.added)]
    entries = tuple(
        SanEntry(
            value=name,
            reason=reasons.get(name, "chosen on the page"),
            rule=REFERENCE.id,
            needed_by=(),
        )
        for name in dict.fromkeys(parse_dns_name(n) for n in names)
    )
    return replace(designed, entries=entries)


def _split(text: str) -> list[str]:
    found = [part.strip() for part in text.split(",") if part.strip()]
    if len(found) > MAX_NAMES:
        raise InputError(f"{len(found):,} names are given; a request takes at most {MAX_NAMES:,}")
    return found


def render_preview(made: RequestPreview) -> PanelOutput:
    """Show names with reasons, subject, and what the linter reports; the same in words."""
    names = [(entry.value, entry.reason) for entry in made.layout.entries]
    subject = made.request.subject.rfc4514_string()
    said = [(f.severity.value, f.rule, f.message) for f in made.verdict.findings]
    head = f"{len(names)} names, {made.characters} characters together"
    html = (
        table(("the request", ""), [("subject", subject), ("names", head), ("purposes", "serverAuth, clientAuth")])
        + table(("SAN", "why"), names)
        + (table(("", "rule", "what the linter says"), said) if said else "<p>✔ The linter has nothing to say.</p>")
    )
    words = [f"subject: {subject}", head, *(f"  {name}: {why}" for name, why in names[:200])]
    words += [f"{severity} {rule}: {message}" for severity, rule, message in said] or ["The linter has nothing to say."]
    return PanelOutput(html=html, text="\n".join(words))


@cache
def preview_key() -> PrivateKey:
    """The key that every previewed request shares. It signs nothing that leaves the kernel."""
    return make_key()
