"""Alertmanager's matchers: `match`, `match_re` and the text form.

The text form has two grammars, the classic and the UTF-8 one of Alertmanager 0.27.
A text is what Alertmanager makes of it by default: the UTF-8 reading, but the classic
one where only that exists or where the two differ.
"""

import re
from collections.abc import Iterator

from gameday.files.text import go_literals
from gameday.files.text.cursor import Cursor
from gameday.model.alerting import regex
from gameday.model.alerting.alert import Matcher
from gameday.model.quoting import shown

_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_CLASSIC = re.compile(
    r"\s*(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)\s*(?P<op>=~|=|!=|!~)\s*(?P<value>.*?)\s*",
    re.DOTALL | re.ASCII,
)
_CLASSIC_ESCAPES = {"\\n": "\n", '\\"': '"', "\\\\": "\\"}
_TOKEN = re.compile(
    r"""
    (?P<blank> \s+ )
  | (?P<brace> [{}] )
  | (?P<comma> , )
  | (?P<op> =~ | = | != | !~ )
  | (?P<quoted> "(?:[^"\\]|\\.)*" )
  | (?P<plain> [^\s{}!=~,\\"'`]+ )
    """,
    re.VERBOSE | re.DOTALL,
)
_LONGEST = 50_000  # characters


def read(here: Cursor, prefix: str = "") -> tuple[Matcher, ...]:
    """Return all matchers of a route (prefix: of an inhibition's source, target)."""
    matchers_read = [
        *_old(here, f"{prefix}match", "="),
        *_old(here, f"{prefix}match_re", "=~"),
    ]
    for line in here.list_of(f"{prefix}matchers"):
        if line.value is None:
            line.warn("is empty: it matches every alert; remove it", code="empty-key")
            continue
        if not isinstance(line.value, str):
            message = f'{shown(line.value)} is no matcher; expected one such as a="b"'
            line.error(message, code="matcher")
            continue
        try:
            matchers_read += parse(line.value)
        except ValueError as error:
            line.error(str(error), code="matcher")
    return tuple(matchers_read)


def _old(here: Cursor, key: str, operator: str) -> Iterator[Matcher]:
    below = here.get(key)
    for name, value in below.entries() if below else ():
        wanted = value.value
        if wanted is None and operator == "=":
            wanted = ""  # null is no text, which is the label that is absent
        if not _LABEL.fullmatch(name):
            value.error(f"{name!r} is not a label's name", code="matcher")
        elif not isinstance(wanted, str):
            message = f"{shown(wanted)} is not text; expected the label's value"
            value.error(message, code="wrong-type")
        else:
            try:
                yield _old_one(name, operator, wanted)
            except ValueError as error:
                value.error(str(error), code="matcher")


def _old_one(name: str, operator: str, wanted: str) -> Matcher:
    """Return a matcher of `match_re` as Alertmanager keeps it, and names it in keys."""
    if operator == "=":
        return Matcher(name=name, op=operator, value=wanted)
    _checked(name, operator, wanted)
    return Matcher(name=name, op=operator, value=f"^(?:{wanted})$")


def parse(text: str) -> list[Matcher]:
    """Return the matchers of `a="b"` or `{a="b", c=~"d"}`; ValueError otherwise."""
    if len(text) > _LONGEST:
        raise ValueError(f"is longer than {_LONGEST} characters; write several")
    try:
        classic = _classic(text)
    except ValueError as refused:
        try:
            return _utf8(text)
        except ValueError:
            raise refused from None
    try:
        newer = _utf8(text)
    except ValueError:
        return classic
    return newer if newer == classic else classic


def _classic(text: str) -> list[Matcher]:
    """Read the classic grammar, where either brace may stand alone."""
    inside = text.removeprefix("{").removesuffix("}")
    pieces, piece = [], ""
    quoted = escaped = False
    for character in inside:
        if character == "," and not quoted:
            pieces.append(piece)
            piece = ""
            continue
        if character == '"':
            quoted ^= not escaped
            escaped = False
        else:
            escaped = character == "\\" and not escaped
        piece += character
    if piece.strip():
        pieces.append(piece.strip())
    return [_classic_one(piece) for piece in pieces]


def _classic_one(text: str) -> Matcher:
    match = _CLASSIC.fullmatch(text)
    if match is None:
        raise ValueError(
            f'{text.strip()!r} is not a matcher; expected one such as severity="page"'
        )
    return _checked(match["name"], match["op"], _classic_value(match["value"]))


def _classic_value(text: str) -> str:
    opened = text.startswith('"')
    inside = text[1:] if opened else text
    value, index = "", 0
    while index < len(inside):
        pair = inside[index : index + 2]
        if len(pair) > 1 and pair[0] == "\\":
            value += _CLASSIC_ESCAPES.get(pair, pair)
            index += 2
            continue
        if inside[index] == '"':
            if not opened or index < len(inside) - 1:
                raise ValueError(f"{text!r} has an unescaped double quote")
            return value
        value += inside[index]
        index += 1
    if opened:
        raise ValueError(f"{text!r} has an unescaped double quote")
    return value


def _utf8(text: str) -> list[Matcher]:
    """Read the UTF-8 grammar: names in quotes, braces in pairs, commas between."""
    words = list(_tokens(text))
    braces = bool(words) and words[0] == ("brace", "{")
    if braces:
        if len(words) < 2 or words[-1] != ("brace", "}"):  # noqa: PLR2004 - a pair
            raise ValueError(f"{text!r} has an unbalanced brace")
        words = words[1:-1]
    matchers: list[Matcher] = []
    for index in range(0, len(words), 4):
        kinds = [kind for kind, _ in words[index : index + 4]]
        names = ("plain", "quoted")
        well_formed = (
            len(kinds) >= 3  # noqa: PLR2004 - name, operator, value
            and (kinds[0] in names and kinds[1] == "op" and kinds[2] in names)
            and kinds[3:] in ([], ["comma"])
        )
        if not well_formed:
            raise ValueError(f'{text!r} is not a matcher; expected one such as a="b"')
        name, operator, value = (word for _, word in words[index : index + 3])
        matchers.append(_checked(_go_text(name), operator, _go_text(value)))
    return matchers


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise ValueError(f"{text!r} has {text[at]!r} outside of quotes")
        if match.lastgroup != "blank":
            yield str(match.lastgroup), match[0]
        at = match.end()


def _go_text(word: str) -> str:
    if not word.startswith('"'):
        return word
    if not go_literals.is_string(word):
        raise ValueError(f"{word} is no string: an escape in it does not exist")
    try:
        return go_literals.content(word).decode()
    except UnicodeDecodeError:
        raise ValueError(f"{word} is no text: its bytes are no UTF-8") from None


def _checked(name: str, operator: str, value: str) -> Matcher:
    if operator in ("=~", "!~"):
        try:
            regex.compiled(value)
        except regex.RegexError as error:
            message = f"{value!r} is no regular expression of RE2: {error}"
            raise ValueError(message) from None
    return Matcher(name=name, op=operator, value=value)
