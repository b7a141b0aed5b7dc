"""The files of the steps: what is appended, removed or loaded, and the key of what is loaded."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from pkikit.files import key_pem
from pkikit.files.deployment_folder import is_key_file
from pkikit.planning.step_words.step_file import KEY_ENDING, step_file_name, step_key_name, step_pem
from pkikit.planning.steps import Step


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
    if not certificates_in(step):
        return None
    path, content = step_file_name(number, step), step_pem(step)
    key = step.credential.key if step.credential is not None else None
    if key is None:
        return StepFile(path=path, content=content)
    return StepFile(path=path, content=content, key_path=step_key_name(number, step), key=key_pem(key))


def is_private(name: str) -> bool:
    """Return True for the name of a file with a private key."""
    return is_key_file(name) or name.endswith(KEY_ENDING)
