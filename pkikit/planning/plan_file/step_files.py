"""The files of the steps: what is appended, removed or loaded, and the key of what is loaded."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from pkikit.files import key_pem
from pkikit.files.deployment_folder import is_key_file
from pkikit.planning.steps import Step

STEPS = "steps"
_KEY_ENDING = "-key.pem"


@dataclass(frozen=True, kw_only=True)
class StepFile:
    """The file of one step.

    Attributes:
        path: in the folder of the plan's files, as `steps/07-append-ca-c1.pem`.
        content: certificates in PEM.
        key_path: the path of the private key; empty if there is none.
        key: the private key in PEM, for a file of mode 0600.
    """

    path: str
    content: bytes
    key_path: str = ""
    key: bytes = field(default=b"", repr=False)

    @property
    def sha256(self) -> str:
        """The fingerprint of the file's bytes."""
        return hashlib.sha256(self.content).hexdigest()


def certificates_in(step: Step) -> tuple[x509.Certificate, ...]:
    """Return the certificates that a step appends, removes or loads."""
    return step.certificates if step.credential is None else step.credential.chain


def fingerprint(certificate: x509.Certificate) -> str:
    """Return the SHA-256 fingerprint of a certificate, as 64 hexadecimal digits."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def file_of(step: Step, number: int) -> StepFile | None:
    """Return the file that a step needs.

    Args:
        step: the step.
        number: its place in the order, from 1.

    Returns:
        The file; None if the step needs none.
    """
    held = certificates_in(step)
    if not held:
        return None
    parts = (step.action.value, step.machine.partition(".")[0], step.place.replace("domain ", ""))
    stem = f"{STEPS}/{number:02d}-" + "-".join(_plain(part) for part in parts if part)
    content = b"".join(c.public_bytes(Encoding.PEM) for c in held)
    key = step.credential.key if step.credential is not None else None
    if key is None:
        return StepFile(path=f"{stem}.pem", content=content)
    return StepFile(path=f"{stem}.pem", content=content, key_path=f"{stem}{_KEY_ENDING}", key=key_pem(key))


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9.-]+", "-", text.lower()).strip("-.")[:60]


def is_private(name: str) -> bool:
    """Return True for the name of a file with a private key."""
    return is_key_file(name) or name.endswith(_KEY_ENDING)
