"""Rules of a configuration's section, beside the shapes of its fields."""

import re

from gameday.files.text.cursor import Cursor
from gameday.files.text.shapes import Shape
from gameday.files.text.units import parse_prometheus_duration
from gameday.model.quoting import shown


def required(*keys: str) -> Shape:
    """Return the rule that each of the keys is set."""

    def judge(here: Cursor) -> None:
        for key in keys:
            if here.value.get(key) in (None, "", []):
                here.error(f"{key} is required and missing", code="missing-key")

    return judge


def filled(*keys: str) -> Shape:
    """Return the rule that a key that has a default is not emptied."""

    def judge(here: Cursor) -> None:
        for key in keys:
            value = here.value.get(key)
            if isinstance(value, str) and not value.strip():
                here.error(f"{key} is empty; expected text", key, code="value")

    return judge


def more_than_nothing(key: str, shape: str) -> Shape:
    """Return the rule that a number or a duration is more than nothing."""

    def judge(here: Cursor) -> None:
        value = here.value.get(key)
        if not isinstance(value, str):
            return
        try:
            less = (
                parse_prometheus_duration(value) <= 0
                if shape == "duration"
                else int(value, 0) <= 0
            )
        except ValueError:  # told by its shape
            return
        if less:
            message = f"{shown(value)} is not more than 0"
            here.error(message, key, code="value")

    return judge


def with_address(key: str, *schemes: str) -> Shape:
    """Return the rule that a key has an address with a scheme and a host."""

    def judge(here: Cursor) -> None:
        value = here.value.get(key)
        if not isinstance(value, str) or not value:
            return
        match = re.match(r"([A-Za-z][\w+.-]*)://([^/?#]+)", value)
        if match is None or (schemes and match[1].lower() not in schemes):
            message = f"{shown(value)} is not an address such as http://HOST"
            here.error(message, key, code="value")

    return judge
