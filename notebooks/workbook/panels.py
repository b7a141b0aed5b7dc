"""ipywidgets: inputs bound to one pure function and one renderer. A widget here holds nothing worth testing."""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets

from workbook.designs import FORMATS, MODELS, Choices, design, design_html

_WIDE = widgets.Layout(width="34em")
_STYLE = {"description_width": "14em"}


def san_designer(choices: Choices | None = None) -> widgets.VBox:
    """The SAN designer: pick model, names and features, and see every name with its reason."""
    first = choices or Choices()
    inputs: dict[str, Any] = {
        "model": widgets.Dropdown(options=MODELS, value=first.model, description="Deployment model"),
        "peers": widgets.BoundedIntText(value=first.peers, min=1, max=6, description="Peers per cluster"),
        "core_fqdn": widgets.Text(value=first.core_fqdn, description="Expressway-C FQDN"),
        "edge_fqdn": widgets.Text(value=first.edge_fqdn, description="Expressway-E FQDN"),
        "registration_domains": widgets.Text(value=first.registration_domains, description="Registration domains"),
        "registration_format": widgets.Dropdown(
            options=FORMATS, value=first.registration_format, description="Domain format"
        ),
        "mra": widgets.Checkbox(value=first.mra, description="Mobile and Remote Access"),
        "federation": widgets.Checkbox(value=first.federation, description="XMPP federation"),
        "group_chat": widgets.Checkbox(value=first.group_chat, description="Federated group chat"),
        "secure_profiles": widgets.Checkbox(value=first.secure_profiles, description="Encrypted phone profiles"),
    }
    for control in inputs.values():
        control.layout, control.style = _WIDE, _STYLE
    result = widgets.HTML()

    def update(_: object = None) -> None:
        result.value = design_html(design(Choices(**{name: control.value for name, control in inputs.items()})))

    for control in inputs.values():
        control.observe(update, names="value")
    update()
    return widgets.VBox([*inputs.values(), result])
