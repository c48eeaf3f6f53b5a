"""The kinds of values in a scenario as pydantic takes them, each with its JSON Schema.

Those that a fault's arguments have as well are in gameday.model.values.kinds.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import PlainValidator, WithJsonSchema

from gameday.model.quoting import shown
from gameday.model.values.kinds import (
    DURATION,
    NUMBER,
    POSITIVE_DURATION,
    POSITIVE_SHARE,
    RATE,
    RECEIVERS,
    SHARE,
    TEXT,
    ValueKind,
    read_line,
    read_text,
    written,
)
from gameday.model.values.namespace import EXPECTED, NAME, is_name

_LISTEN = re.compile(r"(\[[0-9a-fA-F:.]*\]|[A-Za-z0-9_.-]*):([0-9]{1,5})")
_HIGHEST_PORT = 65535
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def _body(value: Any) -> str:
    if not isinstance(value, str):
        said = f"{shown(value)} is not text; write it in quotes"
        raise ValueError(said)  # noqa: TRY004 - the only one that pydantic collects
    return value


def _word(value: Any) -> str:
    text = read_line(value)
    if " " in text:
        raise ValueError(f"{shown(value)} has a space in it; remove it")
    return text


def _namespace(value: Any) -> str:
    text = read_text(value)
    if not is_name(text):
        message = f"{shown(value)} is not a namespace's name; expected {EXPECTED}"
        raise ValueError(message)
    return text


def _times(value: Any) -> float:
    text = value.removesuffix("x") if isinstance(value, str) else value
    try:
        times = float(text) if not isinstance(text, bool) else 0.0
    except (TypeError, ValueError):
        times = 0.0
    if not 0 < times < float("inf"):
        raise ValueError(f"{shown(value)} is no burn rate; expected one such as 14.4")
    return times


def _flag(value: Any) -> bool:
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    if not isinstance(value, bool):
        said = f"{shown(value)} is not true or false"
        raise ValueError(said)  # noqa: TRY004 - as above
    return value


def _url(value: Any) -> str:
    text = read_text(value)
    try:
        parts = urlsplit(text)
        port, host = parts.port, parts.hostname
    except ValueError:
        raise ValueError(f"{shown(value)} is not a URL; correct it") from None
    if "@" in parts.netloc:
        raise ValueError(
            "the URL holds credentials, and a scenario never does; remove them, and "
            "give them as auth or headers with {env: NAME} or {file: PATH}"
        )
    if parts.scheme not in ("http", "https") or not host or port == 0:
        raise ValueError(
            f"{shown(value)} is not an HTTP URL; expected one such as "
            "http://127.0.0.1:9090"
        )
    return text


def _probed(value: Any) -> str:
    if not isinstance(value, dict):
        return _url(value)
    if set(value) != {"url"}:
        raise ValueError("expected a URL, or a mapping with url alone")
    return _url(value["url"])


def _listen(value: Any) -> str:
    match = _LISTEN.fullmatch(value) if isinstance(value, str) else None
    if match is None or int(match[2]) > _HIGHEST_PORT:
        raise ValueError(f'{shown(value)} is not HOST:PORT, such as "0.0.0.0:9099"')
    return match[0]


def _method(value: Any) -> str:
    text = read_text(value).upper()
    if text not in _METHODS:
        raise ValueError(f"{shown(value)} is not an HTTP method, such as GET or POST")
    return text


_REFERENCE = {"type": "string", "pattern": r"\$\{"}  # from the environment


def _schema(kind: ValueKind[Any]) -> WithJsonSchema:
    """Return the JSON Schema of a kind; any value may be a reference instead."""
    return _either(kind.schema)


def _either(schema: Mapping[str, Any]) -> WithJsonSchema:
    if "pattern" in schema:
        pattern = f"({schema['pattern']})|{_REFERENCE['pattern']}"
        return WithJsonSchema({**schema, "pattern": pattern})
    if schema["type"] == "string":
        return WithJsonSchema(dict(schema))
    return WithJsonSchema({"anyOf": [dict(schema), _REFERENCE]})


_HTTP = {"type": "string", "pattern": f"^https?://[^@/]+|{_REFERENCE['pattern']}"}

_TEXT = _schema(TEXT)
Text = Annotated[str, PlainValidator(read_text), _TEXT]
Line = Annotated[str, PlainValidator(read_line), _TEXT]
Word = Annotated[str, PlainValidator(_word), _TEXT]
Namespace = Annotated[
    str,
    PlainValidator(_namespace),
    _either(written(f"^{NAME}$", "shop", "shop-staging")),
]
Body = Annotated[str, PlainValidator(_body), _TEXT]
Receivers = Annotated[
    tuple[str, ...],
    PlainValidator(RECEIVERS.read),
    WithJsonSchema(dict(RECEIVERS.schema)),
]
Duration = Annotated[float, PlainValidator(DURATION.read), _schema(DURATION)]
PositiveDuration = Annotated[
    float, PlainValidator(POSITIVE_DURATION.read), _schema(POSITIVE_DURATION)
]
Share = Annotated[float, PlainValidator(SHARE.read), _schema(SHARE)]
PositiveShare = Annotated[
    float, PlainValidator(POSITIVE_SHARE.read), _schema(POSITIVE_SHARE)
]
Rate = Annotated[float, PlainValidator(RATE.read), _schema(RATE)]
Count = Annotated[int, PlainValidator(NUMBER.read), _schema(NUMBER)]
Times = Annotated[
    float,
    PlainValidator(_times),
    _either({"type": "number", "exclusiveMinimum": 0}),
]
Flag = Annotated[bool, PlainValidator(_flag), WithJsonSchema({"type": "boolean"})]
Url = Annotated[str, PlainValidator(_url), WithJsonSchema(_HTTP)]
Probed = Annotated[
    str,
    PlainValidator(_probed),
    WithJsonSchema(
        {
            "anyOf": [
                _HTTP,
                {
                    "type": "object",
                    "properties": {"url": _HTTP},
                    "required": ["url"],
                    "additionalProperties": False,
                },
            ]
        }
    ),
]
Listen = Annotated[
    str, PlainValidator(_listen), _either(written(r"^.*:\d+$", "0.0.0.0:9099"))
]
Method = Annotated[str, PlainValidator(_method), _TEXT]
