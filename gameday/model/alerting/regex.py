r"""Regular expressions as Prometheus and Alertmanager mean them: RE2, whole values.

Both compile with Go's `regexp`, which is RE2's language: linear in the text, without
look-around or back references, with `[[:alpha:]]` and `\pL`. Python's `re` accepts
other expressions and can take exponential time, so it is never used for theirs.
"""

import re
from functools import lru_cache
from typing import Any

_MEMORY = 64 << 20  # bytes of a compiled expression; Go allows some more
_PIECE = re.compile(
    r"\\Q.*?(?:\\E|\Z)|\\[xpP]\{[^}]*\}|\\(?P<escaped>.)"
    r"|\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\]"
    r"|\{(?P<least>\d+)(?:,(?P<most>\d*))?\}|\(\?P?<(?P<name>\w+)>|.",
    re.DOTALL,
)
_MOST_TIMES = 1000


class RegexError(ValueError):
    """An expression that RE2 does not take; the message is RE2's own."""


def fully_matches(expression: str, text: str, *, dot_all: bool = False) -> bool:
    """Return whether the whole text matches; RegexError where Go refuses.

    `dot_all`: whether `.` matches a line break, as in Prometheus' label matchers
    since 3.0; in Alertmanager's it does not.
    """
    return match(expression, text, dot_all=dot_all) is not None


def match(expression: str, text: str, *, dot_all: bool = False) -> Any:
    """Return the match of the whole text, None for none; RegexError as above."""
    return compiled(expression, dot_all=dot_all).search(text)


@lru_cache(maxsize=4096)
def compiled(expression: str, *, dot_all: bool = False) -> Any:
    """Return the compiled expression, anchored; RegexError where Go refuses it."""
    import re2

    _refuse_what_go_refuses(expression)
    options = re2.Options()
    options.log_errors = False  # RE2 would write to standard error by itself
    options.max_mem = _MEMORY
    # In this very form: a `\Q` without its `\E` swallows the parenthesis.
    anchored = f"^(?{'s' if dot_all else ''}:{expression})$"
    try:
        return re2.compile(anchored, options)
    except re2.error as problem:
        said = problem.args[0] if problem.args else problem
        text = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
        raise RegexError(text.replace(anchored, expression)) from None


def _refuse_what_go_refuses(expression: str) -> None:
    """Refuse what RE2 in C++ takes and Go's `regexp` does not."""
    for piece in _PIECE.finditer(expression):
        counts = (piece["least"], piece["most"])
        if piece["escaped"] == "C":
            raise RegexError(r"invalid escape sequence: \C")
        if any(len(count or "") > len(str(_MOST_TIMES)) for count in counts):
            raise RegexError(f"invalid repeat count: {piece[0]}")
        if piece["name"] and not piece["name"].isascii():
            raise RegexError(f"invalid named capture: {piece[0]}")
