"""Projector size: larger text, tables, cards and pictures in the whole notebook, for a class that sits three rows away."""

from __future__ import annotations

import anywidget
import traitlets

from simulator.folders import state_folder

TEXT = 24  # pixels
_CODE = 20
_SIZES = f"""
  --jp-content-font-size1: {TEXT}px; --jp-content-font-size2: 30px; --jp-content-font-size3: 36px;
  --jp-content-font-size4: 40px; --jp-content-font-size5: 44px; --jp-ui-font-size1: {TEXT}px; --jp-ui-font-size2: 28px;
  --jp-widgets-font-size: {TEXT}px; --jp-widgets-inline-height: 40px; --jp-code-font-size: {_CODE}px;
"""
# Prompts are narrow, so that pictures have the whole width; a picture is as wide as its place.
STYLE = f"""
.jp-Notebook, .jupyter-widgets, .workbook-panel {{ {_SIZES} }}
.jp-RenderedHTMLCommon, .jp-RenderedHTMLCommon table, .jp-RenderedText pre, .workbook-panel, .workbook-panel table,
.workbook-panel .widget-html-content, .workbook-panel label {{ font-size: {TEXT}px; line-height: 1.4; }}
.jp-RenderedText pre, .workbook-panel pre, .jp-RenderedHTMLCommon pre {{ font-size: {_CODE}px; }}
.jp-RenderedHTMLCommon small, .workbook-panel small {{ font-size: {_CODE}px; }}
.jupyter-button {{ font-size: {TEXT}px; height: auto; line-height: 1.5; padding: 4px 16px; }}
.jupyter-button.widget-button {{ width: auto; }}
.jp-InputPrompt, .jp-OutputPrompt {{ flex: 0 0 3.2em; min-width: 3.2em; font-size: 13px; }}
.jp-Notebook svg.lab-drawing, .workbook-panel svg.lab-drawing, .workbook-panel .widget-html-content > svg {{
  width: 100%; height: auto; max-width: none; }}
"""


_BUTTON = """
function render({ model, el }) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "jupyter-button widget-button";
  const style = document.createElement("style");
  style.textContent = model.get("css");
  const show = () => {
    style.media = model.get("on") ? "all" : "not all";
    button.textContent = model.get("on") ? "Normal size" : "Projector size";
  };
  button.onclick = () => {
    model.set("on", !model.get("on"));
    model.save_changes();
  };
  model.on("change:on", show);
  show();
  el.append(button, style);
}
export default { render };
"""


class ProjectorSwitch(anywidget.AnyWidget):
    """A button that makes everything in this notebook larger, and back. The next notebook has the same size.

    It works at once, also while the kernel is busy.
    """

    _esm = _BUTTON
    css = traitlets.Unicode(STYLE).tag(sync=True)
    on = traitlets.Bool().tag(sync=True)

    def __init__(self) -> None:
        super().__init__(on=is_on(), layout={"width": "auto"})
        self.observe(lambda change: remember(change["new"]), names="on")


def is_on() -> bool:
    """True if notebooks are shown in projector size."""
    return (state_folder() / "projector-size").exists()


def remember(on: bool) -> None:
    """Keep the size for the notebooks that are opened next; without a writable folder it is lost, and nothing else."""
    mark = state_folder() / "projector-size"
    try:
        if on:
            mark.parent.mkdir(parents=True, exist_ok=True)
            mark.touch()
        else:
            mark.unlink(missing_ok=True)
    except OSError:
        return


def projector(on: bool = True) -> ProjectorSwitch:
    """Show this notebook, and those that you open next, in projector size.

    Args:
        on: False for normal size.
    """
    remember(on)
    return ProjectorSwitch()
