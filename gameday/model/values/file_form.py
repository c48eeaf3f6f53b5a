"""How a file writes a field of the model, where its name and its kind do not say it.

Each stands in the field's `Annotated`, beside the kind of its value.
"""

from collections.abc import Callable
from typing import Any, NamedTuple


class Meaning(NamedTuple):
    """What the JSON Schema and the reference say of a key."""

    text: str


class FileDefault(NamedTuple):
    """What a file means that leaves a key out, where the class has another default.

    `...`: the key may not be left out.
    """

    value: Any


REQUIRED = FileDefault(...)


class Group(NamedTuple):
    """A mapping of a file whose keys are fields of the class around it.

    Where the mapping is left out, all of them are None. It is required where one of
    its keys is. `title` and `about` are those of its JSON Schema.
    """

    key: str
    title: str
    about: str
    meaning: str = ""


class MappingOf(NamedTuple):
    """A mapping with the keys of a class; what is left out is not in it."""

    keys: type


class WrittenAs(NamedTuple):
    """What turns the text of a file into what is read; it may refuse it."""

    change: Callable[[Any], Any]
