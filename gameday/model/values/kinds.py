"""Kinds of values that people write: how each is read, and its JSON Schema.

A scenario's keys and a fault's arguments are of these kinds. `check` and an injection
read with the same functions, so that what the one takes the other takes as well. Each
raises ValueError, with a sentence for a person, for what is not of its kind.
"""

import re
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar
from urllib.parse import urlsplit

from gameday.model.quantity import (
    parse_bit_rate,
    parse_duration,
    parse_rate,
    parse_share,
)
from gameday.model.quoting import shown
from gameday.model.values.listen_address import host_and_port
from gameday.model.values.namespace import object_name

MOST_DIGITS = 9  # of a whole number
_TOO_LARGE = 10**MOST_DIGITS
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_USUAL_SIGNALS = ("SIGKILL", "SIGTERM", "SIGSEGV", "SIGABRT")

Value = TypeVar("Value")


class UnknownWord(ValueError):
    """A word that is none of the known ones; a reader may guess which one was meant."""

    def __init__(self, message: str, word: str, known: Sequence[str]) -> None:
        super().__init__(f"{message}; expected one of {', '.join(known)}")
        self.message, self.word, self.known = message, word, tuple(known)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ValueKind(Generic[Value]):
    """A kind of value. `meaning`: what the reference says of it.

    `read` takes text, or the value as it is. `schema`: JSON Schema of the text.
    """

    meaning: str
    read: Callable[[object], Value]
    schema: Mapping[str, Any]


class FileKey(NamedTuple):
    """What a file calls a field, where the name means something else in Python."""

    name: str


def read_text(value: object) -> str:
    """Return text that says something."""
    if not isinstance(value, str):
        what = (
            "expected text" if isinstance(value, list | dict) else "write it in quotes"
        )
        raise ValueError(f"{shown(value)} is not text; {what}")  # noqa: TRY004
    if not value.strip():
        raise ValueError("is empty; expected text")
    return value


def _any_text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{shown(value)} is not text; write it in quotes")  # noqa: TRY004
    return value


def _flag(value: object) -> bool:
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    if not isinstance(value, bool):
        raise ValueError(f"{shown(value)} is not true or false")  # noqa: TRY004
    return value


def read_line(value: object) -> str:
    """Return text that is one line, without control characters."""
    text = read_text(value)
    if not text.isprintable():
        raise ValueError(f"{shown(value)} has a control character in it; remove it")
    return text


def _name(value: object) -> str:
    return read_line(read_text(value).strip())


def _object(value: object) -> str:
    return object_name(read_text(value).strip())


def _names(value: object) -> tuple[str, ...]:
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list | tuple):
        raise ValueError(f"{shown(value)} is not a list of names")  # noqa: TRY004
    texts = [part for part in parts if not isinstance(part, str) or part.strip()]
    # No names at all would be taken as not given, which means everybody.
    if not texts:
        raise ValueError("the list is empty; name at least one")
    if len(texts) < len(parts):
        raise ValueError(f"{shown(value)} has an empty name in it; remove it")
    return tuple(map(_name, texts))


def _receivers(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        return (read_text(value),)
    names = tuple(map(read_text, value))
    if not names:
        raise ValueError("is an empty list; expected at least one receiver")
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f"{shown(twice)} is named twice; name each receiver once")
    return names


def _positive_duration(value: object) -> float:
    seconds = parse_duration(value)
    if seconds <= 0:
        raise ValueError(f"{shown(value)} is zero; expected a duration above it")
    return seconds


def _positive_share(value: object) -> float:
    share = parse_share(value)
    if not 0 < share <= 1:
        raise ValueError(f"{shown(value)} is not above 0% and at most 100%")
    return share


def _positive_rate(value: object) -> float:
    rate = parse_rate(value)
    if rate <= 0:
        raise ValueError(f"{shown(value)} is zero; expected a rate above it")
    return rate


def _burn_rate(value: object) -> float:
    text = value.removesuffix("x") if isinstance(value, str) else value
    try:
        times = 0.0 if isinstance(text, bool) else float(text)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        times = 0.0
    if not 0 < times < float("inf"):
        raise ValueError(f"{shown(value)} is no burn rate; expected one such as 14.4")
    return times


def _whole(least: int) -> Callable[[object], int]:
    def read(value: object) -> int:
        digits = _digits(value)
        if len(digits) > MOST_DIGITS:
            most = f"at most {MOST_DIGITS} digits"
            raise ValueError(f"{shown(value)} is too large; expected {most}")
        if not digits or int(digits) < least:
            raise ValueError(f"{shown(value)} is not a whole number of {least} or more")
        return int(digits)

    return read


def _digits(value: object) -> str:
    """Return the digits of a whole number, as text or as it is; empty for all else."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return ""
    text = value.strip() if isinstance(value, str) else str(min(value, _TOO_LARGE))
    return (text.lstrip("0") or "0") if re.fullmatch(r"[0-9]+", text) else ""


def _signal(value: object) -> str:
    digits = _digits(value)
    if 0 < len(digits) <= MOST_DIGITS and int(digits) in set(signal.Signals):
        return signal.Signals(int(digits)).name
    name = value.strip().upper() if isinstance(value, str) else ""
    name = name if name.startswith("SIG") else f"SIG{name}"
    if name not in signal.Signals.__members__:
        raise UnknownWord(f"{shown(value)} is not a signal", name, _USUAL_SIGNALS)
    return signal.Signals[name].name


def _url(value: object) -> str:
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


def _probed(value: object) -> str:
    if not isinstance(value, dict):
        return _url(value)
    if set(value) != {"url"}:
        raise ValueError("expected a URL, or a mapping with url alone")
    return _url(value["url"])


def _method(value: object) -> str:
    text = read_text(value).upper()
    if text not in _METHODS:
        raise ValueError(f"{shown(value)} is not an HTTP method, such as GET or POST")
    return text


def _listen(value: object) -> str:
    host_and_port(value)
    return str(value)


def one_of(*known: str) -> ValueKind[str]:
    """Return the kind that is one of a few words."""

    def read(value: object) -> str:
        if value not in known:
            raise UnknownWord(f"{shown(value)} is not known", str(value), known)
        return str(value)

    meaning = f"one of {', '.join(f'`{word}`' for word in known)}"
    schema = {"type": "string", "enum": list(known)}
    return ValueKind(meaning=meaning, read=read, schema=schema)


def word_for(meanings: Mapping[str, Value]) -> ValueKind[Value]:
    """Return the kind that is one of a few words, each of which stands for a value."""
    word = one_of(*meanings)
    return ValueKind(
        meaning=word.meaning,
        read=lambda value: meanings[word.read(value)],
        schema=word.schema,
    )


def written(pattern: str, *examples: str) -> Mapping[str, Any]:
    """Return the JSON Schema of text that has a pattern."""
    known = {"examples": list(examples)} if examples else {}
    return {"type": "string", "pattern": pattern, **known}


_TEXT = {"type": "string"}
_DURATIONS = written(r"^(\d+(\.\d+)?(ms|s|m|h|d|w))+$", "500ms", "30s", "5m", "1h30m")
_SHARES = written(r"^\d+(\.\d+)?\s*%$", "34%")

TEXT = ValueKind(meaning="text", read=read_text, schema=_TEXT)
ANY_TEXT = ValueKind(meaning="text, also empty", read=_any_text, schema=_TEXT)
FLAG = ValueKind(meaning="true or false", read=_flag, schema={"type": "boolean"})
NAME = ValueKind(meaning="text", read=_name, schema=_TEXT)
NAMES = ValueKind(
    meaning="one name or a list of them",
    read=_names,
    schema={"anyOf": [_TEXT, {"type": "array", "items": _TEXT, "minItems": 1}]},
)
RECEIVERS = ValueKind(
    meaning="a receiver's name or a list of them",
    read=_receivers,
    schema={
        "anyOf": [
            _TEXT,
            {"type": "array", "items": _TEXT, "minItems": 1, "uniqueItems": True},
        ]
    },
)
PATH = ValueKind(
    meaning="a path, which begins at the file", read=read_text, schema=_TEXT
)
OBJECT = ValueKind(
    meaning="the name of an object in the cluster", read=_object, schema=_TEXT
)
DURATION = ValueKind(
    meaning="a duration: `500ms`, `30s`, `5m`, `1h30m`",
    read=parse_duration,
    schema=_DURATIONS,
)
POSITIVE_DURATION = ValueKind(
    meaning="a duration: `500ms`, `30s`, `5m`, `1h30m`",
    read=_positive_duration,
    schema=_DURATIONS,
)
SHARE = ValueKind(meaning="a share: `34%`", read=parse_share, schema=_SHARES)
POSITIVE_SHARE = ValueKind(
    meaning="a share: `34%`", read=_positive_share, schema=_SHARES
)
RATE = ValueKind(
    meaning="a rate: `50/s`",
    read=_positive_rate,
    schema=written(r"^\d+(\.\d+)?\s*/\s*(s|m|h)$", "50/s"),
)
BIT_RATE = ValueKind(
    meaning="bits per second: `512kbit`, `10mbit`, `1gbit`",
    read=parse_bit_rate,
    schema=written(r"^\d+(\.\d+)?\s*[gmk]?bit$", "512kbit", "10mbit"),
)
URL = ValueKind(
    meaning="an HTTP URL",
    read=_url,
    schema=written("^https?://[^@/]+"),
)
PROBED = ValueKind(
    meaning="an HTTP URL, or a mapping with `url`",
    read=_probed,
    schema={
        "anyOf": [
            URL.schema,
            {
                "type": "object",
                "properties": {"url": URL.schema},
                "required": ["url"],
                "additionalProperties": False,
            },
        ]
    },
)
BURN_RATE = ValueKind(
    meaning="a burn rate: `14.4`",
    read=_burn_rate,
    schema={"type": "number", "exclusiveMinimum": 0},
)
LISTEN = ValueKind(
    meaning="HOST:PORT", read=_listen, schema=written(r"^.*:\d+$", "0.0.0.0:9099")
)
METHOD = ValueKind(meaning="an HTTP method", read=_method, schema=_TEXT)
NUMBER = ValueKind(
    meaning="a whole number, also 0",
    read=_whole(0),
    schema={"type": "integer", "minimum": 0},
)
COUNT = ValueKind(
    meaning="a whole number of 1 or more",
    read=_whole(1),
    schema={"type": "integer", "minimum": 1},
)
SIGNAL = ValueKind(
    meaning="a signal's name: `SIGKILL`, `SIGTERM`, …", read=_signal, schema=_TEXT
)
