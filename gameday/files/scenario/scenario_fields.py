"""The kinds of values in a scenario as pydantic takes them, each with its JSON Schema.

Those that a fault's arguments have as well are in gameday.model.values.kinds.
"""

from typing import Annotated, Any

from pydantic import PlainValidator, WithJsonSchema

from gameday.files.scenario.model_wire import either
from gameday.model.quoting import shown
from gameday.model.values.kinds import (
    DURATION,
    FLAG,
    NUMBER,
    POSITIVE_DURATION,
    POSITIVE_SHARE,
    SHARE,
    TEXT,
    URL,
    read_line,
    read_text,
    written,
)
from gameday.model.values.namespace import EXPECTED, NAME, is_name


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


def _probed(value: Any) -> str:
    if not isinstance(value, dict):
        return URL.read(value)
    if set(value) != {"url"}:
        raise ValueError("expected a URL, or a mapping with url alone")
    return URL.read(value["url"])


_TEXT = either(TEXT.schema)
Text = Annotated[str, PlainValidator(read_text), _TEXT]
Line = Annotated[str, PlainValidator(read_line), _TEXT]
Word = Annotated[str, PlainValidator(_word), _TEXT]
Namespace = Annotated[
    str,
    PlainValidator(_namespace),
    either(written(f"^{NAME}$", "shop", "shop-staging")),
]
Duration = Annotated[float, PlainValidator(DURATION.read), either(DURATION.schema)]
PositiveDuration = Annotated[
    float, PlainValidator(POSITIVE_DURATION.read), either(POSITIVE_DURATION.schema)
]
Share = Annotated[float, PlainValidator(SHARE.read), either(SHARE.schema)]
PositiveShare = Annotated[
    float, PlainValidator(POSITIVE_SHARE.read), either(POSITIVE_SHARE.schema)
]
Count = Annotated[int, PlainValidator(NUMBER.read), either(NUMBER.schema)]
Times = Annotated[
    float,
    PlainValidator(_times),
    either({"type": "number", "exclusiveMinimum": 0}),
]
Flag = Annotated[bool, PlainValidator(FLAG.read), either(FLAG.schema)]
Url = Annotated[str, PlainValidator(URL.read), either(URL.schema)]
_HTTP = either(URL.schema).json_schema
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
