"""The pattern by which the product reads a user name from a certificate: a regular expression and a template.

Source: administrator guides X8.x, 'Testing client certificates': `/…/m` with named groups, and `#Group1#` in the template.
"""

from __future__ import annotations

from dataclasses import dataclass

import regex
from cryptography import x509

from pkikit.errors import InputError
from pkikit.reading.unreadable import UNREADABLE
from pkikit.values.names import printable
from pkikit.view.description import iso
from pkikit.view.extension_text import describe_extensions

_LONGEST = 1_000  # characters of a pattern or a template
_PATIENCE = 0.5  # seconds that a pattern may search
_MOST_TEXT = 100_000
# The letters behind the last slash that change how the product searches, as PHP has them.
_FLAGS = {"m": regex.MULTILINE, "i": regex.IGNORECASE, "s": regex.DOTALL, "x": regex.VERBOSE}


@dataclass(frozen=True, kw_only=True)
class Found:
    """The resulting string; where there is none, `trouble` says why."""

    text: str = ""
    trouble: str = ""


@dataclass(frozen=True, kw_only=True)
class Pattern:
    """A compiled pattern and its template."""

    compiled: regex.Pattern[str]
    template: str

    @classmethod
    def parse(cls, text: str, template: str) -> Pattern:
        """Return the pattern of the two fields.

        Args:
            text: between slashes, with flags behind the second one; or without slashes.
            template: fixed text, and names of groups between `#`.

        Raises:
            InputError: the pattern is too long or cannot be read, or the template names a group that it does not have.
        """
        if len(text) > _LONGEST or len(template) > _LONGEST:
            raise InputError(f"Regex and Username format have at most {_LONGEST} characters each.")
        body, letters = text, ""
        if text.startswith("/") and text.rfind("/") > 0:
            body, _, letters = text[1:].rpartition("/")
        unknown = next((letter for letter in letters if letter not in _FLAGS), "")
        if unknown:
            raise InputError(f"Regex: the flag {unknown!r} is not known; allowed are {', '.join(_FLAGS)}.")
        flags = 0
        for letter in letters:
            flags |= _FLAGS[letter]
        try:
            compiled = regex.compile(body, flags)
        except (regex.error, RecursionError, OverflowError) as error:
            raise InputError(f"Regex cannot be read: {error}.") from None
        wanted = template.split("#")[1::2]
        missing = next((name for name in wanted if name not in compiled.groupindex), "")
        if template.count("#") % 2 or missing:
            raise InputError(f"Username format: the regex has no group {missing!r}." if missing else
                             "Username format: write each group name between two # characters.")  # fmt: skip
        return cls(compiled=compiled, template=template)

    def apply(self, text: str) -> Found:
        """Return the template with the text of each group. A search that takes too long is stopped."""
        try:
            match = self.compiled.search(text[:_MOST_TEXT], timeout=_PATIENCE)
        except TimeoutError:
            return Found(trouble="the regex takes too long on this certificate")
        if match is None:
            return Found(trouble="the regex matches nothing in this certificate")
        parts = self.template.split("#")
        parts[1::2] = [match.group(name) or "" for name in parts[1::2]]
        return Found(text="".join(parts))


def certificate_text(certificate: x509.Certificate) -> str:
    """Return a certificate as the text that the pattern searches, in the order of `openssl x509 -text`.

    No document states the product's exact text; the documented example `/(Subject:.*, CN=(?<Group1>.*))/m` fits this one.
    """
    extensions = "".join(f"            {one['name']}: {one['value']}\n" for one in describe_extensions(certificate))
    return (
        "Certificate:\n"
        f"        Serial Number: {certificate.serial_number:x}\n"
        f"        Issuer: {_name(certificate.issuer)}\n"
        f"        Validity: {iso(certificate.not_valid_before_utc)} to {iso(certificate.not_valid_after_utc)}\n"
        f"        Subject: {_name(certificate.subject)}\n"
        f"        X509v3 extensions:\n{extensions}"
    )


def _name(name: x509.Name) -> str:
    """Return a distinguished name, most general part first."""
    try:
        return ", ".join(f"{one.rfc4514_attribute_name}={printable(str(one.value))}" for one in name)
    except UNREADABLE:
        return "(cannot be read)"
