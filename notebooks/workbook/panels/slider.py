"""A slider that a screen reader can name: the browser's own, with a label, the value in words, and a button that plays.

ipywidgets' slider gives its handle no accessible name, and we cannot add one.
"""

from __future__ import annotations

import anywidget
import traitlets

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
  function take() {
    input.min = model.get("min"); input.max = model.get("max"); input.value = model.get("value");
    shown.textContent = model.get("value") + " of " + model.get("max");
  }
  function give(value) { model.set("value", value); model.save_changes(); }
  input.addEventListener("input", () => { shown.textContent = input.value + " of " + input.max; });
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
  for (const name of ["value", "min", "max"]) model.on("change:" + name, take);
  el.append(label, input, shown, play);
  el.classList.add("workbook-slider");
  el.dataset.lmSuppressShortcuts = "true";
  stop();
  take();
  return () => clearInterval(timer);
}
export default { render };
"""
_STYLE = """
.workbook-slider { display: flex; flex-flow: row wrap; align-items: center; gap: 8px; margin: 2px; }
.workbook-slider label { width: 15em; text-align: right; }
.workbook-slider input { width: 20em; }
"""


class Slider(anywidget.AnyWidget):
    """Whole numbers from `min` to `max`. `stride` and `interval` (ms) are those of Play."""

    _esm = _CODE
    _css = _STYLE
    description = traitlets.Unicode("").tag(sync=True)
    value = traitlets.Int(0).tag(sync=True)
    min = traitlets.Int(0).tag(sync=True)
    max = traitlets.Int(100).tag(sync=True)
    stride = traitlets.Int(1).tag(sync=True)
    interval = traitlets.Int(1500).tag(sync=True)
