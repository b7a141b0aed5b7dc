"""`import.json`: what an import knows, for programs. Its keys are a contract; `format` changes if one of them does."""

from __future__ import annotations

from typing import Any

from pkikit.intake.assembly.assembled import Assembly

FORMAT = 1


def import_json(assembly: Assembly, *, rekeyed: bool = False) -> dict[str, Any]:
    """Return what an import knows as JSON.

    Args:
        assembly: the import.
        rekeyed: the certificates were issued again with keys of their own.

    Returns:
        `format`, `deployment` and `version` (null while questions are open), `rekeyed`, `machines`, `questions`,
        `contradictions`, `missing`, `facts`, `left_out`, `certificates`, `files`, `secrets_dropped`. The file has `written`
        as well: the paths of all files of the import.
    """
    made = assembly.deployment
    return {
        "format": FORMAT,
        "deployment": made.name if made is not None else None,
        "version": made.version if made is not None else None,
        "rekeyed": rekeyed,
        "machines": _machines(assembly),
        "questions": [question.to_json() for question in assembly.questions],
        "contradictions": [found.to_json() for found in assembly.contradictions],
        "missing": [found.to_json() for found in assembly.missing],
        "facts": [fact.to_json() for fact in assembly.facts],
        "left_out": [found.to_json() for found in assembly.left_out],
        "certificates": [
            {"machine": f.machine, "file": f"certificates/{f.path}", "what": f.says,
             "sources": [place.to_json() for place in f.evidence]}
            for f in assembly.placed
        ],
        "files": [
            {"file": f.source.file, "member": f.source.member, "kind": f.kind, "refused": f.refused or None}
            for f in assembly.files
        ],
        "secrets_dropped": assembly.secrets,
    }  # fmt: skip


def _machines(assembly: Assembly) -> list[dict[str, Any]]:
    made = assembly.deployment
    if made is None:
        return []
    files = {name: [f.name for f in assembly.placed if f.machine == name] for name in made.parties}
    return [
        {
            "fqdn": name,
            "kind": group.kind.value,
            "group": group.name,
            "role": role.value if (role := made.role_of(name)) is not None else None,
            "files": files[name],
        }
        for group in made.groups
        if group.has_certificates
        for name in group.members
    ]
