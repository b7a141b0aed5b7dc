"""Templates, style sheet and script of the topology page. Nothing comes from elsewhere."""

from __future__ import annotations

import jinja2

from pkikit.view.drawing import TEXT_VERSION, THEME_CSS

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ title }} – {{ name }}</title><link rel="stylesheet" href="style.css">
{% if live %}<script src="live.js" defer></script>{% endif %}</head>
<body><header><strong>{{ name }}</strong> Expressway Certificate Lab: a simulator, not a Cisco product.</header>
<main><h1>{{ title }}</h1>{% block content %}{% endblock %}</main></body></html>
"""
_TOPOLOGY = """{% extends "page" %}{% block content %}
<p>Each line is a TLS connection, or several. Hover over a machine to see its certificate; select a line or a machine to see its
last handshakes. Refreshes every 2&nbsp;s. <span id="lost" role="status"></span></p>
<div id="live">{% include "now" %}</div><div id="card" role="tooltip" hidden></div>{% endblock %}
"""
_NOW = """<p class="{{ "up" if up else "down" }}"><strong>{{ "✔" if up else "✘" }} {{ count }}</strong> at {{ now }}</p>
<div class="flow"><div class="picture" tabindex="0" role="region" aria-label="Topology">{{ svg | safe }}</div>
<ul class="down">{% for line in refusals %}<li>{{ line }}</li>{% endfor %}</ul>
<table><thead><tr><th scope="col">Between</th><th scope="col">Status</th><th scope="col">Cause</th></tr></thead><tbody>
{% for row in rows %}<tr><td><a href="{{ row.link }}">{{ row.between }}</a></td>
<td class="{{ row.mark }}">{{ {"up": "✔ ", "idle": ""}.get(row.mark, "✘ ") }}{{ row.count }}</td>
<td>{{ row.causes | join(", ") }}</td></tr>
{% endfor %}</tbody></table></div>
<details><summary>{{ text_version }}</summary><pre>{{ text }}</pre></details>
"""
_CONNECTIONS = """{% extends "page" %}{% block content %}<p><a href="./">Back to the topology</a></p>
{% if facts %}<ul>{% for fact in facts %}<li>{{ fact }}</li>{% endfor %}</ul><h2>Last handshakes</h2>{% endif %}
{% for leg in legs %}<details{{ "" if leg.up else " open" }}><summary><strong>{{ leg.name }}</strong>
<span class="{{ "up" if leg.up else "down" }}">{{ "✔ up" if leg.up else "✘ down" }}{% if leg.refused_by %}, refused by
{{ leg.refused_by }}{% endif %}{% if leg.causes %}: {{ leg.causes | join(", ") }}{% endif %}</span></summary>
<p class="id">{{ leg.id }}</p>
<div class="sides">{% for side in ("client", "server") %}<div><h3>{{ side }}: {{ leg[side] }}</h3><ol>
{% for which, step in leg.steps if which == side %}<li>{{ step }}</li>{% else %}<li>nothing seen</li>{% endfor %}
</ol></div>{% endfor %}</div></details>{% else %}<p>The lab has not dialled these connections yet.</p>{% endfor %}{% endblock %}
"""
STYLE = (
    THEME_CSS
    + """
:root { color-scheme: light dark; --bad: #a61b1b; --good: #14683a; --line: #c3ccd6; --paper: #ffffff; --ink: #1b1f24; }
@media (prefers-color-scheme: dark) { :root {
  --bad: #ff9d94; --good: #6fd39a; --line: #3a4755; --paper: #111418; --ink: #eef1f5; } }
body { font: 1rem/1.5 system-ui, "DejaVu Sans", sans-serif; margin: 0 auto; max-width: 85rem; padding: 0 1rem 3rem;
  background: var(--paper); color: var(--ink); }
a { color: inherit; } header { padding: .6rem 0; border-bottom: 1px solid var(--line); }
h1 { font-size: 1.4rem; overflow-wrap: anywhere; } h2 { font-size: 1.1rem; } h3 { font-size: 1rem; overflow-wrap: anywhere; }
.flow { display: flex; flex-direction: column; gap: 1rem; } .picture { overflow-x: auto; }
.picture svg { max-width: 100%; min-width: 54rem; height: auto; } a:focus-visible, summary:focus-visible { outline: 3px solid; }
table { border-collapse: collapse; width: 100%; } pre { white-space: pre-wrap; overflow-wrap: anywhere; }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
.up { color: var(--good); } .down, .mixed { color: var(--bad); font-weight: 600; } ul.down:empty { display: none; }
th, td.up, td.down, td.mixed, td.idle { white-space: nowrap; }
details { margin: .6rem 0; } summary { cursor: pointer; overflow-wrap: anywhere; }
.id { font-size: .85rem; overflow-wrap: anywhere; }
.sides { display: grid; grid-template-columns: 1fr 1fr; gap: 1rem; }
#card { position: fixed; z-index: 2; max-width: min(34rem, 90vw); max-height: 60vh; overflow: auto; padding: .5rem .8rem;
  white-space: pre-line; overflow-wrap: anywhere; font-size: .9rem; background: var(--paper); color: var(--ink);
  border: 2px solid currentColor; border-radius: 8px; }
#card[hidden] { display: none; }
@media (max-width: 45rem) { .sides { grid-template-columns: 1fr; } .picture { order: 1; }
  table { table-layout: fixed; font-size: .85rem; } th, td { padding: .3rem .25rem; } th { width: 36%; } th + th { width: 31%; }
  th + th + th { width: 33%; } }
"""
)
SCRIPT = """"use strict";
const live = document.getElementById("live"), card = document.getElementById("card"), lost = document.getElementById("lost");
// The page changes what differs and nothing else: focus, scrolling, hovering and what is open stay as they are.
function update(old, fresh) {
  if (old.nodeName !== fresh.nodeName) { old.replaceWith(fresh.cloneNode(true)); return; }
  if (old.nodeType !== 1) { if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue; return; }
  for (const a of [...old.attributes]) if (!fresh.hasAttribute(a.name) && a.name !== "open") old.removeAttribute(a.name);
  for (const a of fresh.attributes) if (old.getAttribute(a.name) !== a.value) old.setAttribute(a.name, a.value);
  const before = [...old.childNodes], after = [...fresh.childNodes];
  after.forEach((child, n) => { if (n < before.length) update(before[n], child); else old.append(child.cloneNode(true)); });
  before.slice(after.length).forEach((child) => child.remove());
}
setInterval(async () => {
  try {
    const answer = await fetch("now");
    if (!answer.ok) return;
    const fresh = document.createElement("div");
    fresh.innerHTML = await answer.text();
    const now = live.cloneNode(false);
    now.append(...fresh.childNodes);
    update(live, now);
    if (lost.textContent) lost.textContent = "";
    if (shown) card.textContent = shown.dataset.tip || "";
  } catch { lost.textContent = "The lab does not answer any more."; }
}, 2000);
let shown = null, leaving = 0;
function show(target) {
  clearTimeout(leaving);
  shown = target;
  card.textContent = target.dataset.tip;
  card.hidden = false;
  const at = target.getBoundingClientRect(), size = card.getBoundingClientRect();
  const below = at.bottom + 6 + size.height <= innerHeight ? at.bottom + 6 : Math.max(4, at.top - 6 - size.height);
  card.style.top = below + "px";
  card.style.left = Math.max(4, Math.min(at.left, innerWidth - size.width - 8)) + "px";
}
function hide() { shown = null; card.hidden = true; }
const tipped = (event) => event.target.closest && event.target.closest("[data-tip]");
live.addEventListener("pointerover", (event) => { const target = tipped(event); if (target) show(target); });
live.addEventListener("pointerout", (event) => { if (tipped(event)) leaving = setTimeout(hide, 250); });
live.addEventListener("focusin", (event) => { const target = tipped(event); if (target) show(target); });
live.addEventListener("focusout", hide);
card.addEventListener("pointerenter", () => clearTimeout(leaving));
card.addEventListener("pointerleave", hide);
addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });
"""


def templates() -> jinja2.Environment:
    """Return the templates of the pages, which escape everything."""
    sources = {"page": _PAGE, "topology": _TOPOLOGY, "now": _NOW, "connections": _CONNECTIONS}
    made = jinja2.Environment(loader=jinja2.DictLoader(sources), autoescape=True, undefined=jinja2.StrictUndefined)
    made.globals["text_version"] = TEXT_VERSION
    return made
