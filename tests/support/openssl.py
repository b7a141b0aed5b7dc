"""A small CA made with the plain `openssl` command, as an operator would (guide, appendix 2)."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.support.wait import LONG

EXTENSIONS = """[leaf]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature,keyEncipherment
extendedKeyUsage = {eku}
subjectAltName = {san}
[ca]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
"""


def openssl(*arguments: str, cwd: Path, check: bool = True, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run openssl; its words are in the error when it fails."""
    done = subprocess.run(["openssl", *arguments], cwd=cwd, capture_output=True, text=True, input=stdin, timeout=LONG)
    assert not check or done.returncode == 0, f"openssl {' '.join(arguments)}: {done.stderr}"
    return done


class OpensslCa:
    """Root and intermediate in a folder of their own."""

    def __init__(self, folder: Path, name: str) -> None:
        folder.mkdir(parents=True)
        self.folder, self.name = folder, name
        (folder / "ca.cnf").write_text(EXTENSIONS.format(eku="serverAuth", san="DNS:unused.example.com"))
        subject = f"/O={name}/CN={name} Root CA"
        openssl(
            *("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "root.key", "-out", "root.pem"),
            *("-days", "3650", "-subj", subject, "-addext", "keyUsage=critical,keyCertSign,cRLSign"),
            cwd=folder,
        )
        self._sign("intermediate", f"/O={name}/CN={name} Intermediate CA", "root", "ca.cnf", "ca", ["-days", "1800"])

    def _sign(self, out: str, subject: str, by: str, config: str, section: str, dates: Sequence[str]) -> None:
        openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{out}.key", "-out", f"{out}.csr",
                "-subj", subject, cwd=self.folder)  # fmt: skip
        openssl("x509", "-req", "-in", f"{out}.csr", "-CA", f"{by}.pem", "-CAkey", f"{by}.key", "-CAcreateserial",
                "-out", f"{out}.pem", "-extfile", config, "-extensions", section, *dates, cwd=self.folder)  # fmt: skip

    def leaf(
        self, target: Path, common_name: str, sans: Sequence[str], *, eku: str = "serverAuth,clientAuth",
        days: int = 365, begins: str = "", ends: str = "", send_intermediate: bool = True, digest: str = "sha256",
    ) -> None:  # fmt: skip
        """cert.pem and key.pem in `target`. With `begins`/`ends` (YYYYMMDDHHMMSSZ), `openssl ca` signs, which can set them."""
        target.mkdir(parents=True, exist_ok=True)
        config = self.folder / "leaf.cnf"
        config.write_text(EXTENSIONS.format(eku=eku, san=",".join(f"DNS:{s}" for s in sans)))
        if begins:
            self._sign_with_dates(common_name, begins, ends)
        else:
            self._sign(
                "leaf", f"/CN={common_name}", "intermediate", "leaf.cnf", "leaf", ["-days", str(days), f"-{digest}"]
            )
        pem = (self.folder / "leaf.pem").read_text()
        behind = (self.folder / "intermediate.pem").read_text() if send_intermediate else ""
        (target / "cert.pem").write_text(pem + behind)
        (target / "key.pem").write_text((self.folder / "leaf.key").read_text())
        (target / "key.pem").chmod(0o600)

    def _sign_with_dates(self, common_name: str, begins: str, ends: str) -> None:
        database = "[db]\ndatabase = index.txt\nserial = serial\nnew_certs_dir = .\ndefault_md = sha256\npolicy = any\n"
        database += "unique_subject = no\n[any]\ncommonName = supplied\n"
        text = (self.folder / "leaf.cnf").read_text()
        (self.folder / "db.cnf").write_text(database + text)
        (self.folder / "index.txt").write_text("")
        (self.folder / "serial").write_text("1000\n")
        openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", "leaf.key", "-out", "leaf.csr",
                "-subj", f"/CN={common_name}", cwd=self.folder)  # fmt: skip
        openssl("ca", "-batch", "-notext", "-config", "db.cnf", "-name", "db", "-in", "leaf.csr", "-out", "leaf.pem",
                "-cert", "intermediate.pem", "-keyfile", "intermediate.key", "-extensions", "leaf",
                "-startdate", begins, "-enddate", ends, cwd=self.folder)  # fmt: skip

    @property
    def root(self) -> str:
        return (self.folder / "root.pem").read_text()

    @property
    def intermediate(self) -> str:
        return (self.folder / "intermediate.pem").read_text()
