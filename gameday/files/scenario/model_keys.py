"""The model's own dataclasses as keys of a file, so that a key is defined once.

A field is a key where its type says of what kind its value is (gameday.model.values),
or is such a dataclass itself; what is made up while reading (a line) is none. Where a
file writes it in another form, its type says so (gameday.model.values.file_form).
"""

import functools
import inspect
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

from pydantic_core import SchemaValidator

from gameday.files.scenario.forms import (
    Before,
    ByShape,
    Form,
    JsonSchema,
    Key,
    Keys,
    ListOf,
    MapOf,
    OfKind,
    Optional,
)
from gameday.model.promise import Promise
from gameday.model.values.file_form import (
    FileDefault,
    Group,
    MappingOf,
    Meaning,
    WrittenAs,
)
from gameday.model.values.kinds import FileKey, ValueKind

_Known = TypeVar("_Known")
_Model = TypeVar("_Model")


class FileFormat(Generic[_Model]):
    """A kind of file, which is read into a dataclass of the model.

    `by_hand`: as of `keys_of`.
    """

    def __init__(self, model: type[_Model], **by_hand: Form) -> None:
        self._model, self._by_hand = model, by_hand

    @functools.cached_property
    def keys(self) -> Keys:
        """The keys of the file."""
        return keys_of(self._model, **self._by_hand)

    @functools.cached_property
    def _reader(self) -> SchemaValidator:
        return SchemaValidator(self.keys.core())

    def read(self, value: Any, path: str) -> _Model:
        """Return what a file has; pydantic's ValidationError where it is wrong.

        `path`: that of the file, at which paths in it begin.
        """
        model: _Model = self._reader.validate_python(value, context=path)
        return model

    def json_schema(self) -> JsonSchema:
        """Return the JSON Schema of the file."""
        parts: dict[str, JsonSchema] = {}
        whole = self.keys.object(parts)
        return {**whole, "$defs": parts}


def keys_of(model: type, title: str = "", /, **by_hand: Form) -> Keys:
    """Return the keys of a dataclass of the model, which they are read to.

    `title`: what the JSON Schema calls it, where that is not the class's name.
    `by_hand`: the forms of those keys that are written in another way than the model
    has them; what is none of its fields is required, looked at, and not kept.
    """
    written = tuple(_fields(model, by_hand))
    return Keys(
        title or model.__name__,
        _doc(model),
        _known(model, written, by_hand),
        lambda read: model(**dict(_values(written, read))),
    )


@functools.cache
def _keys_alone(model: type) -> Keys:
    return keys_of(model)


class _Field(NamedTuple):
    """A field that is a key. `default`: what the file means that leaves it out."""

    name: str
    key: str
    written: Key
    default: FileDefault | None
    group: Group | None


def _fields(model: type, by_hand: Mapping[str, Form]) -> Iterator[_Field]:
    hints = get_type_hints(model, include_extras=True)
    for field in fields(model):
        hint = hints[field.name]
        form = by_hand.get(field.name) or form_of(hint)
        if form is None:
            continue
        key, meaning = _about(hint, FileKey), _about(hint, Meaning)
        default = _about(hint, FileDefault)
        none = field.default is MISSING and field.default_factory is MISSING
        required = none if default is None else default.value is ...
        yield _Field(
            name=field.name,
            key=key.name if key else field.name,
            written=Key(
                form=form, required=required, meaning=meaning.text if meaning else ""
            ),
            default=None if required else default,
            group=_about(hint, Group),
        )


def _known(
    model: type, written: tuple[_Field, ...], by_hand: Mapping[str, Form]
) -> dict[str, Key]:
    """Return all keys: those that are no fields, the fields, and their groups."""
    own = {field.name for field in fields(model)}
    known = {
        name: Key(form=form, required=True)
        for name, form in by_hand.items()
        if name not in own
    }
    for field in written:
        if field.group is None:
            known[field.key] = field.written
        elif field.group.key not in known:
            known[field.group.key] = _grouped(field.group, written)
    return known


def _grouped(group: Group, written: tuple[_Field, ...]) -> Key:
    """Return the mapping that some keys stand in."""
    below = {field.key: field.written for field in written if field.group == group}
    keys = Keys(group.title, group.about, below, dict)
    required = any(key.required for key in below.values())
    return Key(
        form=keys if required else Optional(keys),
        required=required,
        meaning=group.meaning,
    )


def _values(
    written: tuple[_Field, ...], read: Mapping[str, Any]
) -> Iterator[tuple[str, Any]]:
    """Yield the value of each field that a file says something of."""
    for field in written:
        keys = read if field.group is None else read.get(field.group.key)
        if keys is None:
            yield field.name, None
        elif field.key in keys:
            yield field.name, keys[field.key]
        elif field.default is not None:
            yield field.name, field.default.value


def _mapping_of(model: type) -> Keys:
    """Return the keys of a dataclass, which are read to a mapping of what is there."""
    written = tuple(_fields(model, {}))

    def read(values: Mapping[str, Any]) -> Mapping[str, Any]:
        return {
            field.name: values[field.key] for field in written if field.key in values
        }

    return Keys(model.__name__, _doc(model), _known(model, written, {}), read)


def form_of(hint: Any) -> Form | None:
    """Return how a file writes a type of the model; None: it is no key's."""
    if is_dataclass(hint) and isinstance(hint, type):
        keys = _keys_alone(hint)
        return keys if keys.known else None
    origin, args = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _annotated(args[0], args[1:])
    if origin in (Union, UnionType):
        return _union([form_of(arg) for arg in args if arg is not NoneType], args)
    inner = form_of(args[-1 if origin is not tuple else 0]) if args else None
    if inner is None:
        return None
    return MapOf(inner) if origin is not tuple else ListOf(inner)


def _annotated(hint: Any, about: tuple[Any, ...]) -> Form | None:
    for known in about:
        kind = known.kind if isinstance(known, Promise) else known
        if isinstance(kind, ValueKind):
            return OfKind(kind)
        if isinstance(known, MappingOf):
            return _mapping_of(known.keys)
        if isinstance(known, WrittenAs):
            form = form_of(hint)
            return form and Before(form, known.change)
    return form_of(hint)


def _union(forms: list[Form | None], args: tuple[Any, ...]) -> Form | None:
    """Return one form, which may be empty, or text (the first) or a mapping."""
    known = [form for form in forms if form is not None]
    if len(known) < len(forms):
        return None
    if len(known) == 1:
        return Optional(known[0]) if NoneType in args else known[0]
    text, mapping = known
    return ByShape(_text_or_mapping, text=text, mapping=mapping)


def _text_or_mapping(value: Any) -> str:
    return "mapping" if isinstance(value, dict) else "text"


def _about(hint: Any, kind: type[_Known]) -> _Known | None:
    """Return what of this kind is said of a field."""
    known = getattr(hint, "__metadata__", ())
    return next(
        (annotation for annotation in known if isinstance(annotation, kind)), None
    )


def _doc(model: type) -> str:
    return inspect.cleandoc(model.__doc__ or "")
