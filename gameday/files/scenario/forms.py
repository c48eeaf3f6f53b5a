"""The forms of values in a file: how each is read, and its JSON Schema.

They are read by pydantic's core alone: importing pydantic and making its models took
half of a whole `gameday check`.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

from pydantic_core import CoreSchema, core_schema

from gameday.files.text.source import beside
from gameday.frozen import frozen
from gameday.model.values.kinds import PATH, ValueKind

REFERENCE = {"type": "string", "pattern": r"\$\{"}  # a value from the environment

JsonSchema = dict[str, Any]
Change = Callable[[Any], Any]


class Form(ABC):
    """How a value is written."""

    @abstractmethod
    def core(self) -> CoreSchema:
        """Return what pydantic's core reads it by."""

    @abstractmethod
    def json(self, parts: dict[str, JsonSchema]) -> JsonSchema:
        """Return its JSON Schema; that of each mapping in it goes to `parts`."""

    def keys(self) -> "Keys | None":
        """Return the keys of the mapping that it is, or of those that it holds."""
        return None


@frozen(kw_only=False)
class OfKind(Form):
    """A value of a kind that files and faults share, or a reference to one."""

    kind: ValueKind[Any]

    def core(self) -> CoreSchema:
        """Return the function that reads it."""
        if self.kind is PATH:
            return core_schema.with_info_plain_validator_function(_path)
        return core_schema.no_info_plain_validator_function(self.kind.read)

    def json(self, parts: dict[str, JsonSchema]) -> JsonSchema:
        """Return the schema of the kind's text."""
        del parts
        return either(self.kind.schema)


@frozen(kw_only=False)
class Word(Form):
    """One word, always the same."""

    text: str

    def core(self) -> CoreSchema:
        """Return the schema of that word."""
        return core_schema.literal_schema([self.text])

    def json(self, parts: dict[str, JsonSchema]) -> JsonSchema:
        """Return the schema of that word."""
        del parts
        return {"const": self.text, "type": "string"}


@frozen(kw_only=False)
class Anything(Form):
    """Any value."""

    def core(self) -> CoreSchema:
        """Return the schema that takes all."""
        return core_schema.any_schema()

    def json(self, parts: dict[str, JsonSchema]) -> JsonSchema:
        """Return the schema that takes all."""
        del parts
        return {}


@frozen(kw_only=False)
class Holder(Form):
    """A form that holds another one."""

    inner: Form

    def core(self) -> CoreSchema:
        """Return what the other one is read by."""
        return self.inner.core()

    def json(self, parts: dict[str, JsonSchema]) -> JsonSchema:
        """Return the schema of the other one."""
        return self.inner.json(parts)

    def keys(self) -> "Keys | None":
        """Return the keys of the other one."""
        return self.inner.keys()


@frozen(kw_only=False)
class Optional(Holder):
    """A value that may be empty."""

    def core(self) -> CoreSchema:
        """Return a schema that takes None as well."""
        return core_schema.nullable_schema(self.inner.core())


@frozen(kw_only=False)
class After(Holder):
    """A value that is changed when it was read."""

    change: Change

    def core(self) -> CoreSchema:
        """Return the schema with the change behind it."""
        return core_schema.no_info_after_validator_function(
            self.change, self.inner.core()
        )


@frozen(kw_only=False)
class Before(Holder):
    """A value that is changed before it is read."""

    change: Change

    def core(self) -> CoreSchema:
        """Return the schema with the change before it."""
        return core_schema.no_info_before_validator_function(
            self.change, self.inner.core()
        )


@frozen(kw_only=False)
class ListOf(Holder):
    """A list of at least `fewest` values; it is read to a tuple."""

    fewest: int = 0

    def core(self) -> CoreSchema:
        """Return the schema of the list."""
        schema = core_schema.list_schema(self.inner.core(), min_length=self.fewest)
        return core_schema.no_info_after_validator_function(tuple, schema)

    def json(self, parts: dict[str, JsonSchema]) -> JsonSchema:
        """Return the schema of the list."""
        fewest = {"minItems": self.fewest} if self.fewest else {}
        return {"type": "array", "items": self.inner.json(parts), **fewest}


@frozen(kw_only=False)
class MapOf(Holder):
    """A mapping of any keys."""

    def core(self) -> CoreSchema:
        """Return the schema of the mapping."""
        return core_schema.dict_schema(core_schema.str_schema(), self.inner.core())

    def json(self, parts: dict[str, JsonSchema]) -> JsonSchema:
        """Return the schema of the mapping."""
        values = self.inner.json(parts)
        return {
            "type": "object",
            **({"additionalProperties": values} if values else {}),
        }


class ByShape(Form):
    """One of several forms; `shape` returns the name of the one that a value has."""

    def __init__(self, shape: Callable[[Any], str], /, **forms: Form) -> None:
        self._shape, self._forms = shape, forms

    def core(self) -> CoreSchema:
        """Return the schema of all of them."""
        return core_schema.tagged_union_schema(
            {name: form.core() for name, form in self._forms.items()}, self._shape
        )

    def json(self, parts: dict[str, JsonSchema]) -> JsonSchema:
        """Return the schema of one of them."""
        return {"oneOf": [form.json(parts) for form in self._forms.values()]}

    def keys(self) -> "Keys | None":
        """Return the keys of the first that is a mapping."""
        held = (form.keys() for form in self._forms.values())
        return next((keys for keys in held if keys is not None), None)


@frozen
class Key:
    """One key of a mapping; `meaning`: what the JSON Schema says of it."""

    form: Form
    required: bool = False
    meaning: str = ""


@frozen(kw_only=False)
class Keys(Form):
    """A mapping of known keys; `title` and `about` are those of its JSON Schema.

    `read`: what makes of the values by key what it is read to.
    """

    title: str
    about: str
    known: Mapping[str, Key]
    read: Change

    def core(self) -> CoreSchema:
        """Return the schema of the mapping; a key that is not known is an error."""
        known = {
            name: core_schema.typed_dict_field(key.form.core(), required=key.required)
            for name, key in self.known.items()
        }
        schema = core_schema.typed_dict_schema(known, extra_behavior="forbid")
        return core_schema.no_info_after_validator_function(self.read, schema)

    def json(self, parts: dict[str, JsonSchema]) -> JsonSchema:
        """Return a reference to its schema, which is in `parts` from then on."""
        if self.title not in parts:
            parts[self.title] = {}  # it may hold itself
            parts[self.title] = self.object(parts)
        return {"$ref": f"#/$defs/{self.title}"}

    def object(self, parts: dict[str, JsonSchema]) -> JsonSchema:
        """Return its schema itself."""
        schema: JsonSchema = {
            "type": "object",
            "description": self.about,
            "additionalProperties": False,
            "properties": {
                name: {
                    **key.form.json(parts),
                    **({"description": key.meaning} if key.meaning else {}),
                }
                for name, key in self.known.items()
            },
        }
        required = [name for name, key in self.known.items() if key.required]
        return {**schema, "required": required} if required else schema

    def keys(self) -> "Keys":
        """Return itself."""
        return self


def either(schema: Mapping[str, Any]) -> JsonSchema:
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


def _path(value: Any, read: core_schema.ValidationInfo) -> str:
    """Return a path that begins at the file, which is the context of the reading."""
    name = PATH.read(value)
    return name if read.context is None else beside(read.context, name)
