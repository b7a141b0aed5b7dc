"""State files: every field of every value is written and read back; those of the format before still load."""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pkikit.errors import InputError
from pkikit.issue.authority import create_root
from pkikit.model.deployment import Deployment
from pkikit.model.renewal import AcmeMode, RenewKey
from pkikit.model.world import Party
from simulator.lab.saved_lab import LabStore, SavedLab, lab_codec
from simulator.peer.state import PeerState
from simulator.peer.store import PeerStore, peer_codec
from simulator.web.doorkeeper import Accounts
from tests.support.any_value import AT, any_value, contents, sample_certificates
from tests.support.format_0 import lab_document, of_format_0, peer_document
from tests.support.state_fields import STATE_FIELDS
from tests.support.worlds import E1, deployment

# Shrinking a value with so many fields takes minutes and finds nothing that the difference does not show.
FEW = settings(
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    max_examples=25,
)
DEPLOYMENT = deployment()
CONTEXT = {"deployment": DEPLOYMENT}
PEM = sample_certificates()[0].public_bytes(Encoding.PEM).decode("ascii")
SPECIAL = {**STATE_FIELDS, Deployment: st.just(DEPLOYMENT), "PeerState.fqdn": st.just(E1)}
STATES = any_value(PeerState, SPECIAL)
LABS = any_value(SavedLab, SPECIAL)


def _by_domain(state: PeerState) -> PeerState:
    """The state with each domain once, as it is on a peer."""
    return replace(
        state,
        domain_certificates=tuple(dict(state.domain_certificates).items()),
        domain_pending=tuple(dict(state.domain_pending).items()),
    )


@FEW
@given(STATES)
def test_state_of_a_peer_reads_back_as_it_was(state: PeerState) -> None:
    """Every field, also those of the ACME service, and private keys."""
    assert contents(peer_codec().from_bytes(peer_codec().to_bytes(state), where="x")) == contents(state)


@FEW
@given(STATES.map(_by_domain))
def test_state_of_a_peer_in_the_old_format_is_read(state: PeerState) -> None:
    """Everything that the old format had a place for."""
    read = peer_codec().from_bytes(json.dumps(peer_document(state)).encode(), where="x")
    kept = replace(state, acme=of_format_0(state.acme), stored_request=None, domain_requests=())
    assert contents(read) == contents(kept)


@FEW
@given(LABS)
def test_lab_reads_back_as_it_was(saved: SavedLab) -> None:
    """Every field of the world and its parties; the deployment is the one that the lab is started with."""
    data = lab_codec().to_bytes(saved)
    assert json.loads(data)["world"]["deployment"] == DEPLOYMENT.name
    assert contents(lab_codec().from_bytes(data, where="x", context=CONTEXT)) == contents(saved)


@FEW
@given(LABS)
def test_lab_in_the_old_format_is_read(saved: SavedLab) -> None:
    """CAs, passwords, clock, revocation settings, and of each party its certificates and trusted CA list."""
    document = json.loads(json.dumps(lab_document(saved)))
    read = lab_codec().from_bytes(json.dumps(document).encode(), where="x", context=CONTEXT)
    for name in ("root", "issuing", "passwords"):
        assert contents(getattr(read, name)) == contents(getattr(saved, name))
    assert abs((read.travelled - saved.travelled).total_seconds()) < 0.001  # the old format had seconds with a point
    assert read.world.revocation == saved.world.revocation
    assert list(read.world.parties) == list(saved.world.parties)
    for fqdn, party in saved.world.parties.items():
        again = read.world.parties[fqdn]
        assert again.fqdn == fqdn
        assert contents(again.credential) == contents(party.credential)
        assert contents(again.services) == contents(party.services)
        assert again.trusted_ca_list == party.trusted_ca_list


def test_field_without_a_strategy_is_noticed() -> None:
    """So a field of a new type cannot be forgotten by the tests above."""
    with pytest.raises(AssertionError, match="there is no strategy"):
        any_value(tuple[complex, ...])


@pytest.mark.parametrize("automatic", [True, False])
def test_state_of_a_peer_in_format_1_keeps_its_meaning(automatic: bool) -> None:
    """One switch made every certificate automatic, with a new key each time; terms accepted meant that ACME was on."""
    document = json.loads(peer_codec().to_bytes(PeerState(fqdn=E1, trusted_ca_list=sample_certificates()[:1])))
    settings = {"terms": "https://ca.example/terms", "profile": "shortlived", "automatic": automatic}
    schedule = {"days": [2], "hour": 4}
    document["acme"] = {
        "settings": {**settings, "schedule": schedule}, "domains": ["example.com"], "renewal": None, "asked_at": None,
        "last": {"at": "2026-01-01T00:00:00Z", "error": "no", "failures": 2, "retry_after": None},
    }  # fmt: skip
    read = peer_codec().from_bytes(json.dumps({**document, "format": 1}).encode(), where="x").acme
    for managed in (read.server, read.managed("example.com")):
        assert managed.mode is (AcmeMode.AUTOMATED if automatic else AcmeMode.MANUAL)
        assert managed.renew_key is (RenewKey.ROTATE if automatic else RenewKey.RETAIN)
        assert (sorted(managed.schedule.days), managed.schedule.hour, managed.schedule.minute) == ([2], 4, 0)
    assert read.last is not None
    assert read.last.failures == 2


# What is wrong with a document.

GOOD: dict[str, Any] = json.loads(
    peer_codec().to_bytes(PeerState(fqdn=E1, trusted_ca_list=sample_certificates()[:1]))
)  # fmt: skip


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"surprise": 1}, "'surprise' is not known; allowed are fqdn, certificate, request, "),
        ({"fqdn": 7}, "fqdn: must be a text"),
        ({"trusted_ca_list": "x"}, "trusted_ca_list: must be a list"),
        ({"trusted_ca_list": [PEM, PEM[:90]]}, "trusted_ca_list[1]: must be one certificate in PEM"),
        ({"trusted_ca_list": [PEM + PEM]}, "trusted_ca_list[0]: must be one certificate in PEM"),
        ({"automatic": {"urls": [], "hour": "3"}}, "automatic.hour: must be a whole number"),
        ({"automatic": {"urls": [], "hour": 24}}, "the hour of the daily update is 24; allowed are 0 to 23"),
        ({"acme": {"settings": {"provider": "nobody"}}}, "acme.settings.provider: is not known; allowed are production, staging, other"),
        ({"acme": {"server": {"signed": {"at": "noon"}}}}, "acme.server.signed.at: must be a time in ISO-8601"),
        ({"certificate": {"chain": [PEM], "key": "SECRET"}}, "certificate.key: must be a private key in PEM, not encrypted"),
        ({"certificate": {"chain": []}}, "certificate: a credential contains at least the leaf certificate"),
        ({"request": {"csr": PEM, "key": "SECRET"}}, "request.csr: must be one certificate request in PEM"),
        ({"format": 3}, "format: must be a number from 0 to 2"),
    ],
)  # fmt: skip
def test_wrong_member_is_one_sentence_that_names_it(change: dict[str, Any], words: str, tmp_path: Path) -> None:
    """Where it is and what is allowed; never what the file has in the place of a key."""
    folder = tmp_path / E1
    folder.mkdir()
    (folder / "peer.json").write_text(json.dumps({**GOOD, **change}))
    with pytest.raises(InputError) as refused:
        PeerStore(folder).load()
    assert words in str(refused.value)
    assert str(folder / "peer.json") in str(refused.value)
    assert "\n" not in str(refused.value)
    assert "SECRET" not in str(refused.value)


@pytest.mark.parametrize("missing", ["fqdn", "trusted_ca_list", "automatic", "domain_certificates", "temporary_ca"])
def test_old_document_that_is_not_whole_is_refused(missing: str) -> None:
    """A member that every version wrote is not taken for empty."""
    document = peer_document(PeerState(fqdn=E1))
    del document[missing]
    with pytest.raises(InputError, match="is not a whole document of format 0"):
        peer_codec().from_bytes(json.dumps(document).encode(), where="x")


@pytest.mark.parametrize("missing", ["domain_pending", "client_certificate", "acme"])
def test_old_document_may_lack_what_came_later(missing: str) -> None:
    """The near miss: some versions did not write these."""
    state = PeerState(fqdn=E1)
    document = peer_document(state)
    del document[missing]
    assert peer_codec().from_bytes(json.dumps(document).encode(), where="x") == state


@FEW
@given(LABS)
def test_lab_prints_without_its_secrets(saved: SavedLab) -> None:
    """Nor do its CAs and the accounts of its peers."""
    printed = repr(replace(saved, passwords={"admin": "SECRET"}))
    assert "SECRET" not in printed
    assert "PrivateKey" not in printed


def _places(document: Any, so_far: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every member of a document."""
    members = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    return [path for key, member in members for path in ((*so_far, key), *_places(member, (*so_far, key)))]


def _replaced(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    """The document with another value at one place."""
    if not path:
        return value
    copy = document.copy()
    copy[path[0]] = _replaced(copy[path[0]], path[1:], value)
    return copy


def _whole(saved: SavedLab) -> SavedLab:
    """The lab with what it cannot do without: its CAs with their keys, its accounts, every party."""
    root = create_root("Any root", at=AT)
    parties = {name: Party(fqdn=name, credential=None, trusted_ca_list=()) for name in DEPLOYMENT.parties}
    return SavedLab(
        passwords=Accounts.create(), travelled=timedelta(days=3), root=root, issuing=root,
        world=replace(saved.world, parties=parties),
    )  # fmt: skip


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)


@settings(FEW, max_examples=40)
@given(STATES, st.data())
def test_state_with_any_member_replaced_is_read_or_refused(state: PeerState, data: st.DataObject) -> None:
    """In this format and in the old one: never an error of another kind."""
    for document in (peer_codec().document(state), peer_document(state)):
        path = data.draw(st.sampled_from(_places(document)))
        spoiled = _replaced(document, path, data.draw(ANYTHING))
        try:
            peer_codec().from_bytes(json.dumps(spoiled).encode(), where="p.json")
        except InputError as error:
            assert str(error).startswith("p.json: is not the state of a peer")  # noqa: PT017  # both ends are right
            assert "\n" not in str(error)  # noqa: PT017


@settings(FEW, max_examples=40)
@given(saved=LABS.map(_whole), data=st.data())
def test_lab_with_any_member_replaced_is_read_or_refused(
    saved: SavedLab, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """As the lab reads it when it starts."""
    folder = tmp_path_factory.mktemp("lab")
    for document in (lab_codec().document(saved), lab_document(saved)):
        path = data.draw(st.sampled_from(_places(document)))
        (folder / "lab.json").write_text(json.dumps(document))
        assert LabStore(folder).load(DEPLOYMENT) is not None
        (folder / "lab.json").write_text(json.dumps(_replaced(document, path, data.draw(ANYTHING))))
        with contextlib.suppress(InputError):
            LabStore(folder).load(DEPLOYMENT)
