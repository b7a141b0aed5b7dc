"""Maintenance > Diagnostics > Diagnostic logging: start a log, add markers, stop, collect and download the archive.

Source: administrator guide X15.5, 'Configuring Diagnostic Logging'.
"""

from __future__ import annotations

from aiohttp import web

from pkikit.errors import InputError
from pkikit.values.numbers import whole_number
from simulator.peer.diagnostic_tool import LAST_PORT, CaptureFilter
from simulator.peer.pages.actions import Handler
from simulator.peer.pages.banners import Banner
from simulator.peer.pages.rendering import PEER, redirect, render
from simulator.web.web_input import text_fields

PAGE = "/loggingsnapshot"


async def _page(request: web.Request) -> web.Response:
    peer = request.app[PEER]
    return render(request, "loggingsnapshot.html", progress=peer.lab.diagnostics.progress(peer.fqdn))


async def _start(request: web.Request) -> web.Response:
    form, peer = await text_fields(request), request.app[PEER]
    port = form.get("port", "").strip()
    number = whole_number(port, most=LAST_PORT) if port else 0
    if number is None:
        raise InputError(f"the port of the filter is a number from 1 to {LAST_PORT}")
    only = CaptureFilter(address=form.get("address", "")[:253], port=number)
    peer.lab.diagnostics.start(peer.fqdn, tcpdump=form.get("tcpdump") == "on", only=only)
    redirect(request, PAGE, Banner(text="Diagnostic logging has started, on every peer of the cluster."))


async def _mark(request: web.Request) -> web.Response:
    peer = request.app[PEER]
    peer.lab.diagnostics.mark(peer.fqdn, (await text_fields(request)).get("marker", ""))
    redirect(request, PAGE, Banner(text="The marker is in the log of this peer."))


async def _stop(request: web.Request) -> web.Response:
    peer = request.app[PEER]
    peer.lab.diagnostics.stop(peer.fqdn)
    redirect(request, PAGE, Banner(text="Diagnostic logging has stopped, on every peer of the cluster."))


async def _collect(request: web.Request) -> web.Response:
    peer = request.app[PEER]
    name = await peer.lab.diagnostics.collect(peer.fqdn)
    redirect(request, PAGE, Banner(text=f"Collected: {name}"))


async def _download(request: web.Request) -> web.Response:
    peer = request.app[PEER]
    name, content = peer.lab.diagnostics.download(peer.fqdn)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return web.Response(body=content, content_type="application/gzip", headers=headers)


GET: tuple[tuple[str, Handler], ...] = ((PAGE, _page), (f"{PAGE}/download", _download))
POST: tuple[tuple[str, Handler], ...] = (
    (f"{PAGE}/start", _start), (f"{PAGE}/marker", _mark), (f"{PAGE}/stop", _stop), (f"{PAGE}/collect", _collect),
)  # fmt: skip
