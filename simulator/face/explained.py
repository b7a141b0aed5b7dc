"""One picture for people who never saw an Expressway: what each machine is, and who connects to whom. No lab is needed."""

from __future__ import annotations

from dataclasses import dataclass

from pkikit.view.drawing import LINE, PAD, Canvas, Picture, arrow, cloud, wall, wrap

_SIZE, _TOP, _BAND, _CARD = 13, 108, 66, 196
_FOOT = (
    "Every arrow is a TLS connection and points to the machine that answers.",
    "The machine that answers shows a certificate; the caller checks who issued it and whether the name in it is right.",
    "Between C and E, both show a certificate, and both check.",
    "Phones outside that use the company's phone system in this way: Cisco calls this Mobile and Remote Access (MRA).",
)


@dataclass(frozen=True, kw_only=True)
class _Station:
    """A machine on the way. says: one or two plain sentences."""

    title: str
    says: str
    colour: str


_PHONE = _Station(
    title="Phone with Jabber",
    says="A phone or laptop at home, in a hotel, in a café. It wants to make calls as if it were in the office.",
    colour="outside",
)
_EDGE = _Station(
    title="Expressway-E",
    says="The front door. It is between the two firewalls, in the DMZ (E is for edge). Phones outside can reach this machine and "
    "no other.",
    colour="edge",
)
_CORE = _Station(
    title="Expressway-C",
    says="The inner half (C is for core). It opens the connection to E from inside, so the inner firewall lets nothing in.",
    colour="core",
)
_CALLS = _Station(
    title="Unified CM",
    says="The phone system. It knows every user and every phone, and it connects the calls.",
    colour="inside",
)
_INTERNET = "Everybody is here. Nobody knows who is who without certificates."


def explain_picture() -> Picture:
    """Return the way from a phone outside to the phone system inside, with one plain sentence for each machine."""
    gap = 118.0
    phone, edge = 26.0, 26.0 + _CARD + 200
    core, calls = edge + _CARD + gap, edge + 2 * _CARD + gap + 96
    width = calls + _CARD + 26
    height = max(_height(s) for s in (_PHONE, _EDGE, _CORE, _CALLS))
    canvas = Canvas(width, 0, label="From a phone outside to the phone system inside, through two Expressways")
    bottom = _TOP + height + 12
    for name, left, right, colour in (
        ("Internet", phone, phone + _CARD + 152, "outside"),
        ("DMZ", edge, edge + _CARD, "edge"),
        ("Inside network", core, calls + _CARD, "inside"),
    ):
        canvas.area(left - 10, _BAND, right - left + 20, bottom - _BAND, fill="zone", round_=10)
        canvas.text(left, _BAND + 26, name, size=15, bold=True, colour=colour)
    canvas.text(16, 28, "How a phone outside reaches the phone system inside", size=18, bold=True)
    y = _TOP + 18.0
    for left, right in ((phone + _CARD, edge), (edge, edge)):
        wall(canvas, right - 24 if left != right else edge + _CARD + gap / 2, _BAND, bottom)
    cloud(canvas, phone + _CARD + 26, y + 24, 104, 56)
    for row, line in enumerate(wrap(_INTERNET, 122, 12)):
        canvas.text(phone + _CARD + 78, y + 104 + 16 * row, line, size=12, colour="muted", anchor="middle")
    for left, station in ((phone, _PHONE), (edge, _EDGE), (core, _CORE), (calls, _CALLS)):
        _draw(canvas, left, height, station)
    for start, end in ((phone + _CARD, edge), (core, edge + _CARD), (core + _CARD, calls)):
        arrow(canvas, (start, y), (end, y), stroke="one", thick=2.4)
    y = bottom + 14
    for sentence in _FOOT:
        for line in wrap(sentence, width - 32, 13):
            y += LINE + 1
            canvas.text(16, y, line, size=13)
    canvas.height = y + 18
    return Picture(svg=canvas.svg, text=_text())


def _lines(station: _Station) -> list[str]:
    return wrap(station.says, _CARD - 2 * PAD, _SIZE)


def _height(station: _Station) -> float:
    return 46 + (LINE + 1) * len(_lines(station)) + PAD


def _draw(canvas: Canvas, x: float, height: float, station: _Station) -> None:
    with canvas.group("lab-card", data={"name": station.title}):
        canvas.area(x, _TOP, _CARD, height, stroke=station.colour, thick=2)
        canvas.text(x + PAD, _TOP + 24, station.title, size=15, bold=True, colour=station.colour)
        for row, line in enumerate(_lines(station)):
            canvas.text(x + PAD, _TOP + 50 + (LINE + 1) * row, line, size=_SIZE)


def _text() -> str:
    way = [
        "How a phone outside reaches the phone system inside",
        "",
        "Internet:",
        f"  {_PHONE.title}: {_PHONE.says}",
        f"  Internet: {_INTERNET}",
        "  → connects to Expressway-E, through a firewall",
        "",
        "Firewall",
        "",
        "DMZ:",
        f"  {_EDGE.title}: {_EDGE.says}",
        "",
        "Firewall",
        "",
        "Inside network:",
        f"  {_CORE.title}: {_CORE.says}",
        "  → C connects to Expressway-E, through a firewall, and to Unified CM",
        f"  {_CALLS.title}: {_CALLS.says}",
        "",
        *_FOOT,
    ]
    return "\n".join(way)
