"""Go's template language cut into tokens, as `text/template` cuts it.

What Go's lexer refuses is refused here, with the same reason: Prometheus parses
every template of a rule file when it loads it, and refuses the whole file.
"""

import re
from collections.abc import Generator, Iterator
from typing import NamedTuple

from gameday.files.text import go_literals


class TemplateError(ValueError):
    """A template that Go does not parse; the message says why."""


class TemplateToken(NamedTuple):
    """A piece of a template: its kind and its text.

    Kinds: text, open, close, space, declare, assign, pipe, left, right, string,
    char constant, number, variable, field, dot, word, char, end of the text.
    """

    kind: str
    text: str


END = TemplateToken("EOF", "EOF")
_LONGEST = 100_000  # characters
_LINE = r"[^\\\n]|\\[^\n]"
# As far as Go's lexer reads one; whether it is one is said by `go_literals`.
_NUMBER = (
    r"[+-]?(?:0[xX][\da-fA-F_]*(?:\.[\da-fA-F_]*)?(?:[pP][+-]?[\d_]*)?"
    r"|0[oO][0-7_]*(?:\.[0-7_]*)?|0[bB][01_]*(?:\.[01_]*)?"
    r"|[\d_]*(?:\.[\d_]*)?(?:[eE][+-]?[\d_]*)?)i?"
)
_INSIDE = re.compile(
    rf"""
    (?P<close> [ \t\r\n]*[ \t\r\n]-}}}} | }}}} )
  | (?P<space> [ \t\r\n]+ )
  | (?P<declare> := )
  | (?P<assign> = )
  | (?P<pipe> \| )
  | (?P<left> \( )
  | (?P<right> \) )
  | (?P<string> "(?:(?!"){_LINE})*" | `[^`]*` )
  | (?P<constant> '(?:(?!'){_LINE})*' )
  | (?P<variable> \$\w* )
  | (?P<number> (?=[+-]|\.?[0-9]) {_NUMBER} (?:[+-]{_NUMBER})? )
  | (?P<field> \.\w* )
  | (?P<word> \w+ )
  | (?P<char> [!-~] )
    """,
    re.VERBOSE,
)
_NAMES = ("variable", "field", "word")
_AFTER_A_NAME = re.compile(r"[ \t\r\n.,|:()]|\}\}|\Z")
_UNCLOSED = {
    '"': "unterminated quoted string",
    "`": "unterminated raw quoted string",
    "'": "unterminated character constant",
    ":": "expected :=",
}


def tokens(text: str) -> Iterator[TemplateToken]:
    """Go through a template's tokens; TemplateError where Go's lexer stops."""
    if len(text) > _LONGEST:
        raise TemplateError(f"is longer than {_LONGEST} characters; write less")
    at = 0
    while (start := text.find("{{", at)) >= 0:
        if text[at:start]:
            yield TemplateToken("text", text[at:start])
        inside = start + 2
        if re.match(r"-[ \t\r\n]", text[inside : inside + 2]):
            inside += 2
        if text.startswith("/*", inside):
            at = _after_comment(text, inside)
            continue
        yield TemplateToken("open", "{{")
        at = yield from _action(text, inside)
    if text[at:]:
        yield TemplateToken("text", text[at:])
    yield END


def _action(text: str, at: int) -> Generator[TemplateToken, None, int]:
    """Go through an action's tokens up to its `}}`; return where that ends."""
    parentheses = 0
    while True:
        token, at = _inside(text, at)
        parentheses += (token.kind == "left") - (token.kind == "right")
        if parentheses < 0:
            raise TemplateError("unexpected right paren")
        if token.kind == "close" and parentheses:
            raise TemplateError("unclosed left paren")
        yield token
        if token.kind == "close":
            return at


def _after_comment(text: str, start: int) -> int:
    end = text.find("*/", start + 2)
    if end < 0:
        raise TemplateError("unclosed comment")
    closed = re.compile(r"(?:[ \t\r\n]-)?\}\}").match(text, end + 2)
    if closed is None:
        raise TemplateError("comment ends before closing delimiter")
    return closed.end()


def _inside(text: str, at: int) -> tuple[TemplateToken, int]:
    """Return the next token of an action, and where it ends."""
    match = _INSIDE.match(text, at)
    if match is None:
        if at >= len(text):
            raise TemplateError("unclosed action")
        raise TemplateError(f"unrecognized character in action: {text[at]!r}")
    kind, value, end = str(match.lastgroup), match[0], match.end()
    if kind == "char" and value in _UNCLOSED:
        raise TemplateError(_UNCLOSED[value])
    if kind in _NAMES:
        _check_name(value, text, end)
    elif kind == "number":
        _check_number(value, text, end)
    if value == ".":
        kind = "dot"
    return TemplateToken(kind, value), end


def _check_name(name: str, text: str, end: int) -> None:
    for character in name.lstrip("$."):
        if not (character == "_" or character.isalpha() or character.isdecimal()):
            raise TemplateError(f"bad character {character!r} in {name!r}")
    if not _AFTER_A_NAME.match(text, end):
        raise TemplateError(f"bad character {text[end]!r} after {name!r}")


def _check_number(number: str, text: str, end: int) -> None:
    two = re.search(r"(?<![eEpP+-])(?<=.)[+-]", number)
    if re.match(r"[\w+-]", text[end : end + 1]) or (two and number[-1] != "i"):
        raise TemplateError(f"bad number syntax: {number + text[end : end + 1]!r}")


def check_literal(token: TemplateToken) -> None:
    """Refuse a string, character or number that Go cannot read."""
    if token.kind == "string":
        if not go_literals.is_string(token.text):
            raise TemplateError(f"invalid syntax in the string {token.text}")
    elif token.kind == "constant":
        if not go_literals.is_character(token.text):
            raise TemplateError(f"malformed character constant: {token.text}")
    elif not go_literals.is_number(token.text):
        raise TemplateError(f"no number that Go can hold: {token.text!r}")
