"""What every card has: a heading, a place for messages, links that JupyterLab follows."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

import ipywidgets as widgets

from pkikit.errors import PkikitError
from workbook.html import inline
from workbook.panels.base import STYLE, Shown

HOME = "Home.ipynb"


def heading(title: str, *sentences: str) -> widgets.HTML:
    """Return the head of a card: its title and what it asks."""
    told = "".join(f"<p>{inline(sentence)}</p>" for sentence in sentences)
    return widgets.HTML(f"{STYLE}<h3>{escape(title)}</h3>{told}")


class Html(widgets.Output):  # type: ignore[misc]  # ipywidgets has no types
    """HTML whose links JupyterLab follows: they open notebooks instead of leaving the page."""

    def show(self, html: str, text: str = "") -> None:
        """Replace the content."""
        data = {"text/html": html, "text/plain": text or html}
        self.outputs = ({"output_type": "display_data", "data": data, "metadata": {}},) if html else ()


def button(
    label: str, press: Callable[[], None], *, main: bool = False, usable: Callable[[], bool] = lambda: True
) -> widgets.Button:
    """Return a button that cannot be pressed twice at once. usable: whether it can be pressed again afterwards."""
    made = widgets.Button(description=label, tooltip=label, layout={"width": "auto", "align_self": "flex-start"})
    made.button_style = "primary" if main else ""

    def pressed(_: object) -> None:
        made.disabled = True
        try:
            press()
        finally:
            made.disabled = not usable()

    made.on_click(pressed)
    return made


class Card(Shown):
    """A box with messages. Errors that a person can fix are shown as one sentence."""

    def __init__(self) -> None:
        self.said = widgets.HTML()
        super().__init__()
        self.add_class("workbook-panel")

    def say(self, *lines: str, good: bool = False) -> None:
        """Show lines as the answer to what the learner did; screen readers read them."""
        kind = ' class="good"' if good else ""
        body = "<br>".join(escape(line) for line in lines)
        self.said.value = f'<div role="status"><p{kind}>{body}</p></div>' if lines else ""

    def safely(self, act: Callable[[], None]) -> Callable[[], None]:
        """Return an action that shows its error instead of raising it."""

        def acted() -> None:
            try:
                act()
            except PkikitError as error:
                self.say(f"✘ {error}")

        return acted


def row(*controls: widgets.Widget) -> widgets.HBox:
    """Return controls side by side, which wrap on narrow pages."""
    return widgets.HBox(list(controls), layout={"flex_flow": "row wrap"})
