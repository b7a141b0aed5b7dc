"""The source of the docs site: docs/ and the executed course, so that people can read the course before they install it.

`mkdocs` reads `artifacts/site-source`. Each notebook becomes one page: prose, folded code, and the saved results.
Links between notebooks and documents point to pages; links to other files of the repository lose their link.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path

import nbformat
from nbconvert import MarkdownExporter

from tests.support.places import ROOT

DOCS, NOTEBOOKS = ROOT / "docs", ROOT / "notebooks"
COURSE_MAP = NOTEBOOKS / "README.md"
SOURCE = ROOT / "artifacts" / "site-source"
# Cells with these tags compare results for the regression test. A reader doesn't need them.
HIDDEN_TAGS = {"check"}
_TEMPLATE = """
{%- extends 'markdown/index.md.j2' -%}
{%- block input %}
<details class="code" markdown="1"><summary>Code</summary>

```python
{{ cell.source }}
```

</details>
{% endblock input -%}
{%- block data_text scoped %}
<pre class="result">{{ output.data['text/plain'] | escape }}</pre>
{% endblock data_text -%}
{%- block stream %}
<pre class="result">{{ output.text | escape }}</pre>
{% endblock stream -%}
{%- block data_html scoped %}
<div class="result">
{{ output.data['text/html'] | one_block }}
</div>
{% endblock data_html -%}
{%- block data_svg scoped %}
<div class="result">
{{ output.data['image/svg+xml'] | one_block }}
</div>
{% endblock data_svg -%}
"""
_LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")
_HTML_LINK = re.compile(r'<a href="([^"#:]+)(#[^"]*)?">(.*?)</a>', re.DOTALL)
_HOW_TO_RUN = (
    '\n\n!!! note "You read this lesson with saved results"\n    To run it, answer the exercises and break things yourself, '
    "install the lab: `make lab`.\n\n"
)
_CODE = re.compile(r"(```.*?```|`[^`\n]+`)", re.DOTALL)


def one_block(html: str) -> str:
    """Return HTML without empty lines and indents: Markdown ends an HTML block at an empty line."""
    return "\n".join(line.strip() for line in html.splitlines() if line.strip())


def notebook_page(path: Path) -> str:
    """Return an executed notebook as Markdown.

    Args:
        path: The notebook, with its saved results.
    """
    notebook = nbformat.read(path, as_version=4)
    notebook.cells = [c for c in notebook.cells if not HIDDEN_TAGS & set(c.metadata.get("tags", ()))]
    exporter = MarkdownExporter(raw_template=_TEMPLATE, filters={"one_block": one_block})
    page, _ = exporter.from_notebook_node(notebook)
    title, line_end, text = page.lstrip().partition("\n")
    return linked(f"{title}{_HOW_TO_RUN}{line_end}{text}", path)


def page_of(path: Path) -> str | None:
    """Return the page of the site that shows a file of the repository, or None if the site doesn't contain it."""
    if path == COURSE_MAP:
        return "course/index.md"
    if path.suffix == ".ipynb" and path.parent == NOTEBOOKS:
        return f"course/{path.stem}.md"
    return str(path.relative_to(DOCS)) if path.is_relative_to(DOCS) and path.is_file() else None


def linked(page: str, origin: Path) -> str:
    """Return a page with links that work on the site.

    Args:
        page: Markdown.
        origin: The file of the repository that it comes from.
    """
    here = page_of(origin)
    assert here is not None

    def target(match: re.Match[str]) -> str:
        image, label, address = match.groups()
        where, hash_sign, anchor = address.partition("#")
        if not where or "://" in where or where.startswith("mailto:"):
            return match.group(0)
        found = page_of((origin.parent / where).resolve())
        if found is None:
            return label
        return f"{image}[{label}]({os.path.relpath(found, Path(here).parent)}{hash_sign}{anchor})"

    def html_target(match: re.Match[str]) -> str:
        where, anchor, label = match.groups()
        found = page_of((origin.parent / where).resolve())
        if found is None:
            return label
        # mkdocs doesn't look into HTML, so this is the address of the finished page.
        address = os.path.relpath(Path(found).with_suffix(".html"), Path(here).parent)
        return f'<a href="{address}{anchor or ""}">{label}</a>'

    parts = _CODE.split(_HTML_LINK.sub(html_target, page))
    return "".join(part if part.startswith("`") else _LINK.sub(target, part) for part in parts)


def assemble(folder: Path = SOURCE) -> Path:
    """Write the site's source into a folder and return it."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(DOCS, folder)
    (folder / "course").mkdir()
    for path in [COURSE_MAP, *DOCS.glob("*.md"), *sorted(NOTEBOOKS.glob("*.ipynb"))]:
        page = page_of(path)
        assert page is not None
        text = notebook_page(path) if path.suffix == ".ipynb" else linked(path.read_text(encoding="utf-8"), path)
        (folder / page).write_text(text, encoding="utf-8")
    return folder


if __name__ == "__main__":
    print(f"The source of the site is in {assemble(*map(Path, sys.argv[1:2])).name}/.")
