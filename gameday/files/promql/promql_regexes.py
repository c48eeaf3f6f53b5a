"""Regular expressions in PromQL: RE2's, of which our parser's engine lacks some."""

import re

from gameday.files.promql.promql_tokens import PromqlError
from gameday.model.alerting import regex

_LONGEST = 50_000  # characters
_STAND_IN = re.compile(r"\(?gameday:([\da-f]*):(?:\)\?)?")


def restored(text: str) -> str:
    """Return the text with every stand-in replaced by the regular expression."""
    return _STAND_IN.sub(lambda match: bytes.fromhex(match[1]).decode(), text)


def stand_in(value: str, *, optional: bool) -> str:
    """Return an expression that any engine reads and that `restored` takes back.

    `optional`: it matches the empty text, as the one that it stands for does.
    """
    name = f"gameday:{value.encode(errors='replace').hex()}:"
    return f"({name})?" if optional else name


def matches_empty(value: str) -> bool:
    """Return whether a regular expression matches the empty text; PromqlError: none."""
    if len(value) > _LONGEST:
        raise PromqlError(f"a regexp is longer than {_LONGEST} characters")
    try:
        return regex.fully_matches(value, "", dot_all=True)
    except regex.RegexError as error:
        raise PromqlError(f"error parsing regexp {value!r}: {error}") from None
