"""The description of the REST API in RAML 0.8, made from the table of calls: which are documented, and which are ours."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import yaml

from pkikit.model.tables.features import CSRF_HEADER, CSRF_PROTECTION, CSRF_PROTECTION_ON
from pkikit.model.version import ProductVersion
from simulator.peer.api.answers import LAB
from simulator.peer.api.calls import JSON, MULTIPART, Call
from simulator.peer.api.uploads import PART
from simulator.peer.pages.bodies import Body

RAML_TYPE = "application/raml+yaml"
_BASE = "/api"


def describe_calls(calls: Iterable[tuple[str, Call]], *, fqdn: str, version: ProductVersion) -> str:
    """Return the description of these calls, each with its whole path, as this peer and its version have them."""
    resources: dict[str, dict[str, Any]] = {}
    for path, call in calls:
        if not call.is_documented or version.has(call.feature):
            resources.setdefault(path.removeprefix(_BASE), {})[call.method.lower()] = _method(call, version)
    document = {
        "title": f"REST API of {fqdn}, an Expressway of the certificate lab",
        "version": str(version),
        "baseUri": f"https://{fqdn}{_BASE}",
        "protocols": ["HTTPS"],
        "mediaType": JSON,
        "securitySchemes": [{"basic": {"type": "Basic Authentication"}}],
        "securedBy": ["basic"],
        "documentation": [
            {"title": "Documented or ours", "content": _ABOUT},
            {"title": "X-CSRF-Header", "content": _about_header(version)},
        ],
        **resources,
    }
    return "#%RAML 0.8\n---\n" + yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120)


_ABOUT = (
    "A description that begins with Documented names the document or the public client that has the call. What follows "
    "Uncertain is inferred or ours. A call that begins with Inferred has a documented path, and a method that no document "
    "names. A call that begins with Ours exists only in this lab. No document has calls for the "
    f"client certificate of X15.5, for CRLs or for a revocation; the lab's are below {LAB}. X14.0.1 brought calls for alarms; "
    f"their paths are not public, so the lab's alarms are at {LAB}/alarms."
)


def _about_header(version: ProductVersion) -> str:
    wants = "want the header, with any value" if version.has(CSRF_HEADER) else "want no header (from X14.2 on they do)"
    text = f"In {version} the POST calls that say so {wants}."
    if version.has(CSRF_PROTECTION):
        default = "Enabled" if version.has(CSRF_PROTECTION_ON) else "Disabled"
        text += (
            f" `xConfiguration Security CSRFProtection Status` is {default} by default. It concerns CDB REST, XMLPut and SOAP, "
            "which the lab does not have. The guide of X15.0 says Disabled; the change history of X15.2 corrects that to Enabled."
        )
    return text


def _method(call: Call, version: ProductVersion) -> dict[str, Any]:
    made: dict[str, Any] = {"description": _description(call)}
    if call.wants_header and version.has(CSRF_HEADER):
        made["headers"] = {"X-CSRF-Header": {"type": "string", "required": True, "description": "Any value."}}
    if call.body == PART:
        made["body"] = {MULTIPART: {"formParameters": {PART: {"type": "file", "required": True}}}}
    elif not isinstance(call.body, str) and call.body.model_fields:
        made["body"] = {JSON: {"schema": _schema(call.body)}}
    status = 200 if call.handler is not None else 501
    made["responses"] = {status: {"body": {call.gives if call.handler is not None else JSON: None}}}
    return made


def _schema(body: type[Body]) -> str:
    """Return the JSON schema, draft 4, which is what the product's description uses."""
    schema = body.model_json_schema()
    for member in schema.get("properties", {}).values():
        member.pop("title", None)
    return json.dumps({"$schema": "http://json-schema.org/draft-04/schema#", **schema}, indent=1)


def _description(call: Call) -> str:
    if not call.is_documented:
        where = f" Moved to {call.moved_to}; this address answers for one more release." if call.moved_to else ""
        return f"Ours: {call.summary}{where}"
    word = "Inferred, uncertain" if call.is_inferred else "Documented"
    parts = [f"{word}: {call.summary}", f"Source: {call.source}."]
    if call.handler is None:
        parts.append("The lab does not simulate it.")
    if call.uncertain:
        parts.append(f"Uncertain: {call.uncertain}.")
    return " ".join(parts)
