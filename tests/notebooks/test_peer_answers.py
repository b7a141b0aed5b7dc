"""What a peer shows an administrator: the request in every form that the guide names, and never a private key."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from workbook import LabSession, open_lab, peer_answers
from workbook.browse import holds_key

from pkikit.design.csr import fast_key, make_key
from pkikit.files import key_pem
from tests.support.worlds import E1


@pytest.fixture(scope="module")
def lab() -> Iterator[LabSession]:
    session = open_lab("clustered-mra")
    yield session
    session.close()


def test_peer_answers_contain_no_private_key(lab: LabSession) -> None:
    """With a request in progress and a certificate in use, no page, download or REST answer holds either key."""
    lab.generate_csr(E1)
    seen = peer_answers(lab, E1)
    assert len(seen) > 25
    assert (seen["status"] == 200).sum() > 20
    # 404: nothing there yet, such as a pending certificate. 400: the form for a new request, while one is in progress.
    # 409: no log was collected that could be downloaded. 501: a call of the product that the lab does not simulate.
    assert set(seen["status"]) <= {200, 400, 404, 409, 501}
    assert not seen["private key"].any()


def test_request_is_displayed_and_downloaded_until_discarded(lab: LabSession) -> None:
    """Decoded and as PEM on its page, as a file to download, and by REST; none of it once the request is discarded."""
    if lab.peer(E1).state.request is None:
        lab.generate_csr(E1)
    seen = peer_answers(lab, E1)
    page = "/servercertificate/csr"
    assert seen.loc[f"{page}/decoded", ["status", "kind"]].tolist() == [200, "text/html"]
    assert seen.loc[f"{page}/pem", ["kind", "request"]].tolist() == ["text/html", "PEM"]
    assert seen.loc[f"{page}/download", ["kind", "request"]].tolist() == ["application/x-pem-file", "PEM"]
    lab.threaded.run(lab.peer(E1).discard)
    gone = peer_answers(lab, E1)
    assert {gone.loc[f"{page}/{form}", "status"] for form in ("decoded", "pem", "download")} == {404}
    assert not gone["request"].any()


@pytest.mark.parametrize("make", [make_key, fast_key], ids=["RSA", "EC"])
def test_key_search_finds_a_key_in_every_form(make: object) -> None:
    """The control: in PEM, in JSON with escaped lines, in hexadecimal with colons, in decimal; another key is not found."""
    key, other = make(), make()  # type: ignore[operator]
    numbers = key.private_numbers()
    value = getattr(numbers, "d", None) or numbers.private_value
    pem = key_pem(key).decode()
    digits = f"{value:x}"
    digits = digits if len(digits) % 2 == 0 else "0" + digits
    colons = ":".join(digits[i : i + 2] for i in range(0, len(digits), 2)).upper()
    for text in (pem, pem.replace("\n", "\\n"), colons, str(value)):
        assert holds_key(f"before {text} after", key)
        assert not holds_key(f"before {text} after", other)
