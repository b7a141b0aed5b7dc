"""Everything that people read is plain English, and the course is easy to read. docs/style.md says how to check one file."""

from __future__ import annotations

from tests.support.prose.reading_level import measure
from tests.support.prose.texts import ROOT, Text, files, name_of, sentences
from tests.support.prose.words import not_yet, problems_in, problems_of


def test_mistakes_are_found_and_plain_words_are_not() -> None:
    wrong = {
        "Load an certificate.": "an",
        "The peer sends the the chain.": "the the",
        "Upload the certficate.": "certficate",
        "Nothing to mend here.": "mend",
        "The list is no list of CAs.": "is no",
        "For want of a root, the path ends.": "For want of",
    }
    right = "`x` refuses an FQDN of `x`: append the root CA's certificate to its trusted CA list."
    passages = [Text("x.md", line, words) for line, words in enumerate([*wrong, right], 1)]
    assert {(problem.line, problem.words) for problem in problems_in(passages)} == set(enumerate(wrong.values(), 1))


def test_words_for_people_are_plain_and_the_list_of_late_files_shrinks() -> None:
    late = not_yet()
    found = problems_of(files())
    new = [str(problem) for problem in found if problem.path not in late]
    assert not new, "rewrite these (docs/style.md):\n" + "\n".join(new)
    clean = sorted(late - {problem.path for problem in found})
    assert not clean, f"clean now; run `python -m tests.support.prose --rewrite-list`: {clean}"


def test_course_is_easy_to_read() -> None:
    hard = {
        name_of(path): str(level)
        for path in sorted((ROOT / "notebooks").rglob("[0-9]*.ipynb"))
        if ".ipynb_checkpoints" not in path.parts and not (level := measure(path)).is_easy
    }
    assert not hard


def test_sentences_end_at_marks_and_not_inside_names() -> None:
    words = "Ask c1.corp.example.com. Does it answer? Then go on"
    assert list(sentences(words)) == ["Ask c1.corp.example.com.", "Does it answer?", "Then go on"]
