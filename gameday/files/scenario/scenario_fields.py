"""The kinds of values in a scenario, each with its own message and JSON Schema."""

import re
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import PlainValidator, WithJsonSchema

from gameday.model.quantity import parse_duration, parse_rate, parse_share
from gameday.model.quoting import shown
from gameday.model.values.namespace import EXPECTED, NAME, is_name

_LISTEN = re.compile(r"(\[[0-9a-fA-F:.]*\]|[A-Za-z0-9_.-]*):(\d{1,5})")
_HIGHEST_PORT = 65535
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


_wrong = ValueError  # also for a wrong type: the only one that pydantic collects


def _text(value: Any) -> str:
    if isinstance(value, list | dict):
        raise _wrong(f"{shown(value)} is not text; expected text")
    if not isinstance(value, str):
        raise _wrong(f"{shown(value)} is not text; write it in quotes")
    if not value.strip():
        raise ValueError("is empty; expected text")
    return value


def _receivers(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        return (_text(value),)
    names = tuple(_text(name) for name in value)
    if not names:
        raise ValueError("is an empty list; expected at least one receiver")
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f"{shown(twice)} is named twice; name each receiver once")
    return names


def _body(value: Any) -> str:
    if not isinstance(value, str):
        raise _wrong(f"{shown(value)} is not text; write it in quotes")
    return value


def _line(value: Any) -> str:
    text = _text(value)
    if not text.isprintable():
        raise ValueError(f"{shown(value)} has a control character in it; remove it")
    return text


def _word(value: Any) -> str:
    text = _line(value)
    if " " in text:
        raise ValueError(f"{shown(value)} has a space in it; remove it")
    return text


def _namespace(value: Any) -> str:
    text = _text(value)
    if not is_name(text):
        message = f"{shown(value)} is not a namespace's name; expected {EXPECTED}"
        raise ValueError(message)
    return text


def _bare(value: Any) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number or (isinstance(value, str) and bool(re.fullmatch(r"[\d.]+", value)))


def _duration(value: Any) -> float:
    if _bare(value):
        raise ValueError(
            f"{shown(value)} is a bare number; write it with its unit, such as 30s"
        )
    return parse_duration(value)


def _above_zero(value: Any) -> float:
    seconds = _duration(value)
    if seconds <= 0:
        raise ValueError(f"{shown(value)} is zero; expected a duration above it")
    return seconds


def _share(value: Any) -> float:
    if _bare(value):
        raise ValueError(f"{shown(value)} is a bare number; write a share such as 34%")
    return parse_share(value)


def _some(value: Any) -> float:
    share = _share(value)
    if not 0 < share <= 1:
        raise ValueError(f"{shown(value)} is not above 0% and at most 100%")
    return share


def _rate(value: Any) -> float:
    if _bare(value):
        raise ValueError(f"{shown(value)} is a bare number; write a rate such as 50/s")
    rate = parse_rate(value)
    if rate <= 0:
        raise ValueError(f"{shown(value)} is zero; expected a rate above it")
    return rate


def _count(value: Any) -> int:
    if isinstance(value, str) and re.fullmatch(r"\d{1,9}", value.strip()):
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"{shown(value)} is not a whole number")
    return value


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
        raise _wrong(f"{shown(value)} is not true or false")
    return value


def _url(value: Any) -> str:
    text = _text(value)
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
    text = _text(value).upper()
    if text not in _METHODS:
        raise ValueError(f"{shown(value)} is not an HTTP method, such as GET or POST")
    return text


_REFERENCE = r"\$\{"  # a value from the environment, whatever it is


def _written(pattern: str, *examples: str) -> WithJsonSchema:
    either = f"({pattern})|{_REFERENCE}"
    return WithJsonSchema(
        {"type": "string", "pattern": either, "examples": list(examples)}
    )


def _number(schema: dict[str, Any]) -> WithJsonSchema:
    reference = {"type": "string", "pattern": _REFERENCE}
    return WithJsonSchema({"anyOf": [schema, reference]})


_DURATION = _written(r"^(\d+(\.\d+)?(ms|s|m|h|d|w))+$", "500ms", "30s", "5m", "1h30m")
_PERCENT = _written(r"^\d+(\.\d+)?\s*%$", "34%")
_HTTP = {"type": "string", "pattern": "^https?://[^@/]+|" + _REFERENCE}

_TEXT = WithJsonSchema({"type": "string"})
Text = Annotated[str, PlainValidator(_text), _TEXT]
Line = Annotated[str, PlainValidator(_line), _TEXT]
Word = Annotated[str, PlainValidator(_word), _TEXT]
Namespace = Annotated[
    str, PlainValidator(_namespace), _written(f"^{NAME}$", "shop", "shop-staging")
]
Body = Annotated[str, PlainValidator(_body), _TEXT]
Receivers = Annotated[
    tuple[str, ...],
    PlainValidator(_receivers),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string"},
                {
                    "type": "array",
                    "items": {"type": "string"},
                    "minItems": 1,
                    "uniqueItems": True,
                },
            ]
        }
    ),
]
Duration = Annotated[float, PlainValidator(_duration), _DURATION]
PositiveDuration = Annotated[float, PlainValidator(_above_zero), _DURATION]
Share = Annotated[float, PlainValidator(_share), _PERCENT]
PositiveShare = Annotated[float, PlainValidator(_some), _PERCENT]
Rate = Annotated[
    float, PlainValidator(_rate), _written(r"^\d+(\.\d+)?\s*/\s*(s|m|h)$", "50/s")
]
Count = Annotated[
    int, PlainValidator(_count), _number({"type": "integer", "minimum": 0})
]
Times = Annotated[
    float,
    PlainValidator(_times),
    _number({"type": "number", "exclusiveMinimum": 0}),
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
Listen = Annotated[str, PlainValidator(_listen), _written(r"^.*:\d+$", "0.0.0.0:9099")]
Method = Annotated[str, PlainValidator(_method), _TEXT]
