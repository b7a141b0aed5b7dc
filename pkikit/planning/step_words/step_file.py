"""The file of a step: which certificates are in it, and its name. Never a private key."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from pkikit.model.certificates.facts import title
from pkikit.planning.step_words.step_text import Content
from pkikit.planning.steps import Step
from pkikit.text import printable

STEPS = "steps"
KEY_ENDING = "-key.pem"
_OTHER = re.compile(r"[^a-z0-9.-]+")


def step_file_name(number: int, step: Step) -> str:
    """Return the name of a step's file, below the folder of the plan.

    Args:
        number: of the step, from 1.
        step: the step.

    Returns:
        `steps/07-append-ca-c1.pem`; empty if the step has no certificates.
    """
    if not step_pem(step):
        return ""
    parts = (step.action.value, step.machine.partition(".")[0], step.place.replace("domain ", ""))
    return f"{STEPS}/{number:02}-{'-'.join(_plain(part) for part in parts if part)}.pem"


def step_key_name(number: int, step: Step) -> str:
    """Return the name of the private key of what a step loads, next to its file; empty if nobody gave that key.

    Args:
        number: of the step, from 1.
        step: the step.

    Returns:
        `steps/09-load-certificate-c1-server-key.pem`.
    """
    if step.credential is None or step.credential.key is None:
        return ""
    return step_file_name(number, step).removesuffix(".pem") + KEY_ENDING


def _plain(text: str) -> str:
    return _OTHER.sub("-", text.lower()).strip("-.")[:60]


def step_pem(step: Step) -> bytes:
    """Return the contents of a step's file: the CAs of a list, or a certificate with what follows it, without its key.

    Args:
        step: the step.

    Returns:
        PEM; nothing if the step has no certificates.
    """
    if step.credential is not None:
        return step.credential.pem()
    return b"".join(certificate.public_bytes(Encoding.PEM) for certificate in step.certificates)


def step_sha256(step: Step) -> str:
    """Return the SHA-256 of a step's file, as `sha256sum` prints it; empty without a file.

    Args:
        step: the step.

    Returns:
        64 hexadecimal digits.
    """
    content = step_pem(step)
    return sha256(content).hexdigest() if content else ""


@dataclass(frozen=True, kw_only=True)
class Replaced:
    """What a plan on a look-alike has in place of real certificates, because a CA's key was not given.

    Attributes:
        originals: the certificate that the machines have, for one of the plan.
        stand_ins: certificates of the plan that another CA issues in fact.
    """

    originals: Mapping[x509.Certificate, x509.Certificate] = field(default_factory=dict)
    stand_ins: frozenset[x509.Certificate] = frozenset()

    def concerns(self, step: Step) -> bool:
        """Return True if the file of a step is for the lab only."""
        return any(c in self.stand_ins or self.originals.get(c, c) != c for c in certificates_of(step))


NOTHING_REPLACED = Replaced()


def certificates_of(step: Step) -> tuple[x509.Certificate, ...]:
    """Return the certificates that a step appends, removes or loads."""
    return step.credential.chain if step.credential is not None else step.certificates


def contents_of(step: Step, replaced: Replaced = NOTHING_REPLACED) -> tuple[Content, ...]:
    """Return the certificates of a step, as people compare them: those that the machines have.

    Args:
        step: the step.
        replaced: what the plan has in place of real certificates.

    Returns:
        In the order of the file.
    """
    return tuple(
        Content(
            name=printable(title(certificate), 80),
            sha256=replaced.originals.get(certificate, certificate).fingerprint(hashes.SHA256()).hex(":").upper(),
            ends=f"{certificate.not_valid_after_utc:%Y-%m-%d}",
            stand_in=certificate in replaced.stand_ins,
        )
        for certificate in certificates_of(step)
    )
