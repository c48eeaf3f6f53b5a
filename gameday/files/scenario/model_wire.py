"""The model's own dataclasses as keys of a file, so that a key is defined once.

A field is a key where its type says of what kind its value is (gameday.model.values),
or is such a dataclass itself; what is made up while reading (a line) is none. Where a
file writes it in another form, its type says so (gameday.model.values.file_form).
"""

import functools
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    Generic,
    NamedTuple,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    GetCoreSchemaHandler,
    PlainValidator,
    Tag,
    TypeAdapter,
    ValidationInfo,
    WithJsonSchema,
    create_model,
)
from pydantic_core import CoreSchema, core_schema

from gameday.files.text.source import beside
from gameday.model.promise import Promise
from gameday.model.values.file_form import (
    FileDefault,
    Group,
    MappingOf,
    Meaning,
    WrittenAs,
)
from gameday.model.values.kinds import PATH, FileKey, ValueKind

REFERENCE = {"type": "string", "pattern": r"\$\{"}  # a value from the environment


# What the keys of our files share: unknown ones are errors, nothing is coerced.
CONFIG = ConfigDict(
    extra="forbid", defer_build=True, hide_input_in_errors=True, frozen=True
)


_Said = TypeVar("_Said")
_Model = TypeVar("_Model")


class Into:
    """Makes pydantic read an annotated dataclass of the model from its keys.

    `title`: what the JSON Schema calls it, where that is not the class's name.
    `by_hand`: the types of those keys that are written in another way than the model
    has them; what is none of its fields is looked at, and not kept.
    """

    def __init__(self, title: str = "", /, **by_hand: Any) -> None:
        self.title, self.by_hand = title, by_hand
        self._wires: dict[type, type[BaseModel]] = {}

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Return the schema of the keys, and the dataclass as what they are read to."""
        schema = handler.generate_schema(self.wire(source))
        groups = {
            field: group.key
            for field, _, group in _keys(source, self.by_hand)
            if group is not None
        }

        def made(read: BaseModel) -> Any:
            return source(**self._values(read, groups, source))

        return core_schema.no_info_after_validator_function(made, schema)

    def wire(self, source: type) -> type[BaseModel]:
        """Return the keys, as pydantic has them."""
        if not self.title and not self.by_hand:
            return wire_of(source)
        if source not in self._wires:
            self._wires[source] = _wire(source, self.title, self.by_hand)
        return self._wires[source]

    def _values(
        self, read: BaseModel, groups: Mapping[str, str], source: type
    ) -> Mapping[str, Any]:
        """Return the values of the dataclass's fields."""
        values: dict[str, Any] = {}
        for field in fields(source):
            group = getattr(read, groups[field.name]) if field.name in groups else read
            if group is None:
                values[field.name] = None
            elif field.name in type(group).model_fields:
                values[field.name] = _as_model(getattr(group, field.name))
        return values


class IntoMapping(Into):
    """Makes pydantic read the keys of a dataclass as a mapping of what is there."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Return the schema of the keys, and a mapping as what they are read to."""
        schema = handler.generate_schema(self.wire(source))

        def made(read: BaseModel) -> Mapping[str, Any]:
            given = read.model_fields_set
            names = [name for name in type(read).model_fields if name in given]
            return {name: _as_model(getattr(read, name)) for name in names}

        return core_schema.no_info_after_validator_function(made, schema)


class FileFormat(Generic[_Model]):
    """A kind of file, which is read into a dataclass of the model.

    `by_hand`: as of `Into`.
    """

    def __init__(self, model: type[_Model], **by_hand: Any) -> None:
        self.model, self._into = model, Into(**by_hand)

    @functools.cached_property
    def _reader(self) -> TypeAdapter[_Model]:
        annotated: Any = Annotated[self.model, self._into]
        return TypeAdapter(annotated)

    @property
    def keys(self) -> type[BaseModel]:
        """The keys of the file, as pydantic has them."""
        return self._into.wire(self.model)

    def read(self, value: Any, path: str) -> _Model:
        """Return what a file has; pydantic's ValidationError where it is wrong.

        `path`: that of the file, at which paths in it begin.
        """
        return self._reader.validate_python(value, context=path)

    def json_schema(self) -> dict[str, Any]:
        """Return the JSON Schema of the file."""
        return self._reader.json_schema(by_alias=True)


@functools.cache
def wire_of(model: type) -> type[BaseModel]:
    """Return the keys of a dataclass of the model, as pydantic has them."""
    return _wire(model, "", {})


def _wire(model: type, title: str, by_hand: Mapping[str, Any]) -> type[BaseModel]:
    own = {field.name for field in fields(model)}
    keys: dict[str, Any] = {
        name: (known, ...) for name, known in by_hand.items() if name not in own
    }
    groups: dict[Group, dict[str, Any]] = {}
    for name, key, group in _keys(model, by_hand):
        if group is None:
            keys[name] = key
        elif group in groups:
            groups[group][name] = key
        else:
            groups[group] = keys[group.key] = {name: key}
    for group, below in groups.items():
        keys[group.key] = _grouped(group, below)
    return _created(title or model.__name__, model.__doc__ or "", keys)


def _grouped(group: Group, keys: Mapping[str, Any]) -> Any:
    """Return the mapping that some keys stand in, and its default."""
    made = _created(group.title, group.about, keys)
    required = any(field.is_required() for _, field in keys.values())
    default: dict[str, Any] = {} if required else {"default": None}
    known = made if required else made | None
    return known, Field(**default, description=group.meaning or None)


def _created(title: str, about: str, keys: Mapping[str, Any]) -> type[BaseModel]:
    return create_model(title, __config__=CONFIG, __doc__=about, **keys)


class _Key(NamedTuple):
    """A field that is a key: how it is written (type and default), and its group."""

    field: str
    written: Any
    group: Group | None


def _keys(model: type, by_hand: Mapping[str, Any]) -> Iterator[_Key]:
    hints = get_type_hints(model, include_extras=True)
    for field in fields(model):
        written = by_hand.get(field.name) or as_written(hints[field.name])
        if written is not None:
            known = (written, _field(field, hints[field.name]))
            yield _Key(field.name, known, _about(hints[field.name], Group))


def _field(field: Any, hint: Any) -> Any:
    key, meaning = _about(hint, FileKey), _about(hint, Meaning)
    said: dict[str, Any] = {
        "alias": key and key.name,
        "description": meaning and meaning.text,
    }
    default = _about(hint, FileDefault)
    if default is not None:
        return Field(default.value, **said)
    if field.default_factory is not MISSING:
        return Field(default_factory=field.default_factory, **said)
    return Field(... if field.default is MISSING else field.default, **said)


def _about(hint: Any, kind: type[_Said]) -> _Said | None:
    """Return what of this kind is said of a field."""
    known = getattr(hint, "__metadata__", ())
    return next(
        (annotation for annotation in known if isinstance(annotation, kind)), None
    )


def as_written(hint: Any) -> Any:
    """Return a type of the model as pydantic reads it; None: it is no key's."""
    if is_dataclass(hint) and isinstance(hint, type):
        return Annotated[hint, Into()] if wire_of(hint).model_fields else None
    origin, args = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _annotated(args[0], args[1:])
    if origin in (Union, UnionType):
        return _union([as_written(arg) for arg in args if arg is not NoneType], args)
    inner = as_written(args[-1 if origin is not tuple else 0]) if args else None
    if inner is None:
        return None
    return dict[str, inner] if origin is not tuple else list[inner]  # type: ignore[valid-type]


def _annotated(hint: Any, said: tuple[Any, ...]) -> Any:
    for known in said:
        kind = _kind(known)
        if kind is not None:
            return of_kind(kind)
        if isinstance(known, MappingOf):
            return Annotated[known.keys, IntoMapping()]
        if isinstance(known, WrittenAs):
            return Annotated[as_written(hint), BeforeValidator(known.change)]
    return as_written(hint)


def _union(ways: list[Any], args: tuple[Any, ...]) -> Any:
    """Return one type, which may be absent, or text (the first) or a mapping."""
    if None in ways:
        return None
    if len(ways) == 1:
        return ways[0] | None if NoneType in args else ways[0]
    text, mapping = ways
    return Annotated[
        Annotated[text, Tag("text")] | Annotated[mapping, Tag("mapping")],
        Discriminator(_is_mapping),
    ]


def _is_mapping(value: Any) -> str:
    return "mapping" if isinstance(value, dict) else "text"


def _kind(known: Any) -> ValueKind[Any] | None:
    known = known.kind if isinstance(known, Promise) else known
    return known if isinstance(known, ValueKind) else None


def of_kind(kind: ValueKind[Any]) -> Any:
    """Return a kind of value as pydantic reads it."""
    read = PlainValidator(_path if kind is PATH else kind.read)
    return Annotated[Any, read, WithJsonSchema(either(kind.schema))]


def _path(value: Any, read: ValidationInfo) -> str:
    """Return a path that begins at the file, which is the context of the reading."""
    name = PATH.read(value)
    return name if read.context is None else beside(read.context, name)


def either(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return a JSON Schema that takes a reference to the environment as well."""
    if "pattern" in schema:
        pattern = f"({schema['pattern']})|{REFERENCE['pattern']}"
        return {**schema, "pattern": pattern}
    if schema.get("type") in ("integer", "number"):
        return {"anyOf": [dict(schema), REFERENCE]}
    if "anyOf" in schema:
        return {**schema, "anyOf": [either(way) for way in schema["anyOf"]]}
    if "properties" in schema:
        below = {name: either(key) for name, key in schema["properties"].items()}
        return {**schema, "properties": below}
    return dict(schema)


def _as_model(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
