"""The types of the values in a deployment file: names, addresses, switches."""

from __future__ import annotations

import ipaddress
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from pkikit.errors import InputError
from pkikit.model.version import ProductVersion
from pkikit.values.names import is_ip_address, parse_dns_name, parse_fqdn

MAX_PEERS = 6  # the product clusters up to six peers


def _validate_with(parse: Any) -> Any:
    def check(value: str) -> str:
        try:
            return str(parse(value))
        except InputError as error:
            raise PydanticCustomError("name", "{problem}", {"problem": error.message}) from error

    return AfterValidator(check)


def _address(value: str) -> str:
    return str(ipaddress.ip_address(value.strip("[]"))) if is_ip_address(value) else parse_fqdn(value)


def _server_name(value: str) -> str:
    return str(ipaddress.ip_address(value.strip("[]"))) if is_ip_address(value) else parse_dns_name(value)


def _ip(value: str) -> str:
    if not is_ip_address(value):
        raise InputError(f"{value[:60]!r} is not an IP address")
    return str(ipaddress.ip_address(value.strip("[]")))


Fqdn = Annotated[str, _validate_with(parse_fqdn)]
DnsName = Annotated[str, _validate_with(parse_dns_name)]
Address = Annotated[str, _validate_with(_address)]
ServerName = Annotated[str, _validate_with(_server_name)]
IpAddress = Annotated[str, _validate_with(_ip)]
Version = Annotated[str, _validate_with(ProductVersion.parse)]
Label = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$")]
Switch = Annotated[
    bool,
    Field(
        json_schema_extra={
            "type": ["boolean", "string"],
            "enum": [True, False, "on", "off", "yes", "no", "true", "false"],
        }
    ),
]


class FileValue(BaseModel):
    """A part of the deployment file: unknown keys are errors, and values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True)
