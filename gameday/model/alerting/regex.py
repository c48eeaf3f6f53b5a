r"""Regular expressions as Prometheus and Alertmanager mean them: RE2, whole values.

Both compile with Go's `regexp`, which is RE2's language: linear in the text, without
look-around or back references, with `[[:alpha:]]` and `\pL`. Python's `re` accepts
other expressions and can take exponential time, so it is never used for theirs.
"""

from functools import lru_cache
from typing import Any


class RegexError(ValueError):
    """An expression that RE2 does not take; the message is RE2's own."""


def fully_matches(expression: str, text: str, *, dot_all: bool = False) -> bool:
    """Return whether the whole text matches; RegexError where RE2 refuses.

    `dot_all`: whether `.` matches a line break, as in Prometheus' label matchers
    since 3.0; in Alertmanager's it does not.
    """
    return compiled(expression, dot_all=dot_all).fullmatch(text) is not None


@lru_cache(maxsize=4096)
def compiled(expression: str, *, dot_all: bool = False) -> Any:
    """Return the compiled expression; RegexError where RE2 refuses it."""
    import re2

    options = re2.Options()
    options.log_errors = False  # RE2 would write to standard error by itself
    flag = "(?s)" if dot_all else ""
    try:
        return re2.compile(flag + expression, options)
    except re2.error as problem:
        said = problem.args[0] if problem.args else problem
        text = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
        raise RegexError(text) from None
