"""The kinds of values in a scenario as pydantic takes them, each with its JSON Schema.

Those that a fault's arguments have as well are in gameday.model.values.kinds.
"""

from typing import Annotated, Any

from pydantic import PlainValidator, WithJsonSchema

from gameday.files.scenario.model_wire import either
from gameday.model.quoting import shown
from gameday.model.values.kinds import FLAG, TEXT, read_line, read_text, written
from gameday.model.values.namespace import EXPECTED, NAME, is_name


def _read_word(value: Any) -> str:
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


_TEXT = WithJsonSchema(either(TEXT.schema))
_NAMESPACE = written(f"^{NAME}$", "shop", "shop-staging")
Text = Annotated[str, PlainValidator(read_text), _TEXT]
Line = Annotated[str, PlainValidator(read_line), _TEXT]
Word = Annotated[str, PlainValidator(_read_word), _TEXT]
Namespace = Annotated[
    str, PlainValidator(_namespace), WithJsonSchema(either(_NAMESPACE))
]
Flag = Annotated[bool, PlainValidator(FLAG.read), WithJsonSchema(either(FLAG.schema))]
