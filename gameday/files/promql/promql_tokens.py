"""PromQL cut into its words, as Prometheus cuts it."""

import math
import re
from collections.abc import Iterator
from typing import NamedTuple

from gameday.files.text import units


class PromqlError(ValueError):
    """A text that is no PromQL; the message says why."""


class Token(NamedTuple):
    """A piece of an expression; `at` is where it begins."""

    kind: str  # string, word, number, duration, mark
    text: str
    at: int

    @property
    def end(self) -> int:
        """Where the piece ends."""
        return self.at + len(self.text)


_TOKEN = re.compile(
    r"""
    (?P<blank> [ \t\r\n]+ | \#[^\r\n]* )
  | (?P<string> "(?:[^"\\\n]|\\.)*" | '(?:[^'\\\n]|\\.)*' | `[^`]*` )
  | (?P<duration> (?:\d+(?:ms|[smhdwy]))+ (?![\w.]) )
  | (?P<number> 0[xX][\da-fA-F_]+
              | (?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?[\d_]+)? )
  | (?P<word> [A-Za-z_:][\w:]* )
  | (?P<mark> =~|!~|==|!=|<=|>=|</|>/|. )
    """,
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_UNITS = {
    **dict(zip(("ms", "s", "m", "h"), (0.001, 1.0, 60.0, 3600.0), strict=True)),
    **dict(zip(("d", "w", "y"), (86400.0, 604800.0, 31536000.0), strict=True)),
}
_PART = re.compile(r"(\d+)(ms|[smhdwy])", re.ASCII)
LONGEST_DURATION = units.LONGEST
_DEEPEST = 100  # brackets in brackets; the parser recurses
_LONGEST = 100_000  # tokens


def tokens(text: str) -> Iterator[Token]:
    """Go through the words of an expression; blanks and comments are left out."""
    at = count = 0
    in_brackets = False
    while (match := _TOKEN.match(text, at)) is not None:
        kind, piece = str(match.lastgroup), match[0]
        if in_brackets and piece[0] == ":":
            kind, piece = "mark", ":"
        if piece in ("[", "]"):
            in_brackets = piece == "["
        if kind != "blank":
            count += 1
            yield Token(kind, piece, at)
        if count > _LONGEST:
            raise PromqlError(f"holds more than {_LONGEST} words; split it up")
        at += len(piece)


def magnitude(token: Token) -> float:
    """Return a number, or a duration in seconds; PromqlError beyond what Go holds."""
    text = token.text.replace("_", "")
    if token.kind == "duration":
        value = sum(
            int(count) * _UNITS[unit] for count, unit in _PART.findall(token.text)
        )
        if value > LONGEST_DURATION:
            raise PromqlError(f"duration out of range: {token.text!r}")
        return value
    try:
        value = float(int(text, 16)) if text[:2] in ("0x", "0X") else float(text)
    except (ValueError, OverflowError):
        return 0.0  # no number: the parser says so
    if math.isinf(value):
        raise PromqlError(f"value out of range: {token.text!r}")
    return value


def bound_nesting(words: list[Token]) -> None:
    """Refuse what is nested so deeply that the parser would run out of stack."""
    depth = signs = 0
    for token in words:
        depth += (token.text in ("(", "[", "{")) - (token.text in (")", "]", "}"))
        signs = signs + 1 if token.text in ("-", "+") else 0
        if depth > _DEEPEST or signs > _DEEPEST:
            raise PromqlError(f"is nested deeper than {_DEEPEST} levels")


def quoted(text: str) -> str:
    """Return a string literal for a text."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return '"' + escaped.replace("\r", "\\r") + '"'
