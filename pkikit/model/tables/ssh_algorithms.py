"""SSH on the product: the kinds of key that a tunnel accepts, as `Ciphers sshd_pfwd_pubkeyalgorithms` names them.

Source: administrator guide X15.0, command reference (`Ciphers sshd_pfwd_pubkeyalgorithms`, `Ciphers sshd_pfwd_ciphers`);
RFC 6187 for the names, and for RSA keys of at least 2048 bits.
"""

from __future__ import annotations

from typing import Final, Literal

SshAlgorithm = Literal[
    "x509v3-rsa2048-sha256",
    "x509v3-ecdsa-sha2-nistp256",
    "x509v3-ecdsa-sha2-nistp384",
    "x509v3-ecdsa-sha2-nistp521",
]
RSA: Final[SshAlgorithm] = "x509v3-rsa2048-sha256"
ECDSA: Final[dict[str, SshAlgorithm]] = {
    "secp256r1": "x509v3-ecdsa-sha2-nistp256",
    "secp384r1": "x509v3-ecdsa-sha2-nistp384",
    "secp521r1": "x509v3-ecdsa-sha2-nistp521",
}
SSH_ALGORITHMS: Final[tuple[SshAlgorithm, ...]] = (RSA, *ECDSA.values())
SSH_CIPHER: Final = "aes256-ctr"  # the default of `Ciphers sshd_pfwd_ciphers`
