"""The answer about a fleet as files: Parquet for pandas and DuckDB, metrics for Prometheus, JSON, and one page."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from prometheus_client.parser import text_string_to_metric_families
from typer.testing import CliRunner

import pkikit as package
from pkikit.ci_results.fleet_cases import results_of_fleet
from pkikit.ci_results.found_cases import CaseState
from pkikit.commands.cli import app
from pkikit.errors import InputError
from pkikit.fleet.audit_records import FleetAudit
from pkikit.fleet.finished_audit import FinishedAudit
from pkikit.fleet.stored import parquet
from pkikit.fleet.stored.columns import COLUMNS
from pkikit.fleet.stored.parquet import read_parquet, to_parquet
from pkikit.fleet.written.fleet_sentences import light_of, verdict_of
from pkikit.fleet.written.metrics import to_metrics
from pkikit.fleet.written.outputs import claimed, save, target_files
from pkikit.judge.legs.known_parts import State
from pkikit.model.findings import Finding, Severity
from pkikit.report.content.deployment_report import Light
from tests.support.fleets import audited, expiring, write_customer, write_small
from tests.support.json_documents import assert_follows
from tests.support.places import ROOT
from tests.support.worlds import AT

DAY = timedelta(days=1)
ODD = 'odd "name" \\ end'


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One deployment that breaks soon, one that is down, one that is fine, and garbage."""
    root = tmp_path_factory.mktemp("outputs") / "fleet"
    write_customer(root / "customer" / "site", "soon", expiring(10 * DAY))
    write_customer(root / "down", "down", expiring(-3 * DAY))
    write_small(root / ODD, "fine")
    (root / "garbage").mkdir()
    (root / "garbage" / "x.bin").write_bytes(bytes(range(256)))
    yield root
    shutil.rmtree(root)


@pytest.fixture(scope="module")
def found(fleet: Path) -> FleetAudit:
    return audited(fleet)


def test_parquet_has_a_row_for_each_connection_and_reads_back_whole(found: FleetAudit, tmp_path: Path) -> None:
    """pandas and DuckDB read it; the records come back equal; a folder with an error has its row, too."""
    (path := tmp_path / "fleet.parquet").write_bytes(to_parquet(found))
    assert tuple(read_parquet(path).values()) == found.records
    frame = pd.read_parquet(path)
    assert list(frame.columns) == [column.name for column in COLUMNS]
    assert len(frame) == sum(found.counts.values()) + 1
    assert set(frame[frame.connection.isna()].folder) == {"garbage"}
    first = duckdb.sql(
        f"SELECT folder, breaks_at, cause FROM '{path}' WHERE accepted = false AND state = 'up' ORDER BY breaks_at LIMIT 1"
    ).fetchall()[0]
    assert (first[0], first[2]) == ("customer/site", "validity.expired")
    assert first[1].timestamp() == (AT + 10 * DAY).timestamp() + 1
    ends = duckdb.sql(f"SELECT count(*) FROM (SELECT unnest(expiries) FROM '{path}')").fetchall()
    assert ends == [(sum(len(record.expiries) for record in found.records),)]
    described = {f.name: (f.metadata or {}).get(b"description", b"").decode() for f in pq.read_schema(path)}
    assert described == {column.name: column.meaning for column in COLUMNS}


def test_rows_that_somebody_changed_are_judged_again(found: FleetAudit, tmp_path: Path) -> None:
    """Filtered, cut or edited in pandas or Arrow: what is left of a folder is not its record."""
    (path := tmp_path / "fleet.parquet").write_bytes(to_parquet(found))
    table = pq.read_table(path)
    states, place = table["state"].to_pylist(), table.schema.get_field_index("state")
    edited = pa.array(["up" if state == "down" else state for state in states])
    down = {record.folder for record in found.records if record.counts[State.DOWN]}
    last = table["folder"][-1].as_py()
    for changed, lost in (
        (table.filter(pa.array([state != "down" for state in states])), down),
        (table.set_column(place, table.schema.field(place), edited), down),
        (table.slice(0, table.num_rows - 1), {last}),
    ):
        pq.write_table(changed, path)
        assert lost and read_parquet(path).keys() == {record.folder for record in found.records} - lost  # noqa: PT018


def test_hostile_parquet_is_refused(found: FleetAudit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Texts that unpack to gigabytes, deep JSON, and a column of another type, behind the right metadata."""
    (path := tmp_path / "fleet.parquet").write_bytes(to_parquet(found))
    table = pq.read_table(path)
    place, rows = table.schema.get_field_index("findings"), table.num_rows
    deep = table.set_column(place, table.schema.field(place), pa.array(["[" * 100_000] * rows))
    for changed, says in (
        (deep, "RecursionError"),
        (table.set_column(place, "findings", pa.array([1] * rows)), "columns"),
    ):
        pq.write_table(changed, tmp_path / "x.parquet")
        with pytest.raises(InputError, match=says):
            read_parquet(tmp_path / "x.parquet")
    monkeypatch.setattr(parquet, "MOST_UNPACKED", 1000)
    with pytest.raises(InputError, match="too long"):
        read_parquet(path)


def test_columns_are_documented() -> None:
    """docs/fleet.md has a row for each column."""
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \| ([^|]+) \|$", (ROOT / "docs" / "fleet.md").read_text(), re.M)
    assert rows == [(column.name, column.kind.value, column.meaning) for column in COLUMNS]


@pytest.mark.parametrize("content", [b"", b"not parquet", b"PAR1" + b"\0" * 40 + b"PAR1"])
def test_file_that_is_no_earlier_audit_is_refused(content: bytes, tmp_path: Path) -> None:
    (path := tmp_path / "x.parquet").write_bytes(content)
    with pytest.raises(InputError, match=r"is empty|not a Parquet file of pkikit fleet audit"):
        read_parquet(path)
    pd.DataFrame({"folder": ["x"]}).to_parquet(path)
    with pytest.raises(InputError, match="not a Parquet file of pkikit fleet audit"):
        read_parquet(path)


def test_metrics_are_read_by_prometheus(found: FleetAudit) -> None:
    """Dates are Unix seconds, labels are escaped, and no series comes twice."""
    text = to_metrics(found)
    families = {family.name: family for family in text_string_to_metric_families(text)}
    breaks = {tuple(sorted(s.labels.items())): s.value for s in families["expressway_leg_breaks_at"].samples}
    assert len(breaks) == len(found.breaks) == len(families["expressway_leg_breaks_at"].samples)
    assert min(breaks.values()) == (AT - 3 * DAY).timestamp() + 1
    ends = families["x509_cert_not_after"].samples
    assert (AT + 10 * DAY).timestamp() in {s.value for s in ends if s.labels["folder"] == "customer/site"}
    assert ODD in {s.labels["folder"] for s in ends}
    assert {s.labels["folder"]: s.value for s in families["expressway_fleet_error"].samples}["garbage"] == 1
    ups = [s.value for s in families["expressway_leg_up"].samples]
    assert (ups.count(1), ups.count(0)) == (found.counts[State.UP], found.counts[State.DOWN])


def test_command_answers_as_the_contract_says(fleet: Path, tmp_path: Path) -> None:
    """JSON, exit code and files of `fleet audit`; the second run reads the first one's Parquet file."""
    last = tmp_path / "last.parquet"
    words = ["fleet", "audit", str(fleet), "--at", AT.isoformat(), "--workers", "1", "--parquet", str(last), "--json"]
    run = CliRunner().invoke(app, [*words, "--html", str(tmp_path / "f.html"), "--metrics", str(tmp_path / "f.prom")])
    assert run.exit_code == 1
    document = json.loads(run.stdout)
    assert_follows("fleet-audit", document)
    by_folder = {entry["folder"]: entry for entry in document["deployments"]}
    assert {name: entry["accepted"] for name, entry in by_folder.items()} == {
        "customer/site": False, "down": False, ODD: True, "garbage": False,
    }  # fmt: skip
    first = by_folder["down"]["first_break"]
    assert (first["at"], first["cause"]) == ("2026-11-21T12:00:01Z", "validity.expired")
    assert by_folder["down"]["breaks"][0]["findings"][0]["rule"] == "validity.expired"
    assert by_folder["garbage"]["first_break"] is None
    assert "0x.bin" not in by_folder["garbage"]["error"]
    assert by_folder[ODD]["error"] is None
    assert document["files"].keys() == {"parquet", "page", "metrics"}
    again = json.loads(CliRunner().invoke(app, [*words, "--since", str(last)]).stdout)
    assert again["counts"]["reused"] == 4
    assert again["deployments"] == document["deployments"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--workers", "2", "--scheduler", "tcp://127.0.0.1:1"), "exclude each other"),
        (("--parquet", "x.csv"), "ends in .parquet"),
        (("--since", "missing.parquet"), "missing.parquet"),
    ],
)
def test_wrong_options_are_refused_before_any_work(fleet: Path, words: tuple[str, ...], says: str) -> None:
    run = CliRunner().invoke(app, ["fleet", "audit", str(fleet), *words])
    assert isinstance(run.exception, InputError)
    assert says in str(run.exception)


def test_two_audits_do_not_write_one_file(found: FleetAudit, tmp_path: Path) -> None:
    """The second one is refused at once; a file that cannot be written leaves the old one."""
    files = target_files(metrics=tmp_path / "fleet.prom")
    with claimed(files), pytest.raises(InputError, match="another audit is writing this file"):
        FinishedAudit(found).save(metrics=files["metrics"])
    assert save(found, files) == (("Metrics file", files["metrics"]),)
    assert FinishedAudit(found).save(metrics=files["metrics"])
    assert [path.name for path in tmp_path.iterdir()] == ["fleet.prom"]


class _Page(HTMLParser):
    """What a test asks of a page: its texts, its tags, and what it would load."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.loads: list[str] = []
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.loads += [
            value or "" for name, value in attrs if name in {"src", "href"} and not (value or "").startswith("#")
        ]

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_page_says_the_verdict_first_and_needs_nothing_else(found: FleetAudit) -> None:
    """Verdict, soonest breaks, errors by folder, both purposes, every deployment; hostile names stay text."""
    evil = replace(found.records[2], folder="<script>alert(1)</script>")
    html = FinishedAudit(replace(found, records=(*found.records, evil))).html
    page = _Page(html)
    assert not page.loads
    assert "script" not in page.tags
    text = " ".join(" ".join(page.words).split())
    order = [
        "need work",
        "What breaks first",
        "Folders that cannot be judged",
        "When deployments break",
        "All deployments",
    ]
    places = [text.index(words) for words in order]
    assert places == sorted(places)
    assert "2026-12-04" in text[text.index("What breaks first") :]
    assert "Certificates used for both purposes" in text
    assert "x.bin" in text


def test_promise_that_nobody_can_assess_is_said_and_is_not_green(found: FleetAudit) -> None:
    fine = tuple(record for record in found.records if record.accepted(found.at))
    assert light_of(replace(found, records=fine)) is Light.GREEN
    said = "Not assessed: MRA works. Missing: trusted CA list of e1."
    unknown = Finding(rule="x", severity=Severity.INFO, subject="x", message=said, evidence=(), fix="Give it.")
    open_ones = replace(found, records=tuple(replace(record, findings=(unknown,)) for record in fine))
    assert light_of(open_ones) is Light.YELLOW
    assert verdict_of(open_ones).endswith("Not assessed: 1 promise or house rule.")


def test_fleet_of_which_nobody_knows_anything_is_no_yes(tmp_path: Path) -> None:
    """A deployment file without certificates: no connection is down, and none is known to be up."""
    write_small(tmp_path / "fleet" / "one", "one")
    shutil.rmtree(tmp_path / "fleet" / "one" / "certificates")
    dark = audited(tmp_path / "fleet")
    assert light_of(dark) is Light.GREY
    assert not dark.accepted
    assert verdict_of(dark).startswith("No connection of 1 deployment is known to be up. Not assessed: ")
    (folder, *_) = results_of_fleet(FinishedAudit(dark).to_json(), ()).cases
    assert folder.state is CaseState.OPEN


def test_large_fleet_has_a_page_that_stays_small(found: FleetAudit) -> None:
    """500 folders: most of what repeats is folded or counted."""
    many = tuple(
        replace(record, folder=f"{number:03}/{record.folder}") for number in range(125) for record in found.records
    )
    html = FinishedAudit(replace(found, records=many)).html
    assert len(html) < 2_000_000
    assert html.count("<table") < 20


def test_python_function_gives_the_same(fleet: Path, tmp_path: Path) -> None:
    made = package.fleet_audit(fleet, at=AT, within_days=5, workers=1, parquet=tmp_path / "x.parquet")
    assert [record.folder for record in made.audit.failing] == ["down", "garbage"]
    assert made.answer.startswith(
        "2 of 4 deployments need work: 1 cannot be judged and 1 has connections that are down."
    )
    with pytest.raises(InputError, match="within_days"):
        package.fleet_audit(fleet, within_days=-1)
