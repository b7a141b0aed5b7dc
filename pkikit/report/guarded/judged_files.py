"""Judge the files of a repository, each as what it is."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from pkikit.ci_results.file_results import JudgedFile, case_path
from pkikit.errors import InputError, PkikitError
from pkikit.expectations.house.house_file import HouseRules
from pkikit.files import read_certificates, read_file
from pkikit.files.deployment_folder import CLIENT, DOMAIN_FILES, TRUST, certificates_of, is_yaml
from pkikit.judge.questions import CertificateUse
from pkikit.model.findings import Evidence, Verdict, merge_verdicts
from pkikit.report.file_lint import (
    Kind,
    LintQuestion,
    layout_of,
    lint_file,
    lint_question,
    lint_whole_deployment,
    merge_lint,
    services_in,
)
from pkikit.report.guarded.file_kinds import (
    Question,
    beginning_of,
    is_certificate,
    is_deployment,
    is_of_machine,
    key_in,
)
from pkikit.report.guarded.machine_places import Deployments, MachinePlace
from pkikit.rules.file_rules import KEY_IN_REPOSITORY
from pkikit.text import printable


@dataclass(frozen=True, kw_only=True)
class Guard:
    """What is asked about files.

    Attributes:
        at: the time judged.
        questions: what is asked.
        deployments: where the deployments of the files come from.
        version: the product version for files that belong to no deployment.
        rules: rules of the house, asked as well.
    """

    at: datetime
    questions: Collection[Question]
    deployments: Deployments
    version: str | None = None
    rules: HouseRules | None = None

    def judge(self, files: Iterable[Path]) -> Iterator[JudgedFile]:
        """Judge files; those about which nothing is asked are left out.

        Args:
            files: the files; with a deployment file, the files of its machines are judged as well.

        Yields:
            One judgement for each file.
        """
        seen: set[Path] = set()
        for path in files:
            for file in (path, *self._with(path)):
                key = file.resolve()
                if key not in seen:
                    seen.add(key)
                    if (found := self._judge(file)) is not None:
                        yield found

    def _with(self, path: Path) -> tuple[Path, ...]:
        """Return the files that may be wrong because this one has changed."""
        if Question.NAMES not in self.questions:
            return ()
        if is_yaml(path) and _is_deployment(path):
            return self.deployments.files_of(path)
        if path.name == TRUST:
            return tuple(p for p in sorted(path.parent.glob("cert.pem")) if p.is_file())
        return ()

    def _judge(self, path: Path) -> JudgedFile | None:
        try:
            data = beginning_of(path)
        except PkikitError as error:
            return JudgedFile(path=path, error=_said(error))
        verdicts: list[Verdict] = []
        if Question.KEYS in self.questions:
            verdicts.append(lint_repository_key(path, data))
            if verdicts[0].errors:
                return JudgedFile(path=path, verdict=verdicts[0])
        try:
            if Question.DEPLOYMENTS in self.questions and is_deployment(path, data):
                deployment, beside = self.deployments.read(path), certificates_of(path, path)
                verdicts += lint_whole_deployment(deployment, at=self.at, rules=self.rules, certificates=beside)
            elif data.strip() and is_certificate(path):
                if is_of_machine(path) and Question.NAMES in self.questions:
                    return self._of_machine(path, verdicts)
                if Question.CERTIFICATES in self.questions:
                    verdicts += self._alone(path)
        except PkikitError as error:
            return JudgedFile(path=path, error=_said(error))
        return JudgedFile(path=path, verdict=merge_lint(verdicts)) if verdicts else None

    def _alone(self, path: Path) -> list[Verdict]:
        """Judge a file that belongs to no machine; one without a certificate or request is none of ours."""
        contents = read_file(path, keep_encrypted=True)
        if not contents.certificates and not contents.requests:
            return []
        kind = Kind.TRUST_LIST if path.name == TRUST else None
        return lint_file(contents, lint_question(at=self.at, kind=kind, version=self.version, rules=self.rules))

    def _of_machine(self, path: Path, before: list[Verdict]) -> JudgedFile:
        """Judge a file as that of the machine that its folder is named after."""
        try:
            place = self.deployments.place_of(path)
        except InputError as error:
            return JudgedFile(path=path, verdict=merge_lint(before) if before else None, missing=_said(error))
        question = replace(question_about(path, place, self.at), rules=self.rules)
        contents = read_file(path, keep_encrypted=True)
        verdicts = [*before, *lint_file(contents, question)]
        return JudgedFile(path=path, verdict=merge_lint(verdicts, services_in(contents, question)))


def question_about(path: Path, place: MachinePlace, at: datetime) -> LintQuestion:
    """Return the question about a file in the folder of a machine.

    Args:
        path: the file.
        place: the machine.
        at: the time judged.

    Returns:
        The question: as list, as client certificate, or as server certificate with its names.

    Raises:
        InputError: the trusted CA list next to it cannot be read.
    """
    if path.name.startswith("trust"):
        return lint_question(at=at, kind=Kind.TRUST_LIST, version=place.deployment.version)
    kind = Kind.CLIENT if path.name == CLIENT else Kind.SERVER
    trust = path.parent / TRUST
    trusted = read_certificates(trust) if trust.is_file() else None
    if path.match(DOMAIN_FILES) or not _has_names(place):
        # Nothing says which names it needs; its connections say whether it works.
        use = CertificateUse(at=at, version=place.deployment.product_version)
        of = None if path.match(DOMAIN_FILES) else place
        return LintQuestion(
            use=use,
            kind=kind,
            deployment=of.deployment if of else None,
            peer=of.machine if of else None,
            trusted=trusted,
        )
    return lint_question(at=at, kind=kind, deployment=place.deployment, peer=place.machine, trusted=trusted)


def _has_names(place: MachinePlace) -> bool:
    try:
        layout_of(place.deployment, place.machine)
    except PkikitError:
        return False
    return True


def lint_repository_key(path: Path, data: bytes) -> Verdict:
    """Judge whether a file may be in a repository: it may not if it has a private key.

    Args:
        path: the file.
        data: its bytes.

    Returns:
        The verdict.
    """
    where, key = printable(case_path(path)), key_in(path, data)
    evidence = [
        Evidence(label="private key", expected="none", seen=key, where=where, says=f"{where} has {key}.")
    ] if key else []  # fmt: skip
    return Verdict.of("is a private key in the repository?", KEY_IN_REPOSITORY.judge(where, evidence))


def _is_deployment(path: Path) -> bool:
    try:
        return is_deployment(path, beginning_of(path))
    except PkikitError:
        return False


def _said(error: PkikitError) -> str:
    return str(error)


def merged(judged: Iterable[JudgedFile]) -> Verdict:
    """Return one verdict over all files.

    Args:
        judged: the files.

    Returns:
        The verdict; its question names none of them.
    """
    verdicts = [file.verdict for file in judged if file.verdict is not None]
    return merge_verdicts("may these files be in the repository?", verdicts)
