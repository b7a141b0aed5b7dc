"""The bodies that scripts and forms send to a peer, one model each. The REST API and the pages use the same models."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar

import pydantic
from aiohttp import web

from pkikit.design.csr import SubjectFields
from pkikit.errors import InputError
from pkikit.model.codec.problems import refuse, validate_as
from pkikit.model.deployment import Revocation
from pkikit.model.tables.revocation_reasons import REASONS
from pkikit.values.numbers import whole_number
from simulator.peer.state import AutomaticCrls
from simulator.web.web_input import read_form, read_json, text_fields

_MOST = 99_999  # no number of a form is larger


def _content(value: object) -> bytes:
    """Return the content of a file: a form sends bytes, a script sends a text."""
    if isinstance(value, str):
        return value.encode()
    if not isinstance(value, bytes):
        raise refuse("must be a text")
    return value


def _list_of_texts(value: object) -> object:
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise refuse("must be a list of texts")
    return value


def _reason(value: object) -> object:
    if not isinstance(value, str) or value not in REASONS:
        raise refuse(f"is not a reason; allowed are {', '.join(REASONS)}")
    return value


Content = Annotated[bytes, pydantic.BeforeValidator(_content)]
Texts = Annotated[tuple[str, ...], pydantic.BeforeValidator(_list_of_texts)]
Number = pydantic.StrictInt


class Body(pydantic.BaseModel):
    """A request body. Unknown keys are refused, and values are not converted to another type."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)


class Nothing(Body):
    """No body, or an empty one."""


class Upload(Body):
    """A certificate, with its private key if this peer did not generate it."""

    certificate: Content = b""
    private_key: Content = pydantic.Field(default=b"", repr=False)


class ServerUpload(Upload):
    """A server certificate; `as_client` puts the same file into the client store of X15.5."""

    as_client: pydantic.StrictBool = False


class EkuChanges(Body):
    """Switches for extended key usages: those that are there are changed."""

    checking: pydantic.StrictBool | None = None
    server_upload: pydantic.StrictBool | None = None


class Domain(Body):
    """A domain that has its own certificate."""

    domain: str


class AlarmKey(Body):
    """An alarm that is raised: its number, or its key where the lab has one of its own."""

    alarm: str


class DomainUpload(Upload):
    """A certificate for one domain."""

    domain: str = ""


class Generate(Body):
    """A signing request: the subject, and names in addition to the proposed ones."""

    additional_names: Texts = ()
    digest: str = ""
    key_length: Number = 2048
    country: str = ""
    state: str = ""
    locality: str = ""
    organisation: str = ""
    unit: str = ""

    @property
    def fields(self) -> SubjectFields:
        """The fields of the subject."""
        return SubjectFields(
            country=self.country,
            state=self.state,
            locality=self.locality,
            organisation=self.organisation,
            unit=self.unit,
        )


class Certificates(Body):
    """CA certificates; CRLs may be between them."""

    certificates: Content = b""


class Crl(Body):
    """A file of CRLs."""

    crl: Content = b""


class CrlSources(Body):
    """The URLs that CRLs are downloaded from, and the hour of the daily download (0 to 23)."""

    urls: Texts = ()
    hour: Number = 3

    @property
    def automatic(self) -> AutomaticCrls:
        """Return the setting.

        Raises:
            InputError: a URL or the hour is not allowed.
        """
        return AutomaticCrls(urls=self.urls, hour=self.hour)


class Revoke(Body):
    """Which certificate the CA revokes, with which key, and for which reason."""

    which: Literal["current", "pending"] = "current"
    by: Literal["account", "certificate"] = "account"
    reason: Annotated[str, pydantic.BeforeValidator(_reason)] = "unspecified"


# Some of the SIP revocation settings: those that are there are changed.
_CHANGEABLE: dict[str, Any] = {name: (field.annotation, None) for name, field in Revocation.model_fields.items()}
RevocationChanges = pydantic.create_model("RevocationChanges", __base__=Body, **_CHANGEABLE)

BodyT = TypeVar("BodyT", bound=Body)


async def body_of_script(request: web.Request, model: type[BodyT]) -> BodyT:
    """Return the JSON body of a script's request.

    Raises:
        InputError: a member is unknown or wrong; the sentence names it.
    """
    return validate_as(model, await read_json(request))


async def body_of_form(request: web.Request, model: type[BodyT]) -> BodyT:
    """Return the same body from the fields of a form: files or pasted texts, numbers, and lists with one member per line.

    Raises:
        InputError: a field is wrong; the sentence names it.
    """
    form = await text_fields(request)
    given: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        if field.annotation is bytes:
            given[name] = await file_of(request, name)
        elif name not in form:
            continue
        elif field.annotation is bool:
            given[name] = form[name] == "on"  # an unticked box is not sent
        elif field.annotation is int:
            given[name] = number_of(form, name)
        elif field.annotation == tuple[str, ...]:
            given[name] = [line.strip() for line in form[name].splitlines() if line.strip()]
        else:
            given[name] = form[name]
    return validate_as(model, given)


def number_of(form: dict[str, str], name: str) -> int:
    """Return a number from a form.

    Raises:
        InputError: the field is not a number.
    """
    number = whole_number(form.get(name, ""), most=_MOST)
    if number is None:
        raise InputError("must be a whole number", where=name)
    return number


async def file_of(request: web.Request, name: str) -> bytes:
    """Return an uploaded file, or the text field of the same name that its content can be pasted into."""
    form = await read_form(request)
    given = form.get(name)
    if isinstance(given, web.FileField):
        data: bytes = given.file.read()
        if data:
            return data
    pasted = form.get(f"{name}_text", "")
    return pasted.encode() if isinstance(pasted, str) else b""
