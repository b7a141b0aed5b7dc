"""One file, or one member of an archive: what it is, and what it says. Its owner is found later."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

from pkikit.errors import EncodingError, InputError
from pkikit.files.contents import NoPassphrase, Passphrase
from pkikit.files.encodings.pem_in_text import looks_like_pem
from pkikit.files.recognition.magic import unicode_form
from pkikit.files.streams.peeked import CHUNK, DAMAGED, Peeked, refuse_damaged
from pkikit.intake.material import Configuration, ServerMaterial
from pkikit.intake.reading import recognise
from pkikit.intake.reading.basket import Basket, Item, Place
from pkikit.intake.reading.brought_certificates import read_all, read_certificate_file
from pkikit.intake.reading.dumps.dump_lines import Settings, TextFindings, foreign, read_lines
from pkikit.intake.reading.dumps.dump_xml import XmlDump
from pkikit.intake.reading.file_names import Part, passed_kind
from pkikit.intake.reading.unified_cm import is_unified_cm, read_printed, read_snapshot

MAX_TEXT, MAX_LINE = 16 * 1024 * 1024, 16_384
_EXPLAINED = 200  # files for which a text of another product is distinguished from other texts
_MAX_PRINTED = 8 * 1024 * 1024
_DUMPS = frozenset({Part.CONFIGURATION, Part.STATUS})
_CERTIFICATES = frozenset({Part.TRUSTED, Part.SERVER, Part.CLIENT, Part.REVOCATION})
_XML_ROOT = re.compile(r"<(?:\w+:)?(Configuration|Status|XmlDoc|xConfiguration|xStatus)\b", re.IGNORECASE)
_KEY_ONLY = re.compile(r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----")


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Reads files into a basket. `asked`: the person named this very file, so that what it is not is worth an error."""

    basket: Basket
    passphrase: Passphrase | None = None

    def read(self, stream: Peeked, place: Place, *, asked: bool) -> None:
        """Read one file.

        Args:
            stream: its bytes; it is no archive.
            place: where it lies.
            asked: the person named it.

        Raises:
            InputError: the file should say something, by its name, and is damaged or of another product.
        """
        if (kind := passed_kind(place.source.member or place.source.file)) != "":
            self.pass_over(place, kind)
            return
        head = stream.head
        if not head.strip(b" \t\r\n\0"):
            self._refuse(
                place, "empty file", "is empty or has only zero bytes in it", hard=bool(head) and self._named(place)
            )
            return
        if sentence := recognise.binary_sentence(head):
            self._refuse(place, "other file", sentence, hard=self._named(place))
            return
        encoding = unicode_form(head) or "utf-8-sig"
        text = codecs.getincrementaldecoder(encoding)("replace").decode(head)
        first = text.lstrip()[:2]
        if first[:1] == "{" or (first[:1] == "[" and not first[1:].isdigit()):
            self._json(stream, place, asked=asked)
        elif is_unified_cm(text):
            self._printed(stream, place, encoding, asked=asked)
        elif looks_like_pem(head) and recognise.has_settings(text):
            data = read_all(stream, place.source, self.basket.count, MAX_TEXT)
            self._text(Peeked(io.BytesIO(data)), place, text, encoding, asked=asked)
            self._certificates(Peeked(io.BytesIO(data)), place, asked=False, key_only=False)
        elif head[:1] == b"\x30" or looks_like_pem(head) or looks_like_pem(text.encode("ascii", "replace")):
            self._certificates(stream, place, asked=asked, key_only=bool(_KEY_ONLY.search(text)))
        elif text.lstrip().startswith("<"):
            self._xml(stream, place, text, asked=asked)
        else:
            self._text(stream, place, text, encoding, asked=asked)

    def pass_over(self, place: Place, kind: str) -> None:
        """Note a file that is not read, by its name."""
        what = {
            Part.LOG: "", Part.CAPTURE: "",
            Part.KEY: "is a private key, which import does not need and does not read",
            Part.BACKUP: recognise.BACKUP,
        }.get(Part(kind) if kind in set(Part) else Part.NEITHER, "is not a file that import reads")  # fmt: skip
        self.basket.note(place.source, kind, what)
        if kind == Part.LOG:
            self.basket.items.append(Item(place=place, log=True))
        elif kind == Part.CAPTURE:
            self.basket.items.append(Item(place=place, capture=True))

    def _named(self, place: Place) -> bool:
        return place.name.part in _DUMPS or place.name.part in _CERTIFICATES

    def _refuse(self, place: Place, kind: str, sentence: str, *, hard: bool) -> None:
        """Refuse a file that should say something; note one that is merely of no use.

        Args:
            place: where it lies.
            kind: what it is.
            sentence: why nothing of it is used.
            hard: it should say something.

        Raises:
            InputError: if so.
        """
        if hard:
            raise InputError(sentence, where=str(place.source))
        self.basket.note(place.source, kind, sentence)

    def _certificates(self, stream: Peeked, place: Place, *, asked: bool, key_only: bool) -> None:
        source, part = place.source, place.name.part
        try:
            found = read_certificate_file(read_all(stream, source, self.basket.count), source, part, self.passphrase)
        except NoPassphrase as error:
            hint = f"{error.message}: use --passphrase-file" if "no passphrase" in error.message else error.message
            self._refuse(place, "encrypted file", hint, hard=asked or self._named(place))
            return
        except EncodingError as error:
            if key_only and not self._named(place):
                self.pass_over(place, Part.KEY)
                return
            self._refuse(place, "certificate file", error.message, hard=asked or self._named(place))
            return
        kind = "certificate revocation list" if found.held is None else part or "certificates"
        self.basket.note(source, f"{kind} ({found.form})" if found.form not in {"pem", "utf-16"} else kind)
        self.basket.count_certificates(len(found.held.certificates) if found.held is not None else 0)
        self.basket.items.append(Item(place=place, held=found.held, lists=found.lists))

    def _xml(self, stream: Peeked, place: Place, head: str, *, asked: bool) -> None:
        if not _XML_ROOT.search(head[:20_000]):
            sentence = "is XML or HTML, but not a dump of an Expressway"
            self._refuse(place, "other file", sentence, hard=place.name.part in _DUMPS)
            return
        dump, budget = XmlDump(place.source), _Bytes(stream, place, self.basket)
        dump.read(budget.read)
        configuration, status = dump.configuration(), dump.status()
        if configuration is not None:
            self._configuration(place, configuration, dump.settings, asked=asked, from_xml=True)
        if status is not None:
            self._kept(place, "status (XML)", Item(place=place, status=status, from_xml=True))
        if configuration is None and status is None:
            sentence = "is XML without a setting or a status in it"
            self._refuse(place, "other file", sentence, hard=place.name.part in _DUMPS)

    def _json(self, stream: Peeked, place: Place, *, asked: bool) -> None:
        data = read_all(stream, place.source, self.basket.count, MAX_TEXT)
        try:
            snapshot = read_snapshot(data, place.source, place.label)
        except InputError as error:
            self._refuse(place, "JSON", error.message, hard=asked or b'"identities"' in data)
            return
        if snapshot is None:
            self.basket.note(place.source, "JSON", "is JSON, but not a certificate snapshot of Unified CM")
            return
        self._servers(snapshot.servers)
        self.basket.note(place.source, "certificate snapshot of Unified CM", "; ".join(snapshot.unreadable[:5]))

    def _printed(self, stream: Peeked, place: Place, encoding: str, *, asked: bool) -> None:
        data = read_all(stream, place.source, self.basket.count, _MAX_PRINTED).decode(encoding, "replace")
        text = data.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
        label = place.source.member or place.label
        try:
            server = read_printed(text, place.source, label)
        except EncodingError as error:
            raise InputError(error.message, where=error.where) from None
        if server is None:
            sentence = "has no certificate in it; `show cert own tomcat` prints one"
            self._refuse(place, "Unified CM output", sentence, hard=asked and not self.basket.has_something)
            return
        only_names = (
            ""
            if server.own or server.trusted
            else ("lists only names; `show cert own tomcat` prints the certificate itself")
        )
        self._servers((server,))
        self.basket.note(place.source, "Unified CM output", only_names)

    def _servers(self, servers: tuple[ServerMaterial, ...]) -> None:
        for server in servers:
            lists = (*server.own.values(), *server.trusted.values())
            self.basket.count_certificates(sum(len(held.certificates) for held in lists))
        self.basket.servers += servers

    def _text(self, stream: Peeked, place: Place, head: str, encoding: str, *, asked: bool) -> None:
        if place.name.part not in _DUMPS:
            useless = place.in_archive and not recognise.has_settings(head)
            if useless and len(self.basket.files) > _EXPLAINED:
                self.basket.note(place.source, "text", "does not begin with settings or a status")
                return
            if sentence := recognise.other_product(head):
                self._refuse(place, "text of another product", sentence, hard=asked)
                return
            if recognise.is_log(head):
                self.pass_over(place, Part.LOG)
                return
            if useless:
                self.basket.note(place.source, "text", "does not begin with settings or a status")
                return
        found = read_lines(_lines(_Bytes(stream, place, self.basket), encoding), place.source)
        for configuration, settings in found.configurations:
            self._configuration(place, configuration, settings, asked=asked)
        if found.status is not None:
            self._kept(place, "status", Item(place=place, status=found.status, host=_only_host(found)))
        if not found.configurations and found.status is None:
            sentence = recognise.other_product(head) or recognise.nothing_in_text(found.lines)
            self._refuse(place, "text", sentence, hard=self._named(place))

    def _configuration(
        self, place: Place, configuration: Configuration, settings: Settings, *, asked: bool, from_xml: bool = False
    ) -> None:
        if foreign(settings):
            sentence = recognise.ENDPOINT
            self._refuse(place, "text of another product", sentence, hard=asked or place.name.part in _DUMPS)
            return
        if not configuration.settings:
            sentence = (
                "has settings of an Expressway, but none that a connection depends on; run xConfiguration without words"
            )
            self._refuse(place, "configuration", sentence, hard=place.name.part in _DUMPS)
            return
        host = settings.host[0]
        item = Item(place=place, configuration=configuration, host=host, from_xml=from_xml)
        self._kept(place, "configuration (XML)" if from_xml else "configuration", item)

    def _kept(self, place: Place, kind: str, item: Item) -> None:
        self.basket.note(place.source, kind)
        self.basket.items.append(item)


class _Bytes:
    """The bytes of a text, within the limit."""

    def __init__(self, stream: Peeked, place: Place, basket: Basket) -> None:
        self._stream, self._place, self._left, self._basket = stream, place, MAX_TEXT, basket

    def read(self) -> bytes:
        source = str(self._place.source)
        try:
            data = self._stream.read(CHUNK)
        except DAMAGED as error:
            refuse_damaged(error, source)
        self._left -= len(data)
        self._basket.count(len(data))
        if self._left < 0:
            raise InputError(f"is larger than {MAX_TEXT >> 20} MB, the most that is read of such a file", where=source)
        return data


def _only_host(found: TextFindings) -> str:
    hosts = {settings.host[0] for _, settings in found.configurations}
    return next(iter(hosts)) if len(hosts) == 1 else ""


def _lines(stream: _Bytes, encoding: str) -> Iterator[str]:
    """Yield the lines of a text without their ends; a longer line than any setting is cut."""
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    rest, first = "", True
    while data := stream.read():
        text = decoder.decode(data)
        if first and "\n" not in text and "\r" in text:
            text = text.replace("\r", "\n")
        first = False
        lines = (rest + text).split("\n")
        rest = lines.pop()[:MAX_LINE]
        for line in lines:
            yield line[:MAX_LINE].rstrip("\r")
    rest += decoder.decode(b"", final=True)
    if rest:
        yield rest.rstrip("\r")
