"""Active Directory Certificate Services: the template that keeps both key purposes, and the forms that enrol with it.

Sources: X12.5 guide, appendices 5 and 6; [MS-CRTD] for the template's attributes; [MS-WCCE] §2.2.2.7 for request
attributes; `certreq` and the certsrv web pages for the forms.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, ObjectIdentifier

from pkikit.design.csr import SubjectFields, subject_name
from pkikit.design.san import SanLayout
from pkikit.model.certificates.facts import oid_name

SUBJECT_IN_REQUEST = 0x1  # CT_FLAG_ENROLLEE_SUPPLIES_SUBJECT
ARCHIVE_KEY = 0x1  # CT_FLAG_REQUIRE_PRIVATE_KEY_ARCHIVAL
EXPORTABLE_KEY = 0x10  # CT_FLAG_EXPORTABLE_KEY
_SECONDS_A_DAY, _TICKS = 86_400, 10_000_000


@dataclass(frozen=True, kw_only=True)
class CertificateTemplate:
    """What `certtmpl.msc` shows of a template. Periods in days."""

    name: str
    display_name: str
    duplicated_from: str
    application_policies: tuple[ObjectIdentifier, ...]
    subject_in_request: bool = True
    key_archival: bool = False
    exportable_key: bool = False
    minimum_key_size: int = 2048
    validity_days: int = 730
    renewal_days: int = 42
    schema_version: int = 2

    def objections(self) -> tuple[str, ...]:
        """Return why the template does not suit an Expressway, one sentence each."""
        missing = [
            oid_name(oid)
            for oid in (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH)
            if oid not in self.application_policies
        ]
        found = [f"the application policy {name} is missing, so certificates lack it" for name in missing]
        if not self.subject_in_request:
            found.append("the subject is built from Active Directory, so the names of the request are lost")
        if self.key_archival:
            found.append("key archival wants the private key, which an Expressway never gives away")
        if self.minimum_key_size > 4096:
            found.append(f"keys of {self.minimum_key_size} bits are longer than an Expressway can use")
        return tuple(found)

    def properties(self) -> tuple[tuple[str, str, str], ...]:
        """Return (tab, field, value) as in the properties window."""
        policies = ", ".join(oid_name(oid) for oid in self.application_policies)
        return (
            ("General", "Template display name", self.display_name),
            ("General", "Template name", self.name),
            ("General", "Validity period", f"{self.validity_days} days"),
            ("General", "Renewal period", f"{self.renewal_days} days"),
            ("Request Handling", "Purpose", "Signature and encryption"),
            ("Request Handling", "Archive subject's encryption private key", "on" if self.key_archival else "off"),
            ("Request Handling", "Allow private key to be exported", "on" if self.exportable_key else "off"),
            ("Cryptography", "Minimum key size", str(self.minimum_key_size)),
            ("Subject Name", "Supply in the request", "on" if self.subject_in_request else "off"),
            ("Extensions", "Application Policies", policies),
            ("Extensions", "Key Usage", "Digital signature, key encipherment (critical)"),
            ("Superseded Templates", "Duplicated from", self.duplicated_from),
        )

    def attributes(self) -> tuple[tuple[str, str], ...]:
        """Return the attributes of the pKICertificateTemplate object ([MS-CRTD] §2); octet strings in hex."""
        flags = ARCHIVE_KEY * self.key_archival | EXPORTABLE_KEY * self.exportable_key
        oids = tuple(oid.dotted_string for oid in self.application_policies)
        return (
            ("objectClass", "pKICertificateTemplate"),
            ("cn", self.name),
            ("displayName", self.display_name),
            ("msPKI-Template-Schema-Version", str(self.schema_version)),
            ("msPKI-Certificate-Name-Flag", str(SUBJECT_IN_REQUEST * self.subject_in_request)),
            ("msPKI-Private-Key-Flag", str(flags)),
            ("msPKI-Minimal-Key-Size", str(self.minimum_key_size)),
            *(("pKIExtendedKeyUsage", oid) for oid in oids),
            *(("msPKI-Certificate-Application-Policy", oid) for oid in oids),
            ("pKIKeyUsage", "a000"),  # digitalSignature, keyEncipherment
            ("pKICriticalExtensions", "2.5.29.15"),
            ("pKIExpirationPeriod", _period(self.validity_days)),
            ("pKIOverlapPeriod", _period(self.renewal_days)),
        )


def _period(days: int) -> str:
    """Return a FILETIME span: negative hundreds of nanoseconds, little endian."""
    return (-days * _SECONDS_A_DAY * _TICKS).to_bytes(8, "little", signed=True).hex()


WEB_SERVER = CertificateTemplate(
    name="WebServer",
    display_name="Web Server",
    duplicated_from="(built in)",
    application_policies=(ExtendedKeyUsageOID.SERVER_AUTH,),
    schema_version=1,
)
CLIENT_AND_SERVER = CertificateTemplate(
    name="WebClientAndServer",
    display_name="Web client and server",
    duplicated_from="Web Server",
    application_policies=(ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH),
)


def request_attributes(template: CertificateTemplate) -> str:
    """Return the text for `certreq -attrib` and for the web form's "Additional Attributes"."""
    return f"CertificateTemplate:{template.name}"


def web_enrolment_form(request: x509.CertificateSigningRequest, template: CertificateTemplate) -> str:
    """Return the body that the certsrv page posts to certfnsh.asp: the request and the chosen template."""
    return urlencode(
        {
            "Mode": "newreq",
            "CertRequest": request.public_bytes(Encoding.PEM).decode("ascii"),
            "CertAttrib": request_attributes(template),
            "TargetStoreFlags": "0",
            "SaveCert": "yes",
        }
    )


def certreq_policy(layout: SanLayout, template: CertificateTemplate, fields: SubjectFields | None = None) -> str:
    """Return an .inf for `certreq -new`: the same names if the request is made on Windows (RSA 2048, key exportable)."""
    subject = subject_name(layout.common_name, fields).rfc4514_string().replace('"', '""')
    lines = [
        "[Version]",
        'Signature = "$Windows NT$"',
        "",
        "[NewRequest]",
        f'Subject = "{subject}"',
        "KeyLength = 2048",
        "KeySpec = 1",
        "KeyUsage = 0xA0",
        "HashAlgorithm = SHA256",
        "MachineKeySet = TRUE",
        "Exportable = TRUE",
        "RequestType = PKCS10",
        "",
        "[EnhancedKeyUsageExtension]",
        *(f"OID = {oid.dotted_string}" for oid in template.application_policies),
        "",
    ]
    if layout.entries:
        lines += ["[Extensions]", '2.5.29.17 = "{text}"']
        lines += [f'_continue_ = "dns={name}&"' for name in layout.dns_names]
        lines.append("")
    return "\r\n".join([*lines, "[RequestAttributes]", f"CertificateTemplate = {template.name}", ""])
