"""What every panel is: inputs with labels, one pure function of their values, one renderer. Nothing else.

The text form of a panel asks the reader to run the cell: people see that line if the kernel has restarted or the widget
cannot be displayed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from typing import Any

import ipywidgets as widgets

from pkikit.errors import PkikitError
from workbook.html import PanelOutput, alert

_WIDE = "36em"
_LABELS = {"description_width": "15em"}
# Colours come from the theme, light or dark; a panel whose kernel is gone says so itself.
STYLE = """<style>
.workbook-panel { color: var(--jp-ui-font-color1, #1b1f24); padding: 4px; overflow-x: auto; }
.workbook-panel table { border-collapse: collapse; margin: 4px 0 12px; }
.workbook-panel th, .workbook-panel td { text-align: left; padding: 3px 10px; vertical-align: top;
  border-bottom: 1px solid var(--jp-border-color1, #bdbdbd); white-space: normal; }
.workbook-panel h3, .workbook-panel h4 { margin: 8px 0 4px; }
.workbook-panel .widget-html-content { line-height: 1.45; overflow-x: auto; }
.workbook-panel td { overflow-wrap: anywhere; min-width: 5em; }
.workbook-panel svg { max-width: 100%; height: auto; }
.workbook-panel pre { white-space: pre-wrap; }
.workbook-panel details { margin-top: 6px; }
.workbook-panel .lit { font-weight: bold; outline: 2px solid currentColor; outline-offset: -2px; }
.workbook-panel .good { color: var(--jp-success-color0, #1b5e20); font-weight: bold; }
.workbook-panel .bad { font-weight: bold; }
.workbook-panel .jupyter-widgets.widget-checkbox, .workbook-panel .widget-radio, .workbook-panel .widget-radio-box,
.workbook-panel .widget-radio-box label { width: auto; max-width: 100%; }
.workbook-panel .widget-checkbox .widget-label-basic, .workbook-panel .widget-radio-box label { white-space: normal;
  height: auto; line-height: 1.5; overflow: visible; }
.workbook-panel .widget-radio { height: auto; }
.workbook-panel .bar { display: inline-block; width: 12em; max-width: 60%; height: .7em; vertical-align: middle;
  border: 1px solid currentColor; border-radius: .4em; overflow: hidden; }
.workbook-panel .bar span { display: block; height: 100%; background: var(--jp-brand-color1, #1565c0); }
.workbook-panel .bytes { font-family: monospace; overflow-wrap: anywhere; }
.workbook-panel.jupyter-widgets-disconnected::after {
  content: "The kernel has restarted: run this cell (and those above it) again.";
  display: block; font-weight: bold; padding: 6px; outline: 2px solid currentColor; }
</style>"""


class Shown(widgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """A box of widgets that has a text form, and an HTML form for pages without a kernel: saved notebooks, the documents."""

    def __repr__(self) -> str:
        return self.plain

    @property
    def plain(self) -> str:
        """The text form; the same in every run."""
        return "▶ Run this cell."

    @property
    def static(self) -> str:
        """The HTML form; the same in every run."""
        return f"<p>{escape(self.plain)}</p>"

    def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:
        bundle: dict[str, Any] = super()._repr_mimebundle_(**options)
        return {**bundle, "text/plain": self.plain, "text/html": self.static}


class Panel(Shown):
    """Inputs bound to `show(**values) -> PanelOutput`. `buttons` act first, then the panel is drawn again."""

    def __init__(
        self,
        title: str,
        inputs: Mapping[str, widgets.Widget],
        show: Callable[..., PanelOutput],
        *,
        buttons: Mapping[str, Callable[..., str | None]] | None = None,
        follow: Mapping[str, Callable[[Any], None]] | None = None,
    ) -> None:
        """Bind the inputs, and show the output for their values.

        Args:
            title: the heading.
            inputs: the inputs by name.
            show: the output, from the values of the inputs by name.
            buttons: label → function of the inputs' values, which may return a sentence.
            follow: input → function of its new value that adapts other inputs; then the panel is drawn, once.
        """
        self.title, self.inputs, self._show = title, dict(inputs), show
        self._follow, self._adapting = {self.inputs[name]: act for name, act in (follow or {}).items()}, False
        self.result = widgets.HTML()
        self.said = widgets.HTML()
        self.buttons = {label: self._button(label, act) for label, act in (buttons or {}).items()}
        for control in self.inputs.values():
            control.observe(self._changed, names="value")
        heading = widgets.HTML(f"{STYLE}<h3>{escape(title)}</h3>")
        bar = [widgets.HBox(list(self.buttons.values()), layout={"flex_flow": "row wrap"})] if self.buttons else []
        super().__init__([heading, *self.inputs.values(), *bar, self.said, self.result])
        self.add_class("workbook-panel")
        self.redraw()

    @property
    def plain(self) -> str:
        """The text form: what the panel is, and what to run."""
        return f"{self.title}\n▶ Run this cell to use this panel."

    @property
    def static(self) -> str:
        """The HTML form."""
        return f"<p><b>{escape(self.title)}</b><br>▶ Run this cell to use this panel.</p>"

    @property
    def values(self) -> dict[str, Any]:
        """The current values of the inputs."""
        return {name: control.value for name, control in self.inputs.items()}

    def redraw(self) -> None:
        """Show the output for the inputs' values."""
        try:
            shown = self._show(**self.values)
        except PkikitError as error:
            shown = alert(str(error))
        self.result.value = shown.whole()

    def _changed(self, change: dict[str, Any]) -> None:
        if self._adapting:
            return
        self._adapting = True
        try:
            self._follow.get(change["owner"], lambda _: None)(change["new"])
        finally:
            self._adapting = False
        self.redraw()

    def _button(self, label: str, act: Callable[..., str | None]) -> widgets.Button:
        button = widgets.Button(description=label, tooltip=label, layout={"width": "auto"})

        def pressed(_: object) -> None:
            button.disabled = True
            try:
                self.said.value = f'<p role="status">{escape(act(**self.values) or "")}</p>'
            except PkikitError as error:
                self.said.value = f'<p role="alert"><b>✘</b> {escape(str(error))}</p>'
            finally:
                button.disabled = False
            self.redraw()

        button.on_click(pressed)
        return button


def with_label(kind: type[widgets.Widget], label: str, **settings: Any) -> widgets.Widget:
    """Return an input with its label in front, as wide as all others."""
    layout = {"width": settings.pop("width", _WIDE)}
    return kind(description=label, style=_LABELS, layout=layout, **settings)


def choice(label: str, options: Any, value: Any = None, **settings: Any) -> widgets.Widget:
    """Return an input for one of several options."""
    chosen = {} if value is None else {"value": value}
    return with_label(widgets.Dropdown, label, options=options, **chosen, **settings)


def switch(label: str, *, value: bool) -> widgets.Widget:
    """Return an input that is on or off."""
    return with_label(widgets.Checkbox, label, value=value)


def text(label: str, value: str = "", **settings: Any) -> widgets.Widget:
    """Return an input for a line of text, which is read when the person has finished it."""
    return with_label(widgets.Text, label, value=value, continuous_update=False, **settings)


def text_area(label: str, value: str = "", **settings: Any) -> widgets.Widget:
    """Return an input for several lines of text."""
    return with_label(widgets.Textarea, label, value=value, **settings)
