"""Rules about what an owner promises under `expect:` in the deployment file."""

from __future__ import annotations

from pkikit.model.findings import Severity
from pkikit.rules.rule import Rule, Subject

SERVICE_DOWN = Rule(
    id="expect.service-down",
    severity=Severity.ERROR,
    applies_to=(Subject.DEPLOYMENT,),
    requirement="A service that `expect:` promises works until the promised day, also if the promised number of peers is down.",
    source="ours",
    fix="Fix the first connection that breaks it, or promise less under expect.services.",
)
CONNECTION_DOWN = Rule(
    id="expect.connection-down",
    severity=Severity.ERROR,
    applies_to=(Subject.CONNECTION,),
    requirement="A connection that `expect:` promises is up until the promised day.",
    source="ours",
    fix="Fix its first cause, or promise less under expect.connections.",
)
NOT_MUTUAL = Rule(
    id="expect.connection-not-mutual",
    severity=Severity.ERROR,
    applies_to=(Subject.CONNECTION,),
    requirement="On a connection that is promised as mutual, both sides verify the other's certificate, and refuse a wrong one.",
    source="ours",
    fix="Switch TLS verify mode on (a cluster: cluster_tls enforce), or remove mutual under expect.connections.",
)
KEY_NOT_AS_PROMISED = Rule(
    id="expect.key-not-as-promised",
    severity=Severity.ERROR,
    applies_to=(Subject.CERTIFICATE,),
    requirement="The key of a certificate has the length or the curve that `expect:` promises.",
    source="ours",
    fix="Make a new key and request a new certificate with it.",
)
PUBLIC_CA = Rule(
    id="expect.public-ca-used",
    severity=Severity.ERROR,
    applies_to=(Subject.CERTIFICATE,),
    requirement="No certificate of a machine under expect.public_ca shows signs of a public CA: certificate transparency, or a "
    "policy of the CA/Browser Forum.",
    source="ours",
    fix="Replace it with a certificate of your private CA. Append its root to the trusted CA lists of the other sides first.",
)
LIFETIME_TOO_LONG = Rule(
    id="expect.lifetime-too-long",
    severity=Severity.ERROR,
    applies_to=(Subject.CERTIFICATE,),
    requirement="A certificate lives at most as many days as `expect:` promises.",
    source="ours",
    fix="Request a new certificate with a shorter lifetime.",
)
FEW_DAYS_LEFT = Rule(
    id="expect.few-days-left",
    severity=Severity.ERROR,
    applies_to=(Subject.CERTIFICATE,),
    requirement="A certificate has at least as many days left as `expect:` promises.",
    source="ours",
    fix="Renew the certificate now.",
)
NOTHING_PROMISED = Rule(
    id="expect.nothing-promised",
    severity=Severity.WARNING,
    applies_to=(Subject.DEPLOYMENT,),
    requirement="What `expect:` promises is about something that the deployment has, and about a day that is not past.",
    source="ours",
    fix="Correct the promise, or remove it.",
)
NOT_ASSESSED = Rule(
    id="expect.not-assessed",
    severity=Severity.INFO,
    applies_to=(Subject.DEPLOYMENT,),
    requirement="Everything that decides about a promise of `expect:` is known.",
    source="ours",
    fix="Put the missing certificates and trusted CA lists into certificates/ next to the deployment file, or name their folder "
    "with --certs DIR.",
)
RULES = (
    SERVICE_DOWN,
    CONNECTION_DOWN,
    NOT_MUTUAL,
    KEY_NOT_AS_PROMISED,
    PUBLIC_CA,
    LIFETIME_TOO_LONG,
    FEW_DAYS_LEFT,
    NOTHING_PROMISED,
    NOT_ASSESSED,
)
