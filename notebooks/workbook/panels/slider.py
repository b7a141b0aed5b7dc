"""A slider that a screen reader can name: the browser's own, with a label, the value in words, and a button that plays.

With `presents` it also has the presenter mode of its panel: full width, large text, arrow keys and blank, Escape to leave.

ipywidgets' slider gives its handle no accessible name, and we cannot add one.
"""

from __future__ import annotations

import anywidget
import traitlets

from workbook.models.play_view import STAGE_CSS
from workbook.models.sequence import SEQUENCE_CSS

_CODE = """
function render({ model, el }) {
  const id = "workbook-slider-" + Math.random().toString(36).slice(2);
  const label = document.createElement("label");
  label.htmlFor = id;
  label.textContent = model.get("description");
  label.className = "widget-label";
  const input = document.createElement("input");
  Object.assign(input, { type: "range", id, step: 1 });
  const shown = document.createElement("output");
  shown.htmlFor = id;
  const play = document.createElement("button");
  play.className = "jupyter-button widget-button";
  play.type = "button";
  let timer = null;
  function stop() { clearInterval(timer); timer = null; play.textContent = "▶ Play"; }
  function told(value) {
    const title = model.get("titles")[value - model.get("min")];
    return title ? value + ": " + title : value + " of " + model.get("max");
  }
  function take() {
    input.min = model.get("min"); input.max = model.get("max"); input.value = model.get("value");
    shown.textContent = model.get("titles").length ? "" : told(model.get("value"));
    input.setAttribute("aria-valuetext", told(model.get("value")));
  }
  function panelOf() { return el.closest(".workbook-panel"); }
  function give(value) { model.set("value", value); model.save_changes(); }
  input.addEventListener("input", () => { if (!model.get("titles").length) shown.textContent = told(Number(input.value)); });
  input.addEventListener("change", () => give(Number(input.value)));
  // JupyterLab takes the arrow keys to itself; what they do to a slider is done here.
  const steps = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10 };
  input.addEventListener("keydown", (event) => {
    const ends = { Home: model.get("min"), End: model.get("max") };
    if (!(event.key in steps) && !(event.key in ends)) return;
    event.preventDefault();
    event.stopPropagation();
    const wanted = event.key in ends ? ends[event.key] : model.get("value") + steps[event.key];
    give(Math.min(Math.max(wanted, model.get("min")), model.get("max")));
  });
  play.addEventListener("click", () => {
    if (timer) { stop(); return; }
    if (Number(input.value) >= Number(input.max)) give(Number(input.min));
    play.textContent = "⏸ Pause";
    timer = setInterval(() => {
      const next = model.get("value") + model.get("stride");
      if (next > model.get("max")) { stop(); return; }
      give(next);
    }, model.get("interval"));
  });
  for (const name of ["value", "min", "max", "titles"]) model.on("change:" + name, take);
  el.append(label, input, shown, play);
  // The current row of a sequence is in sight: the kernel draws it after the slider has moved.
  function follow() {
    const list = panelOf()?.querySelector(".lab-sequence");
    const now = list?.querySelector(".now");
    if (list) list.scrollTop = now ? now.offsetTop - list.clientHeight / 2 : list.scrollHeight;
  }
  const redrawn = new MutationObserver(follow);
  setTimeout(() => { if (panelOf()) redrawn.observe(panelOf(), { childList: true, subtree: true }); follow(); }, 0);
  const leave = model.get("presents") ? presenter(el, model, input, panelOf, give) : () => {};
  el.classList.add("workbook-slider");
  el.dataset.lmSuppressShortcuts = "true";
  stop();
  take();
  return () => { clearInterval(timer); redrawn.disconnect(); leave(); };
}
function presenter(el, model, input, panelOf, give) {
  const button = document.createElement("button");
  button.className = "jupyter-button widget-button";
  button.type = "button";
  button.textContent = "Presenter mode";
  button.title = "Full width and large text. Arrow keys or blank: forward and back. Escape: leave.";
  button.setAttribute("aria-pressed", "false");
  let panel = null;
  function keys(event) {
    const at = event.target;
    if (event.key === "Escape") { event.preventDefault(); event.stopPropagation(); leave(); return; }
    const own = at.closest?.("select, textarea, input:not([type=range])");
    const pressed = event.key === " " && at.closest?.("button, summary, [role=button]");
    const steps = { ArrowRight: 1, PageDown: 1, " ": event.shiftKey ? -1 : 1, ArrowLeft: -1, PageUp: -1 };
    const ends = { Home: model.get("min"), End: model.get("max") };
    if (own || pressed || !(event.key in steps || event.key in ends)) return;
    event.preventDefault();
    event.stopPropagation();
    const wanted = event.key in ends ? ends[event.key] : model.get("value") + steps[event.key];
    give(Math.min(Math.max(wanted, model.get("min")), model.get("max")));
  }
  // What had the focus may be gone with the step before.
  function keep() { if (panel && !panel.contains(document.activeElement)) input.focus(); }
  function watch() { setTimeout(keep, 60); }
  function enter() {
    panel = panelOf();
    if (!panel) return;
    panel.setAttribute("popover", "manual");  // above everything, wherever the panel is
    panel.showPopover?.();
    panel.classList.add("presenting");
    for (const [name, value] of [["role", "dialog"], ["aria-modal", "true"], ["aria-label", "Presenter mode"]])
      panel.setAttribute(name, value);
    panel.dataset.lmSuppressShortcuts = "true";
    button.textContent = "Leave presenter mode";
    button.setAttribute("aria-pressed", "true");
    window.addEventListener("keydown", keys, true);
    input.focus();
  }
  function leave() {
    if (!panel) return;
    panel.hidePopover?.();
    panel.classList.remove("presenting");
    for (const name of ["popover", "role", "aria-modal", "aria-label"]) panel.removeAttribute(name);
    delete panel.dataset.lmSuppressShortcuts;
    button.textContent = "Presenter mode";
    button.setAttribute("aria-pressed", "false");
    window.removeEventListener("keydown", keys, true);
    panel = null;
    button.focus();
  }
  button.addEventListener("click", () => (panel ? leave() : enter()));
  model.on("change:value", watch);
  el.append(button);
  return () => { model.off("change:value", watch); leave(); };
}
export default { render };
"""
_STYLE = """
.workbook-slider { display: flex; flex-flow: row wrap; align-items: center; gap: 8px; margin: 2px; }
.workbook-slider label { width: 15em; text-align: right; }
.workbook-slider input { width: 20em; max-width: 100%; }
.workbook-slider button { width: auto; }
.workbook-panel.presenting { position: fixed; inset: 0; width: 100vw; height: 100vh; max-width: none; max-height: none; margin: 0;
  border: 0; padding: 1em 2vw; box-sizing: border-box; overflow: auto; z-index: 10000; font-size: 24px;
  background: var(--jp-layout-color1, #fff); display: block; }
.workbook-panel.presenting .widget-label, .workbook-panel.presenting .widget-html-content, .workbook-panel.presenting select,
.workbook-panel.presenting button, .workbook-panel.presenting output, .workbook-panel.presenting table,
.workbook-panel.presenting pre, .workbook-panel.presenting code, .workbook-panel.presenting small,
.workbook-panel.presenting .lab-sequence { font-size: 24px; }
.workbook-panel.presenting button, .workbook-panel.presenting select { height: auto; line-height: 1.5; padding: 0 .5em; }
.workbook-panel.presenting .widget-dropdown, .workbook-panel.presenting .widget-label { height: auto; width: auto;
  line-height: 1.5; }
.workbook-panel.presenting .widget-dropdown { flex-flow: row wrap; max-width: 100%; }
.workbook-panel.presenting .lab-sequence { max-height: 60vh; }
"""


class Slider(anywidget.AnyWidget):
    """Whole numbers from `min` to `max`. `stride` and `interval` (ms) are those of Play.

    titles: of each value, where the panel shows them itself; a screen reader reads them. presents: with presenter mode.
    """

    _esm = _CODE
    _css = _STYLE + SEQUENCE_CSS + STAGE_CSS
    description = traitlets.Unicode("").tag(sync=True)
    value = traitlets.Int(0).tag(sync=True)
    min = traitlets.Int(0).tag(sync=True)
    max = traitlets.Int(100).tag(sync=True)
    stride = traitlets.Int(1).tag(sync=True)
    interval = traitlets.Int(1500).tag(sync=True)
    titles = traitlets.List(traitlets.Unicode(), []).tag(sync=True)
    presents = traitlets.Bool(default_value=False).tag(sync=True)
