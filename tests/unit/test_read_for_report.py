"""A folder is read for a report: once for each certificate, and without work that only a signer needs."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from pkikit.errors import EncodingError
from pkikit.files import credential_from_folder, key_pem
from pkikit.report.content.build import build_report
from pkikit.report.given.given import read_given
from tests.support.bulk import deployment_folders
from tests.support.worlds import AT


def test_same_certificate_in_two_files_is_one_object(tmp_path: Path) -> None:
    """What is known of a certificate is kept by object, and a CA is in the list of every machine."""
    (folder,) = deployment_folders(tmp_path, 1)
    parties = read_given(folder).world.parties.values()
    listed = [certificate for party in parties for certificate in party.trusted_ca_list]
    assert len({id(certificate) for certificate in listed}) == len(set(listed)) < len(listed)


def test_report_reads_a_key_without_checking_its_numbers(tmp_path: Path) -> None:
    """It signs nothing: it compares the key with the certificate. Whoever will sign is told that the key is damaged."""
    (folder,) = deployment_folders(tmp_path, 1)
    home = next((folder / "certificates").iterdir())
    numbers = rsa.generate_private_key(65537, 2048).private_numbers()
    damaged = rsa.RSAPrivateNumbers(
        p=numbers.p, q=numbers.q, d=numbers.d + 2, dmp1=numbers.dmp1, dmq1=numbers.dmq1, iqmp=numbers.iqmp,
        public_numbers=numbers.public_numbers,
    ).private_key(unsafe_skip_rsa_key_validation=True)  # fmt: skip
    (home / "key.pem").write_bytes(key_pem(damaged))
    assert {problem.rule for problem in build_report(read_given(folder), AT).problems} == {"key.mismatch"}
    with pytest.raises(EncodingError):
        credential_from_folder(home)
