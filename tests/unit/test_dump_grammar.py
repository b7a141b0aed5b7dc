"""`xConfiguration` in every style that dumps, references and terminal programs write: the same settings."""

from __future__ import annotations

import random
from functools import cache

import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st

from pkikit.design.xconfiguration import xconfiguration
from pkikit.intake.material import Source
from pkikit.intake.reading.dumps.dump_lines import read_lines
from pkikit.intake.reading.dumps.dump_xml import XmlDump
from pkikit.intake.reading.dumps.keys import canonical, kept_keys
from pkikit.intake.reading.dumps.setting_grammar import settings_in
from pkikit.view.logs.dumps import xconf_xml
from tests.support.worlds import C1, E1, deployment

SOURCE = Source(file="dump.txt")
NOISE = ("OK", "", "*s SystemUnit: /", '  Uptime: "12"', "*s/end", "** end", "--More--", "Broadcast message from root")
NAMES = (
    'Büro <b>"Süd"</b>',
    "C:\\temp\\",
    'say "hi"',
    "a\\b",
    "x: y",
    "*c",
    "",
    " padded ",
    "a" * 120,
    "one two " * 15,
)


@cache
def written(peer: str) -> tuple[tuple[str, str], ...]:
    """The settings of a peer that are kept, and zones whose names are hard to read."""
    kept = [(k, v) for k, v in xconfiguration(deployment(), peer) if canonical(k.split()) is not None]
    return (*kept, *((f"Zones Zone {n} Name", name) for n, name in enumerate(NAMES, start=50)))


def read(text: str) -> dict[str, str]:
    found = read_lines(text.split("\n"), SOURCE)
    assert len(found.configurations) == 1
    return {" ".join(key): stated.value for key, stated in found.configurations[0][0].settings.items()}


def other_order(key: str) -> str:
    """The key with each index one word earlier, as the example of the reference writes `Alternates 1 Peer Address`."""
    words = key.split()
    for place in range(1, len(words) - 1):
        if words[place + 1].isdigit():
            words[place], words[place + 1] = words[place + 1], words[place]
    return " ".join(words)


def quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def is_plain(value: str) -> bool:
    return bool(value) and value.isascii() and not set(value) & set(' "\\*:')


@st.composite
def styles(draw: st.DrawFn) -> tuple[str, str]:
    """(peer, its settings in one style)."""
    peer, chosen = draw(st.sampled_from((C1, E1))), random.Random(draw(st.integers(0, 10**6)))
    prefix = draw(
        st.sampled_from(("*c xConfiguration ", "xConfiguration ", "*c ", "*C XCONFIGURATION ", "xconfig ", "xConf /"))
    )
    front = draw(
        st.sampled_from(("", "[2026-03-01 12:00:00] ", "12:00:00.123 ", "2026-03-01T12:00:00Z ", "admin@e1:~$ "))
    )
    case = draw(st.sampled_from((str, str.lower, str.upper)))
    order = draw(st.sampled_from((str, other_order)))
    bare, old, noisy = draw(st.booleans()), draw(st.booleans()), draw(st.booleans())
    lines: list[str] = []
    for key, value in written(peer):
        words = order(key).replace("ConfigurationPrimary", "ConfigurationMaster") if old else order(key)
        lines.append(f"{front}{prefix}{case(words)}: {value if bare and is_plain(value) else quoted(value)}")
        if noisy and chosen.random() < 0.2:
            lines.append(chosen.choice(NOISE))
    return peer, draw(st.sampled_from(("\n", "\r\n"))).join([f"{front}xConfiguration", *lines, "OK", ""])


@given(styles())
@limits(max_examples=60, deadline=None)
def test_dump_in_any_style_gives_the_same_settings(style: tuple[str, str]) -> None:
    """Prefix, case, order of indexes, old words, quotation marks, line ends, timestamps, prompts and other lines say nothing."""
    peer, text = style
    assert read(text.replace("\r", "") if "\r\n" not in text else text) == dict(written(peer))


@pytest.mark.parametrize("trimmed", [False, True])
@pytest.mark.parametrize("width", [80, 120])
def test_dump_cut_at_the_edge_of_a_terminal_gives_the_same_settings(width: int, *, trimmed: bool) -> None:
    """A line that the terminal cut is one setting, also if the blank at the cut is lost and the pager wrote between the parts."""
    lines: list[str] = []
    for key, value in written(E1):
        line = f"*c xConfiguration {key}: {quoted(value)}"
        parts = [line[start : start + width] for start in range(0, len(line), width)]
        lines += [part.rstrip(" ") for part in parts] if trimmed else parts
        if len(parts) > 1:
            lines.insert(len(lines) - 1, "\x1b[7m--More--\x1b[m")
    assert read("\n".join(lines)) == dict(written(E1))


def test_dump_as_xml_gives_the_settings_of_the_text() -> None:
    """An index of 1 in XML is an index only where the key has one."""
    dump, data = XmlDump(Source(file="dump.xml")), iter([xconf_xml(xconfiguration(deployment(), E1)), b""])
    dump.read(lambda: next(data))
    found = dump.configuration()
    assert found is not None
    text = "\n".join(f"*c xConfiguration {k}: {quoted(v)}" for k, v in xconfiguration(deployment(), E1))
    assert {" ".join(k): s.value for k, s in found.settings.items()} == read(text)


def test_key_that_is_kept_is_its_own_canonical_form() -> None:
    """Every key of the table survives a reading, in both orders of its indexes."""
    for key in kept_keys():
        written_out = key.replace("[n]", "7")
        assert canonical(written_out.split()) == tuple(written_out.split())
        assert canonical(other_order(written_out).lower().split()) == tuple(written_out.split())


def test_words_of_old_versions_give_the_key_of_today() -> None:
    """Words that Cisco renamed, and places that moved, as text and as XML."""
    old = {
        "Alternates ConfigurationMaster": "Alternates ConfigurationPrimary",
        "SIP Domains Domain 2 Name": "SIP Domain 2 Name",
        "IP DNS Server 1 Address": "DNS Server 1 Address",
        "Alternates 3 Peer Address": "Alternates Peer 3 Address",
        "Zones 2 Zone Neighbor 1 Peer Address": "Zones Zone 2 Neighbor Peer 1 Address",
    }
    for written_then, today in old.items():
        assert canonical(written_then.split()) == tuple(today.split())
    dump, data = XmlDump(SOURCE), iter([xconf_xml((("SIP Domains Domain 2 Name", "example.com"),)), b""])
    dump.read(lambda: next(data))
    found = dump.configuration()
    assert found is not None
    assert list(found.settings) == [("SIP", "Domain", "2", "Name")]


def test_several_settings_on_one_line_are_all_read() -> None:
    """A web page flattens lines; a setting inside quotation marks is a value."""
    line = '*c xConfiguration SIP TLS Mode: "On" *c xConfiguration Zones Zone 1 Name: "*c xConfiguration SIP TLS Mode: Off" *c xConf SIP TLS Port: 1'
    assert [" ".join(words) for words, _ in settings_in(line).settings] == [
        "SIP TLS Mode",
        "Zones Zone 1 Name",
        "SIP TLS Port",
    ]


def test_session_on_two_peers_gives_two_configurations() -> None:
    """A capture with one peer after the other is split where the host changes; later commands belong to the last peer."""
    text = "".join(
        f'xConfiguration\n*c xConfiguration IP DNS Hostname: "{host}"\n*c xConfiguration SIP TLS Mode: "On"\nOK\n'
        'xConfiguration Zones\n*c xConfiguration Zones Zone 1 Name: "Z"\nOK\n'
        for host in ("c1", "e1", "c1")
    )
    found = read_lines(text.split("\n"), SOURCE).configurations
    assert [settings.host[0] for _, settings in found] == ["c1", "e1"]
    assert all(("Zones", "Zone", "1", "Name") in configuration.settings for configuration, _ in found)
