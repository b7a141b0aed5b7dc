"""Where people's words are: takes them out of Python, Markdown, notebooks, YAML and HTML, each with its line."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).resolve().parents[3]

# What a placeholder, code or markup leaves behind: Harper does not look inside code.
HOLE = "`x`"
_DOCSTRINGS_ARE_HELP = ("pkikit/commands/", "simulator/commands/")
_GLOBS = (
    "README.md",
    "CONTRIBUTING.md",
    "docs/*.md",
    "docs/guide.yaml",
    "notebooks/*.ipynb",
    "notebooks/dashboards/*.ipynb",
    "notebooks/workbook/course/*.yaml",
    "simulator/clinic/**/*.yaml",
    "pkikit/ecosystem/rules/*.yaml",
    "simulator/**/*.html",
    "notebooks/workbook/**/*.html",
    "pkikit/**/*.py",
    "simulator/**/*.py",
    "notebooks/workbook/**/*.py",
)
# Made by `make docs` from texts that are checked at their source, or lists of numbers and titles of others' documents.
_GENERATED = {
    f"docs/{name}.md"
    for name in (
        "agreement",
        "cli",
        "guide",
        "instructor",
        "linters",
        "names",
        "product",
        "rules",
        "versions",
        "api",
        "timeline",
    )
}
# Words of other programs and of the product, kept as they write them.
_QUOTED = (
    "pkikit/judge/phrases/",
    "pkikit/judge/openssl_codes.py",
    "pkikit/model/tables/",
    "pkikit/reading/odd/",
    "pkikit/files/recognition/magic.py",
    "pkikit/judge/logs/index.py",
    "pkikit/judge/logs/records.py",
    "pkikit/view/logs/",
    "simulator/peer/console/",
)
_COMMANDS = frozenset({"remedies"})  # keys of YAML files whose values are typed into a terminal
_HTML_BLOCKS = frozenset(
    {
        "p",
        "h1",
        "h2",
        "h3",
        "h4",
        "li",
        "td",
        "th",
        "dt",
        "dd",
        "div",
        "section",
        "form",
        "label",
        "button",
        "option",
        "legend",
        "summary",
        "title",
        "pre",
        "a",
        "br",
        "tr",
        "input",
    }
)
_HTML_WORDS = frozenset({"title", "aria-label", "placeholder", "alt"})
# Small letters after the first one, or an abbreviation; with hyphens and an apostrophe.
_PART = r"(?:[^\W\d_][a-zà-ÿ]+|[A-Z]{2,}s?|[aAI]|[a-z])"
_PLAIN_WORD = re.compile(rf"{_PART}(?:['’/-]{_PART})*(?:['’](?:s|t|re|ve|ll|d)?)?")


@dataclass(frozen=True)
class Text:
    """A passage that people read.

    Attributes:
        path: the file, from the root of the repository.
        line: where the passage begins, 1 first.
        words: the passage; line breaks are kept, code and placeholders are HOLE.
    """

    path: str
    line: int
    words: str


def files() -> list[Path]:
    """Return every file with words for people, sorted."""
    found = {path for pattern in _GLOBS for path in ROOT.glob(pattern)}
    return sorted(p for p in found if name_of(p) not in _GENERATED and not name_of(p).startswith(_QUOTED))


def name_of(path: Path) -> str:
    """Return the path from the root of the repository."""
    return path.resolve().relative_to(ROOT).as_posix()


def texts_of(path: Path) -> list[Text]:
    """Return the passages of one file."""
    name, content = name_of(path), path.read_text(encoding="utf-8")
    reader = {".py": _python, ".md": _markdown, ".ipynb": _notebook, ".yaml": _yaml, ".html": _html}[path.suffix]
    return [
        Text(name, line, plain) for line, words in reader(content, name) if re.search(r"\w", plain := _plain(words))
    ]


def _plain(words: str) -> str:
    """Words with HOLE for what is not a word: names, paths, numbers with units, CamelCase, abbreviations."""

    def plain_token(match: re.Match[str]) -> str:
        token = match[0]
        if token == HOLE or token.startswith("`"):
            return token
        core = token.strip(".,;:!?()[]{}\"'“”‘’*…→✔✘·|<>=+#/-–")
        if not core or _PLAIN_WORD.fullmatch(core):
            return token
        return token.replace(core, HOLE)

    return re.sub(r"\S+", plain_token, words)


def _python(content: str, name: str) -> Iterator[tuple[int, str]]:
    """String literals that read like words, and the docstrings that are help texts of commands."""
    nodes = list(ast.walk(ast.parse(content)))
    # A string on its own line documents what is above it; the pieces of an f-string belong to the whole.
    inside = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    inside.update(id(part) for node in nodes if isinstance(node, ast.JoinedStr) for part in node.values)
    # "a an and".split() is a list of words, not a text.
    inside.update(id(node.value) for node in nodes if isinstance(node, ast.Attribute) and node.attr == "split")
    if name.startswith(_DOCSTRINGS_ARE_HELP):
        for node in nodes:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
                yield node.lineno + 1, (ast.get_docstring(node) or "").split("\n\nArgs:")[0]
    for node in nodes:
        words = "" if id(node) in inside else re.sub(r"\{%.*?%\}", " ", _literal(node), flags=re.S)
        words = re.sub(r"\{\{.*?\}\}", HOLE, words, flags=re.S)
        if _reads_like_words(words):
            yield node.lineno, re.sub(r"</?[a-z][^>]*>", " ", words)  # type: ignore[attr-defined]  # a literal has one


def _literal(node: ast.AST) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else HOLE for part in node.values)
    return ""


def _reads_like_words(words: str) -> bool:
    if re.search(
        r"\\[wsdb(]|\(\?|</?style|;\s*$|^\s*[.#@][\w-]+ ?\{|:\s*var\(--|\bfunction\b|^openssl |=>|\{[^{}]*: [^{}]*;[^{}]*\}|\}\} \{|[\w-]+: [\w .#%]+;",
        words,
    ):
        return False
    return bool(re.search(r"[a-z]{2,}[,;:]? [a-z]{2,}", words))


def _markdown(content: str, name: str = "") -> Iterator[tuple[int, str]]:
    front = re.match(r"---\n.*?\n---\n", content, re.S)
    lines_before = front[0].count("\n") if front else 0
    line = 1
    for token in MarkdownIt().enable("table").parse(content[front.end() :] if front else content):
        if token.map:
            line = token.map[0] + 1 + lines_before
        if token.type == "inline":
            yield line, "".join(_inline(token.children or []))
            if token.content.startswith("|"):
                line += 1


def _inline(tokens: list[Token]) -> Iterator[str]:
    for token in tokens:
        match token.type:
            case "text":
                yield token.content
            case "softbreak" | "hardbreak":
                yield "\n"
            case "code_inline" | "html_inline":
                yield HOLE if token.type == "code_inline" else " "


def _notebook(content: str, name: str) -> Iterator[tuple[int, str]]:
    """The Markdown cells; a line is that of the .ipynb file, where each line of a cell has its own."""
    lines, at = content.split("\n"), 0
    for cell in json.loads(content)["cells"]:
        if cell["cell_type"] != "markdown":
            continue
        source: list[str] = cell["source"]
        places = []
        for row in source:
            wanted = json.dumps(row, ensure_ascii=False)
            at = next((n for n in range(at, len(lines)) if lines[n].strip().rstrip(",") == wanted), at)
            places.append(at + 1)
            at += 1
        for line, words in _markdown("".join(source)):
            yield places[min(line, len(places)) - 1], words


def _yaml(content: str, name: str) -> Iterator[tuple[int, str]]:
    def walk(node: yaml.Node) -> Iterator[tuple[int, str]]:
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if key.value not in _COMMANDS:
                    yield from walk(value)
        elif isinstance(node, yaml.SequenceNode):
            for value in node.value:
                yield from walk(value)
        elif isinstance(node, yaml.ScalarNode) and _reads_like_words(node.value):
            folded = node.style in {">", "|"}
            yield node.start_mark.line + 1 + folded, re.sub(r"`[^`]*`", HOLE, node.value)

    root = yaml.compose(content, Loader=yaml.SafeLoader)
    if root is not None:
        yield from walk(root)


class _Words(HTMLParser):
    """The words of a page, cut at its blocks."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[int, str]] = []
        self._now: list[str] = []
        self._line = 1
        self._silent = 0

    def cut(self) -> None:
        words = re.sub(r"[ \t]*\n\s*", "\n", "".join(self._now)).strip()
        if words.replace(HOLE, "").strip():
            self.found.append((self._line, words))
        self._now = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in {"style", "script", "code"}
        if tag == "code":
            self._now.append(HOLE)
        if tag in _HTML_BLOCKS:
            self.cut()
        for key, value in attrs:
            if key in _HTML_WORDS and value:
                self.found.append((self.getpos()[0], value))

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in {"style", "script", "code"}
        if tag in _HTML_BLOCKS:
            self.cut()

    def handle_data(self, data: str) -> None:
        if self._silent:
            return
        if not "".join(self._now).strip():
            self._now = []
            self._line = self.getpos()[0] + len(data) - len(data.lstrip("\n"))
        self._now.append(data)


def _html(content: str, name: str) -> Iterator[tuple[int, str]]:
    def hole(match: re.Match[str]) -> str:
        return HOLE + "\n" * match[0].count("\n")

    def words_of_a_call(match: re.Match[str]) -> str:
        inside = [text for text in re.findall(r'"([^"]*)"', match[0]) if _reads_like_words(text)]
        return "".join(f"<p>{text}</p>" for text in inside) + HOLE + "\n" * match[0].count("\n")

    content = re.sub(r"\{#.*?#\}", lambda m: "\n" * m[0].count("\n"), content, flags=re.S)
    content = re.sub(r"\{%.*?%\}", lambda m: "\n" * m[0].count("\n"), content, flags=re.S)
    content = re.sub(r"\{\{[^{}]*\"[^{}]* [^{}]*\"[^{}]*\}\}", words_of_a_call, content, flags=re.S)
    content = re.sub(r"\{\{.*?\}\}", hole, content, flags=re.S)
    parser = _Words()
    parser.feed(content)
    parser.cut()
    yield from parser.found


def sentences(words: str) -> Iterator[str]:
    """Cut a passage into sentences: at a full stop, question or exclamation mark before a new beginning."""
    flat = " ".join(words.split())
    cuts = [0, *(m.end() for m in re.finditer(r"[.!?][\"”’)*]*\s+(?=[\"“(*`]*[A-Z0-9`])", flat)), len(flat)]
    yield from (flat[a:b].strip() for a, b in pairwise(cuts) if flat[a:b].strip())
