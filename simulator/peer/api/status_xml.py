"""The status as XML: `/status.xml`, of which the lab has the name and the version.

Source: the elements that the public client py_expressway reads.
"""

from __future__ import annotations

from xml.etree import ElementTree

from aiohttp import web

from simulator.peer.api.calls import PY_EXPRESSWAY, Call
from simulator.peer.pages.rendering import PEER

NAMESPACE = "http://www.tandberg.no/XML/CUIL/1.0"


async def _status(request: web.Request) -> web.Response:
    peer = request.app[PEER]
    status = ElementTree.Element("Status", {"xmlns": NAMESPACE})
    unit = _item(status, "SystemUnit")
    _item(unit, "Name", peer.fqdn)
    _item(_item(unit, "Software"), "Version", peer.lab.deployment.version)
    text = ElementTree.tostring(status, encoding="utf-8", xml_declaration=True)
    return web.Response(body=text, content_type="text/xml", charset="utf-8")


def _item(parent: ElementTree.Element, name: str, text: str | None = None) -> ElementTree.Element:
    made = ElementTree.SubElement(parent, name, {"item": "1"})
    made.text = text
    return made


STATUS_XML = Call(
    method="GET",
    path="/status.xml",
    handler=_status,
    gives="text/xml",
    source=PY_EXPRESSWAY,
    summary="The status as XML.",
    uncertain="of the product's elements the lab has name and version",
)
