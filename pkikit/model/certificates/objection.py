"""Why the product would not read a file as it is: `pkikit.files.objections` finds this, `judge.linting.lint` weighs it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Objection:
    """One reason why the product does not read a file as it is; a remark where only an older OpenSSL refuses it."""

    rule: str
    place: str
    expected: str
    seen: str
    fix: str
    is_remark: bool = False

    def sentence(self) -> str:
        """For a message about the file: what is wrong and where."""
        return f"{self.place}: {self.seen}" if self.place != "file" else f"is {self.seen}"
