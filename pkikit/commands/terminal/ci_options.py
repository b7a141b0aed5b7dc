"""Share among commands: `--sarif`, `--junit` and `--baseline`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pkikit import __version__
from pkikit.commands.terminal import console
from pkikit.errors import MAX_WHERE, InputError
from pkikit.text import counted, listed, printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from rich.console import Console

    from pkikit.ci_results.comparison import Comparison, Found
    from pkikit.ci_results.found_cases import Results

SarifOption = Annotated[
    Path | None, typer.Option("--sarif", metavar="FILE", help="Write the findings as SARIF 2.1.0, for code scanning.")
]
JunitOption = Annotated[
    Path | None, typer.Option("--junit", metavar="FILE", help="Write the results as JUnit XML, for a pipeline.")
]
CodeQualityOption = Annotated[
    Path | None,
    typer.Option("--code-quality", metavar="FILE", help="Write the findings as a Code Quality report, for GitLab."),
]
BaselineOption = Annotated[
    Path | None,
    typer.Option(
        "--baseline",
        metavar="FILE.json",
        help="The --json output of an earlier run: only what is new since then makes the exit code 1.",
    ),
]
_ENDINGS = {"sarif": (".sarif", ".json"), "junit": (".xml",), "code-quality": (".json",)}
_NAMES = {"sarif": "SARIF", "junit": "JUnit XML", "code-quality": "Code Quality report"}
_LISTED = 10


@dataclass(frozen=True, kw_only=True)
class Concluded:
    """The answer of a command after its results were written and compared.

    Attributes:
        accepted: False leaves with exit code 1.
        document: further keys of the JSON document.
        saved: (what it is, the file) for each file.
        comparison: the results beside those of the earlier run; None without one.
    """

    accepted: bool
    document: dict[str, Any]
    saved: tuple[tuple[str, Path], ...] = ()
    comparison: Comparison | None = None

    def show(self, out: Console, words: Callable[[str], str] = str) -> None:
        """Print what is new and what was fixed, and where the files are."""
        if self.comparison is not None:
            _show_comparison(out, self.comparison, words)
        if self.saved:
            out.print()
        console.saved(out, self.saved)


@dataclass(frozen=True, kw_only=True)
class CiOptions:
    """What a pipeline asked for, checked before the work is done.

    Attributes:
        files: the files to write, by form.
        before: the results of the earlier run; None without one.
    """

    files: dict[str, Path]
    before: Results | None

    @property
    def asked(self) -> bool:
        """True if any of the options was given."""
        return bool(self.files) or self.before is not None

    def conclude(self, results: Callable[[], Results], *, accepted: bool) -> Concluded:
        """Compare the results with the earlier run, and write the files: of a no as of a yes.

        Args:
            results: makes the results; is called only if somebody asked for them.
            accepted: the answer of the command.

        Returns:
            What the command says in the end.

        Raises:
            InputError: a file cannot be written; then none is.
        """
        if not self.asked:
            return Concluded(accepted=accepted, document={})
        from pkikit.ci_results.code_quality import code_quality
        from pkikit.ci_results.comparison import compare
        from pkikit.ci_results.junit import junit
        from pkikit.ci_results.sarif import sarif
        from pkikit.files.disk import write_together
        from pkikit.files.repository_root import repository_of

        found = results()
        comparison = compare(self.before, found) if self.before is not None else None
        final = comparison.accepted if comparison is not None else accepted
        contents: dict[Path, bytes] = {}
        if (path := self.files.get("sarif")) is not None:
            code = 0 if final else console.EXIT_NO
            root = repository_of(Path.cwd())
            contents[path] = sarif(found, root, version=__version__, exit_code=code, comparison=comparison)
        if (path := self.files.get("junit")) is not None:
            contents[path] = junit(found, comparison)
        if (path := self.files.get("code-quality")) is not None:
            contents[path] = code_quality(found, repository_of(Path.cwd()), comparison)
        write_together(contents)
        return Concluded(
            accepted=final,
            document={"baseline": comparison.to_json()} if comparison is not None else {},
            saved=tuple((_NAMES[form], file) for form, file in self.files.items()),
            comparison=comparison,
        )


def ci_options(
    program: str,
    command: str,
    sarif: Path | None,
    junit: Path | None,
    code_quality: Path | None,
    baseline: Path | None,
    *,
    inputs: Iterable[Path | None] = (),
) -> CiOptions:
    """Check what a pipeline asks for, and read the earlier run, before the work is done.

    Args:
        program: the program, such as `pkikit`.
        command: the command, such as `lint`.
        sarif: the SARIF file to write.
        junit: the JUnit file to write.
        code_quality: the Code Quality report to write.
        baseline: the document of the earlier run.
        inputs: files that the command reads, and that must not be written to.

    Returns:
        What was asked for.

    Raises:
        InputError: a name does not end as such a file does, two files are the same one, or the earlier run cannot be used.
    """
    if all(path is None for path in (sarif, junit, code_quality, baseline)):
        return CiOptions(files={}, before=None)
    from pkikit.report.written.output_files import output_files

    files = output_files(_ENDINGS, {"sarif": sarif, "junit": junit, "code-quality": code_quality})
    read = {path.resolve(): path for path in (baseline, *inputs) if path is not None}
    for form, path in files.items():
        if path.resolve() in read:
            raise InputError(f"is read by this command, so --{form} cannot write to it", where=str(path))
        if path.exists() and not path.is_file():
            raise InputError(f"is not a file, so --{form} cannot write to it", where=str(path))
    if len({path.resolve() for path in files.values()}) < len(files):
        options = listed([f"--{form}" for form in files])
        raise InputError(f"{options} do not all name different files", where=str(next(iter(files.values()))))
    if baseline is None:
        return CiOptions(files=files, before=None)
    from pkikit.ci_results.baseline import read_baseline

    return CiOptions(files=files, before=read_baseline(baseline, program, command))


def _show_comparison(out: Console, comparison: Comparison, words: Callable[[str], str]) -> None:
    """Print what is new since the earlier run, what was fixed, and what nobody can tell."""
    new, known, fixed, gone = comparison.new, comparison.known, comparison.fixed, comparison.gone
    counts = (f"{len(new):,} new", f"{len(known):,} known", f"{len(fixed):,} fixed")
    mark = "✔" if comparison.accepted else "✘"
    fails = any(comparison.results.fails(found.finding) for found in known)
    known_is_fine = " What is known does not fail." if comparison.accepted and fails else ""
    console.section(out, f"{mark} Compared with the earlier run: {', '.join(counts)}.{known_is_fine}")
    _list(out, "New:", "!", new, words)
    _list(out, "Fixed:", "✔", fixed, words)
    if gone:
        one = len(gone) == 1
        console.say(
            out,
            f"{counted(len(gone), 'finding')} of the earlier run {'is' if one else 'are'} about something that this run did not "
            "judge or cannot judge.",
            indent=2,
        )


def _list(out: Console, title: str, mark: str, entries: tuple[Found, ...], words: Callable[[str], str]) -> None:
    """Print what is alike once, with the number of connections or files that it is about."""
    alike: dict[tuple[str, str], list[Found]] = {}
    for found in entries:
        alike.setdefault((found.finding.rule, found.finding.subject), []).append(found)
    if alike:
        console.say(out, title, indent=2)
    for group in list(alike.values())[:_LISTED]:
        finding, cases = group[0].finding, list(dict.fromkeys(found.case.name for found in group))
        said = printable(finding.message.splitlines()[0] if finding.message else "", MAX_WHERE)
        console.say(out, words(f"{finding.rule}  {finding.subject}: {said}"), first=f"    {mark} ")
        console.say(out, words(f"In {listed(cases, at_most=3)}."), indent=6)
    if len(alike) > _LISTED:
        console.say(out, f"and {len(alike) - _LISTED:,} more; --json lists all of them", indent=6)
