"""The recommendation: proven on certificates, true to the answers, with alternatives that are really different."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from pkikit.design.choices import Option
from pkikit.design.cluster_judge import ClusterJudge
from pkikit.design.san import design_all
from pkikit.errors import InputError
from pkikit.explore.advice.certificate_design import BY_ACME, PRIVATE, all_designs
from pkikit.explore.advice.figures import CRITERIA, figures_of
from pkikit.explore.advice.from_today import Cost, costs_of, today_of, way_to
from pkikit.explore.advice.handout import deployment_text, next_steps, requests_for
from pkikit.explore.advice.machines import deployment_of
from pkikit.explore.advice.plain_answers import QUESTIONS, Answers, answers_from
from pkikit.explore.advice.recommend import Recommendation, Refusal, candidates, incomparable, recommend, study_of
from pkikit.explore.advice.trial import AFTER_SUNSET, try_out
from pkikit.judge.legs.leg_verdict import judge_all_legs
from pkikit.model.deployment import parse_deployment
from pkikit.model.tables.features import TWO_STORES
from pkikit.model.version import ProductVersion
from pkikit.planning.planner import make_plan
from simulator.peer.pages.views.request_form import RequestForm, split_names
from tests.support.worlds import changed

NOW = datetime(2026, 11, 26, tzinfo=UTC)
BEFORE = datetime(2026, 1, 15, tzinfo=UTC)  # public CAs still issue clientAuth
KINDS = [value for value, _ in QUESTIONS["outside"].options]
EVERYBODY = [",".join(picked) for size in range(len(KINDS) + 1) for picked in itertools.combinations(KINDS, size)]
VERSIONS = ("X14.0", "X15.4", "X15.5")


def values(key: str) -> list[str]:
    return [value for value, _ in QUESTIONS[key].options]


def answer_space() -> Iterator[Answers]:
    """Every answer to every question; of who connects, each alone, nobody and everybody. Clusters for the newest version."""
    few = ["", *KINDS, ",".join(KINDS)]
    keys = ("trust", "domain", "restarts", "acme")
    for outside, version, *others in itertools.product(few, VERSIONS, *(values(key) for key in keys)):
        items = [f"{key}={value}" for key, value in zip(keys, others, strict=True)]
        size = "2" if version == VERSIONS[-1] and outside in {"mra", few[-1]} else "1"
        sizes = [f"core-peers={size}", f"edge-peers={size}"]
        yield answers_from([f"outside={outside}", f"version={version}", "upgrade=no", *sizes, *items])


def test_figures_and_trial_agree_for_every_kind_of_design() -> None:
    """What the figures call working comes up on certificates, and nothing else does."""
    tried = working = 0
    for outside, version in itertools.product(EVERYBODY, VERSIONS):
        answers = answers_from(
            [f"outside={outside}", f"version={version}", "upgrade=no", "core-peers=1", "edge-peers=1"]
        )
        study = study_of(deployment_of(answers))
        for design in all_designs(study.base, version, NOW):
            if design.days == 398:  # the lifetime decides nothing here
                trial, figures = try_out(study, design, NOW), figures_of(study, design)
                assert trial.accepted == figures.works, (outside, design.name, trial.down, figures)
                tried, working = tried + 1, working + trial.accepted
    assert 0 < working < tried


@pytest.mark.parametrize("at", [NOW, BEFORE])
def test_cluster_with_every_kind_of_design_is_judged_as_its_figures_say(at: datetime) -> None:
    """The same for clusters, before the sunset too: what only works until the next renewal does not count as working."""
    study = study_of(changed("clustered-full", version="X15.5"))
    designs = [d for d in all_designs(study.base, "X15.5", at) if d.days == 398]
    works = {d: try_out(study, d, at).accepted for d in designs}
    assert works == {d: figures_of(study, d).works for d in designs}
    assert len(set(works.values())) == 2
    assert set(try_out(study, designs[0], at).verdicts) == ({at} if at > AFTER_SUNSET else {at, AFTER_SUNSET})


def test_explorer_calls_the_same_designs_working_as_the_recommendation() -> None:
    """Where both can express a design, both judge it alike; the explorer's figures are proven by the trials above."""
    base = changed("clustered-full", version="X15.5")
    study, (core, edge) = study_of(base), base.clusters
    judges = ClusterJudge(base, core), ClusterJudge(base, edge)
    for design in all_designs(base, "X15.5", NOW):
        plain = {
            "certificate": design.certificate,
            "cluster_name": "yes",
            "domains": "together",
            "term": str(design.days),
        }
        inside = Option(**plain, registration=(), authority="private", stores="one")
        forms = (design.registration,) * len(base.domains.registration)
        term = "classic" if design.authority == BY_ACME else str(design.edge_days)
        outside = {**plain, "term": term, "authority": design.authority, "stores": design.stores}
        partials = judges[0].judge(inside), judges[1].judge(Option(**outside, registration=forms))
        down = sum(p.legs_broken + p.legs_unserved + p.refused_names + p.over_limit for p in partials)
        assert (down == 0) == figures_of(study, design).works, design.name


def test_every_recommendation_works_respects_the_answers_and_has_real_alternatives() -> None:
    """Over the whole answer space: accepted on certificates, true to each answer, alternatives that nothing beats."""
    recommended = refused = 0
    for answers in answer_space():
        found = recommend(answers, NOW)
        if isinstance(found, Refusal):
            refused += 1
            pool = candidates(study_of(deployment_of(answers)), answers, NOW)
            assert all(c.obstacles for c in pool), "a design that fits was passed over"
            assert found.because, answers
            assert found.blamed or not found.changes
            continue
        recommended += 1
        designs = [(found.design, found.figures), *((a.design, a.figures) for a in found.alternatives)]
        for design, figures in designs:
            assert try_out(study_of(found.base), design, NOW).accepted
            assert_respects(answers, found, design, figures)
        for (_, one), (_, other) in itertools.combinations(designs, 2):
            assert incomparable(one, other), (answers, [d.name for d, _ in designs])
        assert all(a.better and a.worse for a in found.alternatives)
        assert len({d.name for d, _ in designs}) == len(designs)
    assert min(recommended, refused) > 100


def assert_respects(answers: Answers, found: Recommendation, design, figures) -> None:  # type: ignore[no-untyped-def]
    """Each answer, checked from the deployment and the names, not from the engine's own obstacles."""
    deployment = design.deployment(found.base)
    edge = [layout for layout in design_all(deployment) if layout.owner in found.base.clusters[1].peers]
    bare = {n for layout in edge for n in layout.dns_names} & {
        *deployment.domains.registration,
        *deployment.domains.federation,
    }
    assert answers.domain != "no" or not bare
    assert answers.acme == "yes" or design.authority != BY_ACME
    assert design.authority != BY_ACME or answers.domain == "yes" or not bare
    assert figures.restarts_per_peer <= answers.most_restarts
    assert design.version == answers.version
    assert answers.trust != "public-only" or not figures.installers
    if answers.trust == "partners":
        assert set(figures.installers) <= set(found.base.parties), "a phone or a browser would need the private root"
    assert design.stores == "one" or ProductVersion.parse(design.version).has(TWO_STORES)


def test_refusal_names_the_answer_and_the_nearest_one_that_works() -> None:
    """The change that is named first really helps, and is as small as it can be."""
    base = answers_from(["outside=mra,federation", "trust=partners", "domain=no"])
    found = recommend(base, NOW)
    assert isinstance(found, Refusal)
    assert found.blamed == ("domain",)
    assert "example.com would be in a certificate" in found.because[0]
    assert dict(found.changes[0].answers) == {"domain": "name-only"}
    for change in found.changes:
        wider = base
        for key, value in change.answers:
            wider = wider.with_answer(key, value)
        assert isinstance(recommend(wider, NOW), Recommendation)


def test_mutual_tls_without_a_private_root_is_refused_for_that_answer() -> None:
    """No public CA issues clientAuth, so partners that ask for it have to trust the private root."""
    found = recommend(answers_from(["outside=mra,mutual"]), NOW)
    assert isinstance(found, Refusal)
    assert found.blamed == ("trust",)
    assert "sip.partner.example.net would have to install your private root CA" in found.because[0]


@pytest.mark.parametrize(
    ("items", "authority", "said"),
    [
        ([], BY_ACME, "jabber.example.com would have to install your private root CA"),
        (["trust=managed", "acme=no"], PRIVATE, "a public CA on Expressway-E, with uploads by hand is worse"),
        (["outside=mra,mutual", "trust=partners"], BY_ACME, "would go down: public CAs no longer issue clientAuth"),
    ],
)
def test_reasons_say_what_the_other_choices_would_mean(items: list[str], authority: str, said: str) -> None:
    """Each reason compares with the design that differs in this choice."""
    found = recommend(answers_from(items), NOW)
    assert isinstance(found, Recommendation)
    assert found.design.authority == authority
    assert any(said in str(reason) for reason in found.reasons)
    assert all(reason.because for reason in found.reasons)


def test_handed_out_file_loads_and_the_fields_lead_to_the_names() -> None:
    """The deployment file is the recommended deployment; the values typed into the page make exactly its names."""
    for items in (["outside=mra,b2b,mutual,federation,guests", "trust=partners"], ["core-peers=1", "edge-peers=6"], []):
        found = recommend(answers_from(items), NOW)
        assert isinstance(found, Recommendation)
        read = parse_deployment(deployment_text(found))
        assert read == found.deployment
        for request in requests_for(found):
            layout = next(made for made in design_all(read) if made.owner == request.peer)
            form = RequestForm.of(read, request.peer, layout)
            typed = dict(request.fields)
            sent = {
                field.name: typed[field.label].replace("(empty)", "") for field in form.fields if field.label in typed
            }
            kept, added = form.names(layout, sent)
            assert {*kept.dns_names, *added} == set(request.names), (request.peer, typed)
            extra = set(split_names(typed["Additional alternative names (comma separated)"].replace("(empty)", "")))
            assert extra <= set(request.names)
        assert next_steps(found)[-1].endswith("expressway-sim check deployment.yaml")


def test_recommendation_for_a_deployment_keeps_its_machines() -> None:
    """With a file, who connects is read from it, and nothing but version, certificates and names changes."""
    base = changed("clustered-full")
    found = recommend(answers_from(["trust=partners", "version=X12.5"]), NOW, base)
    assert isinstance(found, Recommendation)
    assert found.answers.outside == ("mra", "b2b", "mutual", "federation", "guests")
    assert found.deployment.parties == base.parties
    assert found.deployment.version == TWO_STORES.first


@pytest.mark.parametrize(
    ("item", "said"),
    [
        ("edge-fqdn=exam ple.com", "Expressway-E FQDN: 'exam ple.com' contains a space"),
        ("domains=exam ple.com", "Registration domains: 'exam ple.com' contains a space"),
        ("domains=", "Registration domains: is empty"),
        ("edge-peers=7", "Expressway-E peers: 7 is out of range; a cluster has 1 to 6 peers"),
        ("edge-peers=two", "Expressway-E peers: 'two' is not a number"),
        ("trust=everybody", "Private CA outside: 'everybody' is not an answer; allowed are public-only"),
        ("version=Y1", "Version: "),
        ("colour=red", "there is no question 'colour'"),
        ("trust", "write an answer as KEY=VALUE"),
        ("outside=mra,none", "none does not go with other answers"),
        ("trust=partners trust=managed", "'trust' has two different answers"),
    ],
)
def test_answer_that_cannot_be_used_is_refused_by_the_label_of_its_field(item: str, said: str) -> None:
    """One sentence with the words of the form, never a key of the YAML file."""
    with pytest.raises(InputError) as error:
        answers_from(item.split(" ") if item.startswith("trust") else [item])
    assert said in str(error.value)


def test_names_that_do_not_fit_together_are_refused_by_label() -> None:
    """What only the whole deployment shows is said with the labels of the form, too."""
    with pytest.raises(InputError, match=r"Expressway-C FQDN and Expressway-E FQDN: both lead to"):
        deployment_of(answers_from(["core-fqdn=c.example.com", "edge-fqdn=c.example.com"]))


def test_criteria_have_labels_units_and_meanings() -> None:
    """A legend without a hole."""
    assert all(c.label and c.unit and c.meaning.endswith(".") for c in CRITERIA)


def test_way_from_today_counts_only_what_a_design_changes() -> None:
    """The design of today costs nothing; a shared certificate costs its settings, loads and restarts."""
    base = changed("clustered-mra", registration_domain_format="collab-edge-dns")
    found = recommend(answers_from(["trust=managed", "version=X12.5", "upgrade=no"]), NOW, base)
    assert isinstance(found, Recommendation)
    designs = (found.design, *(other.design for other in found.alternatives))
    assert [(d.authority, d.certificate, d.days) for d in designs] == [
        (PRIVATE, "per-peer", 398), (PRIVATE, "shared", 398), (PRIVATE, "per-peer", 200),
    ]  # fmt: skip
    nothing, shared, shorter = costs_of(found)
    assert nothing == shorter == Cost(steps=0, restarts=0, steps_by_others=0, refused_legs=0)
    assert (shared.steps, shared.restarts, shared.steps_by_others) == (2 + 4 + 4, 4, 0)
    newer = replace(found, answers=found.answers.with_answer("version", VERSIONS[-1]))
    assert costs_of(newer) == (Cost(), Cost(), Cost())  # nobody plans a downgrade


def test_way_from_today_begins_and_ends_with_all_connections_up() -> None:
    """Today's machines outside trust what the answers say; each list gets what the design needs, and no more."""
    base = changed("clustered-mra")
    found = recommend(answers_from(["trust=partners"], Answers(version=base.version)), NOW, base)
    assert isinstance(found, Recommendation)
    study = study_of(base)
    today = today_of(study, found.answers, NOW)
    change = way_to(study, found.design, today, NOW)
    for world in (today, change.tomorrow):
        assert not [v.leg.id for v in judge_all_legs(world, NOW) if not v.accepted]
    assert [step.machine for step in change.steps if not step.owner.ours] == ["sip.partner.example.net"]
    cost = costs_of(found)[0]
    plan = make_plan(change, options=False)
    assert (cost.steps, cost.restarts, cost.refused_legs) == (len(plan.order), 2, plan.refused_legs)
    assert cost.text() == "9 steps (1 by others), 2 restarts, 2 connections refused"
