"""How a message quotes a value: short, and without credentials."""

import re
from collections.abc import Mapping
from typing import Any

_CREDENTIALS = re.compile(r"(?<=://)[^/@\s'\"]*@")
_LONGEST = 120  # characters of a value that a message quotes


def shown(value: Any) -> str:
    """Return a value as a message quotes it: short, and without credentials."""
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, str):
        text = repr(redacted(value))
    elif isinstance(value, Mapping | list):
        text = "a mapping" if isinstance(value, Mapping) else "a list"
    else:
        text = repr(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def redacted(text: str) -> str:
    """Return the text with `user:password@` in URLs blotted out."""
    return _CREDENTIALS.sub("…@", text)
