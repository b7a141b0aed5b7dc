"""Many folders, judged in this process or in others."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from pkikit.errors import EncodingError
from pkikit.explore.executors import InProcess
from pkikit.files import credential_from_folder, key_pem
from pkikit.report.content.build import build_report
from pkikit.report.content.deployment_report import Report
from pkikit.report.given.given import read_given
from pkikit.report.many_folders import judge_folders
from tests.support.bulk import deployment_folders
from tests.support.worlds import AT


def _whole(report: Report) -> Report:
    return report


def test_each_folder_has_its_own_answer(tmp_path: Path) -> None:
    """A folder that cannot be judged says why; the others have the report that `pkikit report` makes of them alone."""
    first, copy = deployment_folders(tmp_path, 2, distinct=1)
    (broken := tmp_path / "broken").mkdir()
    answers = list(judge_folders([first, broken, copy], AT, _whole, InProcess()))
    assert [answer.folder for answer in answers] == [first, broken, copy]
    expected = build_report(read_given(first), AT)
    assert [answer.found for answer in answers] == [expected, None, expected]
    assert [answer.error for answer in answers if answer.error] == [
        f"{broken}: has no deployment file; put deployment.yaml into it, or make the folder with pkikit import"
    ]
    assert pickle.loads(pickle.dumps(answers)) == answers  # so a worker can hand them over


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
