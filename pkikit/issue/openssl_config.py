"""The same with OpenSSL alone: configuration and commands for an equivalent request and certificate.

Source: X12.5 guide, appendix 2; option names from openssl-req(1) and openssl-ca(1).
"""

from __future__ import annotations

from pkikit.design.csr import SubjectFields
from pkikit.design.san import SanLayout

_CA = """\
# For `openssl ca -config openssl.cnf`, run in this folder. pkikit ca keeps the same files.
[ca]
default_ca = here

[here]
dir               = .
certificate       = $dir/ca.pem
private_key       = $dir/private/ca.key
database          = $dir/index.txt
serial            = $dir/serial
crlnumber         = $dir/crlnumber
new_certs_dir     = $dir/newcerts
default_md        = sha256
default_days      = 398
default_crl_days  = 7
crl_extensions    = crl
x509_extensions   = leaf
# SAN and both key purposes come from the request, as the Expressway wrote them.
copy_extensions   = copy
policy            = anything
unique_subject    = no
email_in_dn       = no

[anything]
countryName             = optional
stateOrProvinceName     = optional
localityName            = optional
organizationName        = optional
organizationalUnitName  = optional
commonName              = supplied

[leaf]
basicConstraints        = critical,CA:FALSE
subjectKeyIdentifier    = hash
authorityKeyIdentifier  = keyid

[crl]
authorityKeyIdentifier  = keyid
"""


def ca_config() -> str:
    """Return the openssl.cnf of a file CA."""
    return _CA


def request_config(layout: SanLayout, fields: SubjectFields | None = None, *, rsa: bool = True) -> str:
    """Return the configuration for `openssl req -new` that asks for what the Expressway's CSR page would ask for."""
    fields = fields or SubjectFields()
    subject = (
        ("C", fields.country.upper()),
        ("ST", fields.state),
        ("L", fields.locality),
        ("O", fields.organisation),
        ("OU", fields.unit),
        ("CN", layout.common_name),
    )
    usage = "digitalSignature, keyEncipherment" if rsa else "digitalSignature"
    lines = [
        f"# Request for {layout.owner}",
        "[req]",
        "prompt = no",
        "utf8 = yes",
        "string_mask = utf8only",
        "distinguished_name = subject",
        "req_extensions = wanted",
        "",
        "[subject]",
        *(f"{key} = {_quote(value)}" for key, value in subject if value),
        "",
        "[wanted]",
        "basicConstraints = CA:FALSE",
        f"keyUsage = {usage}",
        "extendedKeyUsage = serverAuth, clientAuth",
    ]
    if layout.entries:
        lines += ["subjectAltName = @names", "", "[names]"]
        lines += [f"DNS.{number} = {name}" for number, name in enumerate(layout.dns_names, start=1)]
    return "\n".join(lines) + "\n"


def _quote(value: str) -> str:
    """Return the value so that openssl's configuration parser reads it unchanged."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$")
    return f'"{escaped}"' if any(c in value for c in "#;=\"'\\$ ") else escaped


def commands(layout: SanLayout, *, key_size: int = 2048, digest: str = "sha256") -> str:
    """Return the steps of appendix 2: key, request, the CA's signature, a look at the result."""
    name = layout.owner
    return f"""\
# 1. Key and request. The key never leaves this folder but for the upload, and only its owner may read it.
umask 077
openssl genrsa -out {name}.key {key_size}
openssl req -new -config {name}.cnf -key {name}.key -{digest} -out {name}.csr
openssl req -in {name}.csr -noout -text
# 2. The CA signs (a folder made by: pkikit ca init my-ca --name "My Root CA").
(cd my-ca && openssl ca -batch -config openssl.cnf -in ../{name}.csr -out ../{name}.pem -notext)
# Or, for a test bench only, without any CA: the certificate signs itself, and everybody has to trust it by itself.
openssl req -x509 -config {name}.cnf -extensions wanted -key {name}.key -{digest} -days 398 -out {name}-self-signed.pem
# 3. Look at it before you upload it.
openssl x509 -in {name}.pem -noout -text
openssl verify -CAfile my-ca/ca.pem -purpose sslserver {name}.pem
openssl verify -CAfile my-ca/ca.pem -purpose sslclient {name}.pem
"""
