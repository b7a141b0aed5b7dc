"""Parts of the ticket desk that ipywidgets does not have: the queue, a list with search, the tools, the clock."""

from __future__ import annotations

import anywidget
import traitlets

from workbook.desk import script


class Queue(anywidget.AnyWidget):
    """The tickets as a table that the browser sorts and filters. `asked` counts; `chosen` is the ticket to open.

    trainer: with topics. ordered: show them in the order given, as for a class. busy: none can be opened now.
    """

    _esm = script.QUEUE
    _css = script.STYLE
    tickets = traitlets.List(traitlets.Dict()).tag(sync=True)
    trainer = traitlets.Bool(default_value=False).tag(sync=True)
    ordered = traitlets.Bool(default_value=False).tag(sync=True)
    busy = traitlets.Bool(default_value=False).tag(sync=True)
    chosen = traitlets.Unicode("").tag(sync=True)
    asked = traitlets.Int(0).tag(sync=True)


class Chooser(anywidget.AnyWidget):
    """One of many options under headings, with a search over labels and further words. Long labels wrap.

    groups: [{title, options: [{value, label, words}]}]. description: of the list; search: label of the search field.
    """

    _esm = script.CHOOSER
    groups = traitlets.List(traitlets.Dict()).tag(sync=True)
    value = traitlets.Unicode("").tag(sync=True)
    description = traitlets.Unicode("").tag(sync=True)
    search = traitlets.Unicode("Search").tag(sync=True)


class Tools(anywidget.AnyWidget):
    """Buttons of which one is pressed; `pressed` counts, so that pressing it again looks again. options: [[value, label]]."""

    _esm = script.TOOLS
    options = traitlets.List(traitlets.List(traitlets.Unicode())).tag(sync=True)
    value = traitlets.Unicode("").tag(sync=True)
    pressed = traitlets.Int(0).tag(sync=True)
    description = traitlets.Unicode("").tag(sync=True)


class Clock(anywidget.AnyWidget):
    """How long a ticket is open. elapsed: seconds when this was made; target: minutes."""

    _esm = script.CLOCK
    elapsed = traitlets.Int(0).tag(sync=True)
    target = traitlets.Int(0).tag(sync=True)
    running = traitlets.Bool(default_value=True).tag(sync=True)
