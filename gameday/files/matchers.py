"""Alertmanager's matchers: `match`, `match_re` and the text form, also in UTF-8."""

import re
from collections.abc import Iterator

from gameday.files.cursor import Cursor, shown
from gameday.model.alert import Matcher
from gameday.model.regex import RegexError, compiled

_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_PIECE = re.compile(r'(?:"(?:[^"\\]|\\.)*"|[^",])+|"')
_MATCHER = re.compile(
    r'\s*(?P<name>"(?:[^"\\]|\\.)*"|[^\s{}!=~,\\"\'`]+)\s*'
    r"(?P<op>=~|!~|!=|=)\s*(?P<value>.*?)\s*",
    re.DOTALL,
)
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPES = {"\\n": "\n", '\\"': '"', "\\\\": "\\"}


def read(here: Cursor, prefix: str = "") -> tuple[Matcher, ...]:
    """Return all matchers of a route (prefix: of an inhibition's source, target)."""
    found = [
        *_old(here, f"{prefix}match", "="),
        *_old(here, f"{prefix}match_re", "=~"),
    ]
    for line in here.list_of(f"{prefix}matchers"):
        if not isinstance(line.value, str):
            line.error(f'{shown(line.value)} is no matcher; expected one such as a="b"')
            continue
        try:
            found += parse(line.value)
        except ValueError as error:
            line.error(str(error))
    return tuple(found)


def _old(here: Cursor, key: str, operator: str) -> Iterator[Matcher]:
    below = here.get(key)
    for name, value in below.entries() if below else ():
        if not _LABEL.fullmatch(name):
            value.error(f"{name!r} is not a label's name")
        elif not isinstance(value.value, str):
            value.error(f"{shown(value.value)} is not text; expected the label's value")
        else:
            try:
                yield _checked(name, operator, value.value)
            except ValueError as error:
                value.error(str(error))


def parse(text: str) -> list[Matcher]:
    """Return the matchers of `a="b"` or `{a="b", c=~"d"}`; ValueError otherwise."""
    inside = text.strip()
    if inside.startswith("{") != inside.endswith("}"):
        raise ValueError(f"{text!r} has an unbalanced brace")
    if inside.startswith("{"):
        inside = inside[1:-1]
    pieces = [piece for piece in _PIECE.findall(inside) if piece.strip()]
    return [_one(piece) for piece in pieces]


def _one(text: str) -> Matcher:
    match = _MATCHER.fullmatch(text)
    if match is None:
        raise ValueError(
            f'{text.strip()!r} is not a matcher; expected one such as severity="page"'
        )
    name, value = _unquoted(match["name"]), _unquoted(match["value"])
    if not name:
        raise ValueError(f"{text.strip()!r} names no label")
    return _checked(name, match["op"], value)


def _unquoted(text: str) -> str:
    match = _QUOTED.fullmatch(text)
    if match is None:
        if re.search(r'(?<!\\)"', text):
            raise ValueError(f"{text!r} has an unescaped double quote")
        return text
    return re.sub(r"\\.", lambda one: _ESCAPES.get(one[0], one[0]), match[1])


def _checked(name: str, operator: str, value: str) -> Matcher:
    if operator in ("=~", "!~"):
        try:
            compiled(value)
        except RegexError as error:
            raise ValueError(f"{value!r} is no RE2 expression: {error}") from None
    return Matcher(name=name, op=operator, value=value)
