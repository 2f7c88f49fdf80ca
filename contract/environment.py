"""Settings from environment variables: a typed struct says what is accepted, this reads and checks.

::

    class Settings(msgspec.Struct, frozen=True):
        port: Annotated[int, msgspec.Meta(ge=0, le=65535)] = msgspec.field(name="WEB_PORT", default=8080)

    read(Settings, os.environ)      # WEB_PORT=x: "WEB_PORT must be a whole number from 0 to 65535"
"""

import os
from collections.abc import Mapping, MutableMapping
from typing import TypeVar

import msgspec
from msgspec import inspect

from contract.errors import StudentPerformanceError

Settings = TypeVar("Settings", bound=msgspec.Struct)

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
_DIRECT = ("no_proxy", "NO_PROXY")


class SettingsError(StudentPerformanceError):
    """An environment variable is missing or cannot be used; the message says what is accepted."""

    code = "settings"


def read(kind: type[Settings], environment: Mapping[str, str]) -> Settings:
    """Return ``kind`` filled from the variables its fields are named after.

    Blank counts as unset; text is stripped; a tuple is a list with commas; a struct within is read
    from the same variables. Raises SettingsError naming the variable and what it accepts, never
    its value, which may be a secret.
    """
    fields = {field.encode_name: field for field in inspect.type_info(kind).fields}  # type: ignore[attr-defined]
    given: dict[str, object] = {}
    for name, field in fields.items():
        if isinstance(field.type, inspect.StructType):
            given[name] = read(field.type.cls, environment)
        elif text := environment.get(name, "").strip():
            listed = isinstance(field.type, inspect.VarTupleType)
            given[name] = (
                [part.strip() for part in text.split(",") if part.strip()] if listed else text
            )
    for name, field in fields.items():
        if field.required and name not in given:
            raise SettingsError(f"{name} must be set to {accepted(field.type)}")
    try:
        return msgspec.convert(given, kind, strict=False)
    except msgspec.ValidationError as error:
        name = str(error).rpartition("`$.")[2].partition("`")[0].partition("[")[0]
        if name not in fields:
            raise SettingsError(str(error)) from None  # a check of the struct's own, in its words
        raise SettingsError(f"{name} must be {accepted(fields[name].type)}") from None


def spare_loopback(environment: MutableMapping[str, str] = os.environ) -> None:
    """Let no proxy of the environment see what goes to this machine itself.

    botocore, urllib and requests all read no_proxy for every connection, so it must stand there
    before one is made. Where no proxy is set nothing changes: a no_proxy of its own would turn
    a system's own proxy settings off.
    """
    proxies = [name for name in environment if name.lower().endswith("_proxy")]
    if not set(proxies) - set(_DIRECT):
        return
    direct = next((environment[name] for name in _DIRECT if environment.get(name)), "")
    if direct.strip() != "*":
        names = [name.strip() for name in direct.split(",") if name.strip()]
        direct = ",".join(names + [name for name in LOOPBACK if name not in names])
    environment.update(dict.fromkeys(_DIRECT, direct))


def accepted(kind: inspect.Type) -> str:
    """Return in words what a setting of this type takes."""
    if isinstance(kind, inspect.Metadata):
        return str((kind.extra_json_schema or {}).get("description")) or accepted(kind.type)
    if isinstance(kind, inspect.UnionType):
        return accepted(kind.types[0])
    if isinstance(kind, inspect.LiteralType):
        return "one of " + ", ".join(map(str, kind.values))
    if isinstance(kind, inspect.BoolType):
        return "true or false (or 1 or 0)"
    if isinstance(kind, inspect.VarTupleType):
        return f"a list with commas, each {accepted(kind.item_type)}"
    if not isinstance(kind, (inspect.IntType, inspect.FloatType)):
        return "text"
    words = "a whole number" if isinstance(kind, inspect.IntType) else "a number"
    if kind.ge is None:
        return words
    return f"{words} from {kind.ge:.12g}" + (" up" if kind.le is None else f" to {kind.le:.12g}")
