"""The certificate, chain and key of e1.example.com in the lab's valid world, as the bytes of files.

The keys are elliptic: the world is made in milliseconds, once per process.
"""

from __future__ import annotations

from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

from pkikit.files import key_pem
from tests.support.worlds import E1, issued

CREDENTIAL = issued().world.parties[E1].credential
assert CREDENTIAL is not None
assert CREDENTIAL.key is not None
LEAF, *BEHIND = CREDENTIAL.chain
PEM = LEAF.public_bytes(Encoding.PEM)
CHAIN = CREDENTIAL.pem()
KEY = key_pem(CREDENTIAL.key)
# The key again, encrypted with the passphrase "secret".
ENCRYPTED = CREDENTIAL.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))
