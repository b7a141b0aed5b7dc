"""The panels for design and requests: inputs bound to one pure function and one renderer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ipywidgets as widgets

from pkikit.design.csr import CsrForm
from pkikit.errors import InputError
from pkikit.files import parse
from pkikit.text import counted
from pkikit.values.names import printable
from pkikit.view.description import describe_contents
from workbook.html import PanelOutput, alert, table
from workbook.models.csr_page import CLUSTER_NAMES, RequestForm, preview, preview_key, render_preview
from workbook.models.designs import FORMATS, MODELS, Choices, design, render_design
from workbook.panels.base import Panel, choice, switch, text, with_label
from workbook.session import LabSession

MAX_UPLOAD = 2 * 1024 * 1024


def san_designer(choices: Choices | None = None) -> Panel:
    """The SAN designer: pick model, names and features, and see every name with its reason."""
    first = choices or Choices()
    inputs = {
        "model": choice("Deployment model", MODELS, first.model),
        "peers": with_label(widgets.IntText, "Peers per cluster", value=first.peers),
        "core_fqdn": text("Expressway-C FQDN", first.core_fqdn),
        "edge_fqdn": text("Expressway-E FQDN", first.edge_fqdn),
        "registration_domains": text("Registration domains", first.registration_domains),
        "registration_format": choice("Domain format", FORMATS, first.registration_format),
        "mra": switch("Mobile and Remote Access", value=first.mra),
        "federation": switch("XMPP federation", value=first.federation),
        "group_chat": switch("Federated group chat", value=first.group_chat),
        "secure_profiles": switch("Encrypted phone profiles", value=first.secure_profiles),
    }
    return Panel("SAN designer", inputs, lambda **values: render_design(design(Choices(**values))))


def csr_form(session: LabSession, peer: str) -> Panel:
    """The Generate CSR page of a peer: what the request will contain and what the linter objects to, before it is made."""
    form = CsrForm.of(session.deployment.product_version)
    inputs = {
        "cluster_names": choice("Names of the cluster", CLUSTER_NAMES, CLUSTER_NAMES[1]),
        "registration_domains": text("Registration domains", ", ".join(session.deployment.domains.registration)),
        "registration_format": choice("Domain format", FORMATS),
        "chat_aliases": text("Chat node aliases", ", ".join(session.deployment.chat_aliases)),
        "added": text("Additional names"),
        "key_size": choice("Key length", form.key_sizes, 2048),
        "digest": choice("Digest algorithm", form.digests, form.default_digest),
        "country": text("Country (two letters)", "GB"),
        "state": text("State", "Surrey"),
        "locality": text("Locality", "Guildford"),
        "organisation": text("Organisation", "Example"),
        "unit": text("Organisational unit", "Voice"),
    }

    def show(**values: Any) -> PanelOutput:
        return render_preview(preview(session.deployment, peer, RequestForm(**values), preview_key()))

    def generate(**values: Any) -> str:
        chosen = RequestForm(**values)
        made = preview(session.deployment, peer, chosen, preview_key())
        state = session.threaded.run(lambda: session.peer(peer).generate(
            layout=made.layout, fields=chosen.fields(), digest=chosen.digest, key_size=chosen.key_size))  # fmt: skip
        assert state.request is not None  # just generated
        return f"{peer} has a signing request for {len(made.layout.dns_names)} names; its key stays on the peer"

    def discard(**_: Any) -> str:
        session.threaded.run(session.peer(peer).discard)
        return "The request is discarded, and its key with it."

    buttons = {"Generate CSR": generate, "Discard CSR": discard}
    return Panel(f"Generate CSR on {peer}", inputs, show, buttons=buttons)


def file_inspector(session: LabSession | None = None) -> Panel:
    """Load any file, or paste a text, and read what is in it. Nothing is kept, nothing leaves this machine."""
    inputs = {
        "files": widgets.FileUpload(description="Choose a file", multiple=False, layout={"width": "16em"}),
        "pasted": with_label(widgets.Textarea, "Or paste it here", rows=6, continuous_update=False),
    }

    def show(files: Any, pasted: str) -> PanelOutput:
        chosen = files[0] if files else None
        data = bytes(chosen["content"]) if chosen else pasted.encode()
        where = printable(str(chosen["name"])) if chosen else "what was pasted"
        return inspect_file(data, where, session)

    return Panel("What is in this file?", inputs, show)


def inspect_file(data: bytes, where: str, session: LabSession | None = None) -> PanelOutput:
    """Show the objects of a file, each as a table; bounded and escaped; one sentence if there is none."""
    if not data.strip():
        return PanelOutput(html="<p>Nothing is loaded yet.</p>", text="Nothing is loaded yet.")
    if len(data) > MAX_UPLOAD:
        return alert(f"{where} has {len(data):,} bytes; at most {MAX_UPLOAD:,} are read")
    try:
        contents = parse(data, where=where)
    except InputError as error:
        return alert(str(error))
    if session is not None:
        at = session.at
    else:
        from simulator.clock import Clock

        at = Clock().now()
    found = describe_contents(contents, at)
    form = f"{where}: {contents.form.upper()}, {counted(len(found), 'object')}"
    notes = [f"Note: {note}" for note in contents.notes]
    pieces, words = [table(("file", ""), [(form, "; ".join(notes))])], [form, *notes]
    for facts in found[:20]:
        rows = [(key.replace("_", " "), _flat(value)) for key, value in facts.items()]
        pieces.append(table(("", str(facts.get("kind", "object"))), rows))
        words += [f"  {key}: {value}" for key, value in rows]
    return PanelOutput(html="".join(pieces), text="\n".join(words))


def _flat(value: object) -> str:
    if isinstance(value, Mapping):
        return "; ".join(f"{k}: {_flat(v)}" for k, v in value.items() if v)
    if isinstance(value, list | tuple):
        shown = [_flat(v) for v in value[:50]]
        return ", ".join(shown) + (f" … and {len(value) - 50} more" if len(value) > 50 else "")
    return printable(str(value))[:2000]
