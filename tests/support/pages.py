"""A peer's pages as tests read them: a logged-in administrator, banners, table cells."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape

from cryptography.hazmat.primitives.serialization import Encoding

from simulator.threaded import ThreadedLab
from tests.support.web_client import FormClient


class Pages(FormClient):
    """A logged-in administrator, who sends forms and follows redirects."""

    def __init__(self, lab: ThreadedLab, peer: str, user: str = "admin") -> None:
        super().__init__(lab, peer)
        self.ask("POST", "/login", {"user": user, "password": lab.passwords[user]})

    def get(self, path: str) -> str:
        status, text, _ = self.ask("GET", path)
        assert status == 200, (path, status)
        return unescape(text)

    def send(self, path: str, form: dict[str, str] | None = None) -> tuple[int, str]:
        """(status, page), the page after the redirect if there is one."""
        token = re.findall(r'name="csrf" value="([^"]+)"', self.get("/overview"))[0]
        status, text, headers = self.ask("POST", path, {"csrf": token, **(form or {})})
        return (status, self.get(headers["Location"])) if status == 303 else (status, unescape(text))


def banners(page: str) -> list[tuple[str, str]]:
    """(tone, text) of each banner."""
    found = re.findall(r'<div class="banner (\w+)"[^>]*>(.*?)</div>', page, re.DOTALL)
    return [(tone, " ".join(re.sub(r"<[^>]+>", " ", text).split())) for tone, text in found]


def cells(page: str) -> list[list[str]]:
    rows = re.findall(r"<tr>(.*?)</tr>", page, re.DOTALL)
    return [
        [re.sub(r"<[^>]+>", "", c).strip() for c in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", r, re.DOTALL)]
        for r in rows
    ]


@contextmanager
def trusting_nobody(lab: ThreadedLab, *peers: str) -> Iterator[None]:
    """The trusted CA lists of these peers hold the temporary CA alone until the block ends."""
    lists = {peer: lab.peers[peer].state.trusted_ca_list for peer in peers}
    for peer in peers:
        lab.run(lab.peers[peer].reset_trust)
    yield
    for peer, certificates in lists.items():
        lab.run(_restore, lab, peer, b"".join(c.public_bytes(Encoding.PEM) for c in certificates))


async def _restore(lab: ThreadedLab, peer: str, pem: bytes) -> None:
    await lab.peers[peer].trust(pem, append=False)
