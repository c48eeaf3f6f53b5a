"""The model's own dataclasses as keys of a file, so that a key is defined once.

A field is a key where its type says of what kind its value is (gameday.model.values),
or is such a dataclass itself; what is made up while reading (a line) is none.
"""

import functools
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    PlainValidator,
    WithJsonSchema,
    create_model,
)
from pydantic_core import CoreSchema, core_schema

from gameday.model.promise import Promise
from gameday.model.values.kinds import FileKey, ValueKind

REFERENCE = {"type": "string", "pattern": r"\$\{"}  # a value from the environment


# What the keys of our files share: unknown ones are errors, nothing is coerced.
CONFIG = ConfigDict(
    extra="forbid", defer_build=True, hide_input_in_errors=True, frozen=True
)


class Into:
    """Makes pydantic read an annotated dataclass of the model from its keys.

    `by_hand`: the types of those keys that are written in another way than the model
    has them.
    """

    def __init__(self, **by_hand: Any) -> None:
        self.by_hand = by_hand

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Return the schema of the keys, and the dataclass as what they are read to."""
        wire = _wire(source, self.by_hand) if self.by_hand else wire_of(source)

        def made(read: BaseModel) -> Any:
            given = {name: getattr(read, name) for name in type(read).model_fields}
            return source(**{name: _as_model(value) for name, value in given.items()})

        schema = handler.generate_schema(wire)
        return core_schema.no_info_after_validator_function(made, schema)


@functools.cache
def wire_of(model: type) -> type[BaseModel]:
    """Return the keys of a dataclass of the model, as pydantic has them."""
    return _wire(model, {})


def _wire(model: type, by_hand: Mapping[str, Any]) -> type[BaseModel]:
    hints = get_type_hints(model, include_extras=True)
    keys: dict[str, Any] = {}
    for field in fields(model):
        written = by_hand.get(field.name) or as_written(hints[field.name])
        if written is not None:
            keys[field.name] = (written, _field(field, hints[field.name]))
    return create_model(
        model.__name__, __config__=CONFIG, __doc__=model.__doc__, **keys
    )


def _field(field: Any, hint: Any) -> Any:
    known = getattr(hint, "__metadata__", ())
    alias = next((key.name for key in known if isinstance(key, FileKey)), None)
    if field.default_factory is not MISSING:
        return Field(default_factory=field.default_factory, alias=alias)
    required = field.default is MISSING
    return Field(... if required else field.default, alias=alias)


def as_written(hint: Any) -> Any:
    """Return a type of the model as pydantic reads it; None: it is no key's."""
    if is_dataclass(hint) and isinstance(hint, type):
        return Annotated[hint, Into()] if wire_of(hint).model_fields else None
    origin, args = get_origin(hint), get_args(hint)
    if origin is Annotated:
        kinds = [_kind(known) for known in args[1:]]
        whole = [of_kind(kind) for kind in kinds if kind is not None]
        return whole[0] if whole else as_written(args[0])
    if origin in (Union, UnionType):
        inner = as_written(args[0])
        return None if inner is None else inner | None
    inner = as_written(args[-1 if origin is not tuple else 0]) if args else None
    if inner is None:
        return None
    return dict[str, inner] if origin is not tuple else list[inner]  # type: ignore[valid-type]


def _kind(known: Any) -> ValueKind[Any] | None:
    known = known.kind if isinstance(known, Promise) else known
    return known if isinstance(known, ValueKind) else None


def of_kind(kind: ValueKind[Any]) -> Any:
    """Return a kind of value as pydantic reads it."""
    return Annotated[Any, PlainValidator(kind.read), either(kind.schema)]


def either(schema: Mapping[str, Any]) -> WithJsonSchema:
    """Return a JSON Schema that takes a reference to the environment as well."""
    if "pattern" in schema:
        pattern = f"({schema['pattern']})|{REFERENCE['pattern']}"
        return WithJsonSchema({**schema, "pattern": pattern})
    if schema.get("type") in ("integer", "number"):
        return WithJsonSchema({"anyOf": [dict(schema), REFERENCE]})
    return WithJsonSchema(dict(schema))


def _as_model(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
