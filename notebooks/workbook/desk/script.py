"""The browser's side of the ticket desk: a table that is sorted and filtered, a list that is searched, tools, a clock.

All of it is plain HTML with labels, so that keyboards and screen readers can use it; JupyterLab's shortcuts stay out of it.
"""

from __future__ import annotations

TOOLBOX = """
function make(tag, settings, ...inside) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(settings || {})) {
    if (name in made && name !== "list" && name !== "role") made[name] = value; else made.setAttribute(name, value);
  }
  made.append(...inside);
  return made;
}
function button(text, press, settings) {
  const made = make("button", { type: "button", className: "jupyter-button widget-button", ...settings }, text);
  made.addEventListener("click", press);
  return made;
}
function give(model, values) { for (const [n, v] of Object.entries(values)) model.set(n, v); model.save_changes(); }
function labelled(text, control) {
  control.id = "desk-" + Math.random().toString(36).slice(2);
  return make("span", { className: "desk-field" }, make("label", { htmlFor: control.id }, text), control);
}
function choice(options, change) {
  const made = make("select", {}, ...options.map(([value, text]) => make("option", { value }, text)));
  made.addEventListener("change", change);
  return made;
}
function begin(el, name) { el.classList.add(name); el.dataset.lmSuppressShortcuts = "true"; el.replaceChildren(); }
"""

QUEUE = (
    TOOLBOX
    + """
const LEVELS = { 1: "easy", 2: "normal", 3: "hard" };
function render({ model, el }) {
  let by = "level", turned = false;
  const level = choice([["", "all"], ["1", "easy"], ["2", "normal"], ["3", "hard"]], draw);
  const minutes = choice([["", "any"], ["5", "5 at most"], ["8", "8 at most"], ["12", "12 at most"]], draw);
  const topic = choice([["", "all"]], draw);
  const words = make("input", { type: "search" });
  words.addEventListener("input", draw);
  const count = make("p", { role: "status" });
  const place = make("div", { className: "desk-scroll" });
  const topicField = labelled("Topic", topic);
  begin(el, "desk-queue");
  el.append(make("div", { className: "desk-bar" }, labelled("Level", level), labelled("Minutes", minutes), topicField,
    labelled("Search the symptoms", words)), count, place);
  function columns() {
    const shown = [["ticket", "Ticket"], ["title", "Symptom"], ["level", "Level"], ["minutes", "Minutes"]];
    return [...shown, ...(model.get("trainer") ? [["topic", "Topic"]] : []), ["state", "State"]];
  }
  function fits(t) {
    const wanted = words.value.toLowerCase().split(/\\s+/).filter(Boolean);
    return (!level.value || t.level === Number(level.value)) && (!minutes.value || t.minutes <= Number(minutes.value))
      && (!topic.value || t.topic === topic.value)
      && wanted.every((w) => (t.ticket + " " + t.title).toLowerCase().includes(w));
  }
  function compare(a, b) {
    const x = a[by], y = b[by];
    const order = typeof x === "number" ? x - y : String(x).localeCompare(String(y));
    return (turned ? -order : order) || a.minutes - b.minutes;
  }
  function take() {
    const topics = [...new Set(model.get("tickets").map((t) => t.topic))].filter(Boolean).sort();
    topic.replaceChildren(...[["", "all"], ...topics.map((t) => [t, t])].map(([value, text]) => make("option", { value }, text)));
    topicField.hidden = !model.get("trainer");
    by = model.get("ordered") ? "place" : by === "place" ? "level" : by;
    draw();
  }
  function draw() {
    const all = model.get("tickets").map((t, place) => ({ ...t, place }));
    const shown = all.filter(fits).sort(compare);
    count.textContent = shown.length === all.length ? all.length + " tickets" : shown.length + " of " + all.length + " tickets";
    const heads = columns().map(([key, text]) => {
      const sort = by === key ? (turned ? "descending" : "ascending") : "none";
      const mark = by === key ? (turned ? " ▼" : " ▲") : "";
      const press = () => {
        turned = by === key && !turned;
        by = key;
        draw();
        place.querySelector(`[data-key=${key}]`).focus();
      };
      const head = button(text + mark, press, { "data-key": key, title: "Sort by " + text });
      return make("th", { scope: "col", "aria-sort": sort }, head);
    });
    const rows = shown.map((t) => make("tr", {}, ...columns().map(([key, text]) => cell(t, key, text)),
      make("td", {}, button("Open", () => give(model, { chosen: t.ticket, asked: model.get("asked") + 1 }),
        { "aria-label": "Open " + t.ticket + ": " + t.title, disabled: model.get("busy") }))));
    const head = make("thead", {}, make("tr", {}, ...heads, make("td", {})));
    place.replaceChildren(make("table", {}, head, make("tbody", {}, ...rows)));
  }
  function cell(t, key, text) {
    const shown = key === "level" ? LEVELS[t.level] : String(t[key]);
    return make(key === "ticket" ? "th" : "td", key === "ticket" ? { scope: "row" } : { "data-label": text }, shown);
  }
  for (const name of ["tickets", "trainer", "busy"]) model.on("change:" + name, take);
  take();
}
export default { render };
"""
)

CHOOSER = (
    TOOLBOX
    + """
function render({ model, el }) {
  const group = "desk-choice-" + Math.random().toString(36).slice(2);
  const search = make("input", { type: "search" });
  const count = make("span", { role: "status" });
  const list = make("div", { className: "desk-options", role: "group", "aria-label": model.get("description") });
  begin(el, "desk-chooser");
  el.append(make("div", { className: "desk-bar" }, labelled(model.get("search"), search), count), list);
  search.addEventListener("input", draw);
  function draw() {
    const wanted = search.value.toLowerCase().split(/[^a-z0-9]+/).filter((w) => w.length > 1);
    let shown = 0, all = 0;
    const parts = [];
    for (const { title, options } of model.get("groups")) {
      all += options.length;
      const fit = options.filter((o) => wanted.every((w) => (o.label + " " + o.words).toLowerCase().includes(w)));
      shown += fit.length;
      if (fit.length) parts.push(make("fieldset", {}, make("legend", {}, title), ...fit.map(option)));
    }
    const some = shown === all ? "" : shown + " of " + all;
    count.textContent = shown ? some : "Nothing has all these words. Use fewer or other words.";
    list.replaceChildren(...parts);
  }
  function option({ value, label }) {
    const radio = make("input", { type: "radio", name: group, value, checked: model.get("value") === value });
    radio.addEventListener("change", () => give(model, { value }));
    return make("label", {}, radio, " ", make("span", {}, label));
  }
  model.on("change:groups", draw);
  model.on("change:value", () => {
    for (const radio of list.querySelectorAll("input")) radio.checked = radio.value === model.get("value");
  });
  draw();
}
export default { render };
"""
)

TOOLS = (
    TOOLBOX
    + """
function render({ model, el }) {
  begin(el, "desk-tools");
  el.setAttribute("role", "group");
  el.setAttribute("aria-label", model.get("description"));
  function draw() {
    const at = el.contains(document.activeElement);
    el.replaceChildren(...model.get("options").map(([value, text]) => {
      const pressed = model.get("value") === value;
      const press = () => give(model, { value, pressed: model.get("pressed") + 1 });
      return button(text, press, { "aria-pressed": String(pressed), "data-value": value });
    }));
    if (at) el.querySelector('[aria-pressed="true"]')?.focus();
  }
  for (const name of ["options", "value"]) model.on("change:" + name, draw);
  draw();
}
export default { render };
"""
)

CLOCK = (
    TOOLBOX
    + """
function render({ model, el }) {
  begin(el, "desk-clock");
  const shown = make("span", { role: "timer", "aria-live": "off" });
  el.append(shown);
  let from = Date.now();
  function tell() {
    const gone = model.get("elapsed") + (model.get("running") ? Math.round((Date.now() - from) / 1000) : 0);
    const clock = Math.floor(gone / 60) + ":" + String(gone % 60).padStart(2, "0");
    shown.textContent = (model.get("running") ? "Open " : "Closed after ") + clock + ", target " + model.get("target") + " min";
  }
  const timer = setInterval(tell, 1000);
  model.on("change:elapsed", () => { from = Date.now(); tell(); });
  model.on("change:running", tell);
  tell();
  return () => clearInterval(timer);
}
export default { render };
"""
)

STYLE = """
.desk-bar { display: flex; flex-flow: row wrap; gap: .4em 1.2em; align-items: center; margin: .3em 0; }
.desk-field { display: inline-flex; align-items: center; gap: .4em; }
.desk-field[hidden] { display: none; }
.desk-bar select, .desk-bar input { font: inherit; color: inherit;
  background: var(--jp-layout-color1, #fff); border: 1px solid var(--jp-border-color0, #757575); border-radius: 3px;
  padding: .25em .4em; max-width: 100%; }
.desk-queue, .desk-chooser, .desk-tools, .desk-clock { color: var(--jp-ui-font-color1, #1b1f24); line-height: 1.45; }
.desk-queue button, .desk-tools button { width: auto; height: auto; line-height: 1.4; padding: .25em .7em; }
.desk-queue th button { font-weight: bold; background: none; padding: .1em .2em; color: inherit; }
.desk-queue .desk-scroll { max-height: 32em; overflow-y: auto; }
.desk-queue table { width: 100%; border-collapse: collapse; }
.desk-queue tbody tr:nth-child(even) { background: var(--jp-layout-color2, #eee); }
.desk-queue thead th, .desk-queue thead td { position: sticky; top: 0; background: var(--jp-layout-color1, #fff); }
.desk-queue td, .desk-queue tbody th { vertical-align: middle; }
.desk-queue tbody th { white-space: nowrap; font-weight: bold; }
.desk-tools { display: flex; flex-flow: row wrap; gap: 4px; margin: .2em 0 .5em; }
.desk-tools [aria-pressed=true] { font-weight: bold; outline: 2px solid currentColor; outline-offset: -2px; }
.desk-clock { font-variant-numeric: tabular-nums; font-weight: bold; }
.desk-options { max-height: 22em; overflow-y: auto; border: 1px solid var(--jp-border-color1, #bdbdbd); border-radius: 6px;
  padding: .2em .6em; }
.desk-options fieldset { border: 0; margin: .2em 0 .6em; padding: 0; min-width: 0; }
.desk-options legend { font-weight: bold; padding: .2em 0; }
.desk-options label { display: flex; gap: .5em; align-items: baseline; padding: .15em 0; }
.desk-options input { flex: none; }
.workbook-panel.desk { container-type: inline-size; container-name: desk; }
.desk .desk-two { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); width: 100%; gap: 1em; align-items: start;
  overflow: visible; }
.desk .desk-two.desk-seen { grid-template-columns: minmax(0, 3fr) minmax(0, 2fr); }
.desk .desk-seen .desk-picture svg { min-width: 0 !important; }
@container desk (max-width: 960px) { .desk .desk-seen .desk-picture svg { min-width: 640px !important; } }
.desk .desk-picture { overflow-x: auto; }
.desk .desk-help { margin-top: .6em; gap: .4em 1.2em; align-items: center; }
.desk .desk-help > * { margin: 0; }
@container desk (max-width: 960px) { .desk .desk-two, .desk .desk-two.desk-seen { grid-template-columns: minmax(0, 1fr); } }
.desk .desk-pair { display: grid; gap: .2em 1.5em; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24em), 1fr)); }
.desk .widget-box { overflow: visible; }
.desk h4 { font-size: 1.1em; margin: .8em 0 .3em; }
.desk .desk-ticket { border: 2px solid var(--jp-border-color0, #757575); border-radius: 8px; margin: .3em 0;
  padding: .3em .9em .5em; }
.desk .desk-ticket h4 { margin: .2em 0; font-size: 1.25em; }
.desk .desk-ticket blockquote { margin: .4em 0; padding: .1em .8em; border-left: 4px solid var(--jp-brand-color1, #1565c0);
  font-size: 1.08em; max-width: 70em; color: inherit; }
.desk .desk-ticket p, .desk .desk-verdict { margin: .25em 0; }
.desk .desk-verdict { font-size: 1.1em; }
.desk .desk-log { padding-left: 2.4em; margin: .2em 0; }
.desk .desk-log li { margin-bottom: .35em; }
.desk .desk-log code, .desk dd code { overflow-wrap: anywhere; background: none; color: inherit; white-space: pre-wrap; }
.desk dl { margin: .2em 0; } .desk dt { font-weight: bold; } .desk dd { margin: 0 0 .5em; }
.desk .widget-dropdown, .desk .widget-text, .desk .widget-select-multiple { width: auto; max-width: 100%;
  flex-flow: row wrap; height: auto; }
.desk .widget-dropdown .widget-label, .desk .widget-text .widget-label, .desk .widget-select-multiple .widget-label {
  width: auto; min-width: 7em; text-align: left; white-space: normal; height: auto; line-height: 1.5; }
.desk .widget-dropdown select { width: auto; max-width: 100%; min-width: 12em; }
.desk .widget-button { width: auto; height: auto; min-height: 28px; white-space: normal; line-height: 1.4; padding: .25em .8em; }
.desk .desk-wide .widget-html-content { max-width: 100%; }
@container desk (max-width: 560px) {
  .desk .desk-queue thead { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden; }
  .desk .desk-queue tr { display: block; border-bottom: 2px solid var(--jp-border-color1, #bdbdbd); padding: .4em 0; }
  .desk .desk-queue tbody th, .desk .desk-queue tbody td { display: inline-block; border: 0; padding: .1em .8em .1em 0; }
  .desk .desk-queue tbody td[data-label=Symptom] { display: block; }
  .desk .desk-queue tbody td[data-label=Minutes]::after { content: " min"; }
}
"""
