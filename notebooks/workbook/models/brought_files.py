"""What a person brings: read from files, put together, written as a folder of this workspace, judged, opened as a lab."""

from __future__ import annotations

import contextlib
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from functools import cached_property
from html import escape
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from pkikit.anonymise.anonymiser import anonymise, write_case
from pkikit.anonymise.brought_archive import opened
from pkikit.api.reports import build_report
from pkikit.errors import InputError
from pkikit.files import free_path
from pkikit.files.deployment_folder import DEPLOYMENT
from pkikit.intake.assembly import Assembly, Contradiction, Fact, Missing, Origin, Question, assemble
from pkikit.intake.assembly.output import certificate_files, folder_files, require_free, write_folder
from pkikit.intake.material import Material
from pkikit.intake.reading import read_material
from pkikit.issue.lookalike.rekeyed_folder import rekeyed_files
from pkikit.model.deployment import Deployment
from pkikit.text import counted, listed, printable
from simulator.clinic.case_file import CASE
from simulator.clock import Clock
from workbook.models.report_page import ReportPage
from workbook.plainly import tell_plainly
from workbook.session import LabSession, open_lab

IMPORTS = "imports"
_ODD = re.compile(r"[^A-Za-z0-9._-]+")
_KEYED = "with-keys-of-the-lab"


class Brought:
    """What was read, with the answers of a person. It changes nothing on disk until `make`, `report` or `open_lab`.

    material: what the readers found. answers: by key. place: the folder for the folders that it makes.
    planned: files of a change that is not done yet, by path below the folder of certificates.
    """

    def __init__(
        self,
        material: Material,
        answers: Mapping[str, str] | None = None,
        place: Path | None = None,
        planned: Mapping[str, bytes] | None = None,
    ) -> None:
        self.material, self.answers = material, dict(answers or {})
        self.place = place or Path.cwd() / IMPORTS
        self.planned = dict(planned or {})
        self.assembly: Assembly = assemble(material, self.answers)

    def with_answers(self, answers: Mapping[str, str]) -> Brought:
        """Return the same with further answers; an empty answer takes an earlier one back.

        Args:
            answers: by key, as `pkikit import --answer` takes them.

        Returns:
            A new value.

        Raises:
            InputError: an answer is not allowed.
        """
        wanted = {key: str(value).strip() for key, value in {**self.answers, **answers}.items()}
        return Brought(self.material, {key: value for key, value in wanted.items() if value}, self.place, self.planned)

    # What is known.

    @property
    def open_questions(self) -> tuple[Question, ...]:
        """What has to be answered first."""
        return self.assembly.questions

    @property
    def assumptions(self) -> tuple[Fact, ...]:
        """What no file states."""
        return self.assembly.of(Origin.ASSUMED)

    @property
    def contradictions(self) -> tuple[Contradiction, ...]:
        """What cannot both be right."""
        return self.assembly.contradictions

    @property
    def missing(self) -> tuple[Missing, ...]:
        """What would make the copy more complete."""
        return self.assembly.missing

    @cached_property
    def found(self) -> tuple[tuple[str, str, str], ...]:
        """(file, what is in it, what of it was not used) for each file that was brought."""
        files: dict[str, list[tuple[str, str]]] = {}
        for file in self.assembly.files:
            files.setdefault(Path(file.source.file).name, []).append((file.kind, file.refused))
        return tuple(
            (
                name,
                listed(list(dict.fromkeys(kind for kind, refused in parts if not refused))),
                listed(list(dict.fromkeys(f"{kind}: {refused}" for kind, refused in parts if refused)), at_most=3),
            )
            for name, parts in files.items()
        )

    @property
    def said(self) -> str:
        """What was brought, in a sentence or two."""
        made, secrets = self.assembly.deployment, self.assembly.secrets
        files = counted(len(self.found), "file")
        dropped = f" {counted(secrets, 'password')} {'was' if secrets == 1 else 'were'} dropped." if secrets else ""
        if made is None:
            asked = len(self.open_questions)
            return f"Read {files}.{dropped} {counted(asked, 'question')} {'is' if asked == 1 else 'are'} open."
        having = len({file.machine for file in self.assembly.placed if file.name == "cert.pem"})
        machines = counted(len(made.parties), "machine")
        return f"Read {files}: {machines} of version {made.version}, {having} with certificates.{dropped}"

    def __repr__(self) -> str:
        return self.said

    def _repr_html_(self) -> str:
        return f"<p>{escape(self.said)}</p>"

    # A change that is planned.

    def appending(self, certificates: Sequence[x509.Certificate], *machines: str) -> Brought:
        """Return a plan: the same with CA certificates appended to trusted CA lists.

        Args:
            certificates: the CA certificates.
            *machines: whose lists, by FQDN.

        Returns:
            A new value; nothing that was brought changes.

        Raises:
            InputError: no file has the list of a machine.
        """
        files, planned = self._certificates(), dict(self.planned)
        for machine in machines:
            path = f"{machine}/trust.pem"
            if path not in files:
                raise InputError(f"no file has the trusted CA list of {printable(machine)}")
            planned[path] = files[path] + _pem(certificates)
        return Brought(self.material, self.answers, self.place, planned)

    def presenting(self, certificates: Sequence[x509.Certificate], machine: str) -> Brought:
        """Return a plan: the same with another server certificate on one machine.

        Args:
            certificates: the certificate, then its intermediates.
            machine: its FQDN.

        Returns:
            A new value; nothing that was brought changes.

        Raises:
            InputError: there is no such machine.
        """
        if machine not in self._require_deployment().parties:
            raise InputError(f"there is no machine {printable(machine)} in this deployment")
        return Brought(
            self.material, self.answers, self.place, {**self.planned, f"{machine}/cert.pem": _pem(certificates)}
        )

    def _certificates(self) -> dict[str, bytes]:
        return {**certificate_files(self.assembly), **self.planned}

    # What is made of it.

    @property
    def folder(self) -> Path:
        """The folder of the import, whether or not it is there yet."""
        made = self._require_deployment()
        plan = "-plan" if self.planned else ""
        return self.place / ((_ODD.sub("-", made.name).strip("-.")[:80] or "imported") + plan)

    def make(self, *, rekey: bool = False) -> Path:
        """Write the folder of the import, which only you can read.

        Args:
            rekey: issue the certificates again with keys of the lab, into a folder beside it.

        Returns:
            The folder: `deployment.yaml`, `certificates`, `import.md`, `import.json`.

        Raises:
            InputError: a question is open, or something else is in this place.
        """
        self._require_deployment()
        certificates = self._certificates()
        target = self.folder
        if rekey:
            target = self.place / f"{target.name}-{_KEYED}"
            certificates = dict(rekeyed_files(certificates).files)
        self.place.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_folder(target, folder_files(self.assembly, certificates, rekeyed=rekey))
        target.chmod(0o700)
        return target

    @property
    def folders(self) -> tuple[Path, ...]:
        """The folders of this import that are there."""
        if self.assembly.deployment is None:
            return ()
        both = (self.folder, self.place / f"{self.folder.name}-{_KEYED}")
        return tuple(folder for folder in both if folder.is_dir())

    def delete(self) -> tuple[Path, ...]:
        """Delete the folders of this import, with everything in them.

        Returns:
            The folders that are gone.

        Raises:
            InputError: a folder has something else in it, or it cannot be deleted.
        """
        gone = self.folders
        for folder in gone:
            require_free(folder)  # is it an import?
            try:
                shutil.rmtree(folder)
            except OSError as error:
                raise InputError(f"cannot be deleted: {error.strerror or error}", where=str(folder)) from None
        with contextlib.suppress(OSError):
            self.place.rmdir()  # only if nothing else is in it
        return gone

    def report(self, at: str | None = None) -> ReportPage:
        """Make the folder, judge every connection from its files, and write the report into it.

        Args:
            at: the time to judge for, ISO 8601 with zone; now by default.

        Returns:
            The report, as a page that a notebook shows.

        Raises:
            InputError: a question is open, or the folder cannot be written.
        """
        folder = self.make()
        made = build_report(folder, at=at)
        made.save(html=folder / "report.html", md=folder / "report.md", ics=folder / "dates.ics")
        return ReportPage(made, folder)

    def open_lab(self, *, rekey: bool = False) -> LabSession:
        """Start a lab of what was brought; the lab that was open in this kernel is closed.

        Args:
            rekey: with certificates that look the same and have keys of the lab, so that every connection is dialled.
                Without, connections are judged where there is no key.

        Returns:
            The running lab.

        Raises:
            InputError: a question is open, or the folder cannot be written.
        """
        folder = self.make(rekey=rekey)
        certificates = folder / "certificates"
        return open_lab(str(folder / "deployment.yaml"), certs=certificates if certificates.is_dir() else None)

    def anonymise(self, seed: int = 1) -> Path:
        """Make a case to share: the same structure and the same failures, under other names and with other keys.

        Args:
            seed: the same seed gives the same bytes; another one gives other names.

        Returns:
            The zip archive of the case, for `clinic_console(file=…)` and `expressway-sim clinic FILE`.

        Raises:
            InputError: a question is open, or the case cannot be written.
        """
        source = self.make()
        out = self.place / f"{source.name}-case-{seed}"
        if (out / CASE).is_file() or (out / DEPLOYMENT).is_file():
            shutil.rmtree(out)  # the same seed, made before
        with tempfile.TemporaryDirectory() as place:
            made = anonymise(opened([source], None, Path(place)), seed, Clock().now())
        return write_case(free_path(out), made)

    def _require_deployment(self) -> Deployment:
        made = self.assembly.deployment
        if made is None:
            keys = listed([question.key for question in self.open_questions], at_most=6)
            raise InputError(f"answer first what no file has: {keys}")
        return made


def bring(
    files: str | Path | Sequence[str | Path],
    answers: Mapping[str, str] | None = None,
    *,
    place: str | Path | None = None,
) -> Brought:
    """Read the files that operators have, and put them together.

    Args:
        files: a folder, a file, or several: diagnostic archives, dumps, terminal captures, certificates, Unified CM output.
        answers: what no file has, by key.
        place: the folder for the folders that are made; by default `imports` in the folder of the notebook.

    Returns:
        What was read: `report()`, `open_lab(rekey=True)`, `open_questions`.

    Raises:
        InputError: a file cannot be used, or an answer is not allowed.
    """
    tell_plainly()
    given = [files] if isinstance(files, str | Path) else list(files)
    if not given:
        raise InputError("there is no file: name the diagnostic archives of the Expressway peers")
    if not all(isinstance(file, str | Path) for file in given):
        raise InputError("write the names of files or folders")
    paths = [Path(file).expanduser() for file in given]
    return Brought(read_material(paths), answers, Path(place) if place is not None else None)


def _pem(certificates: Sequence[x509.Certificate]) -> bytes:
    return b"".join(certificate.public_bytes(Encoding.PEM) for certificate in certificates)
