"""What a value in a Go program's configuration has to be: shapes, and records of them.

For readers that take scalars as they are written (`texts`). A shape reports what is
wrong with the value at a cursor; it is never asked about a key without a value.
"""

import re
from collections.abc import Callable, Mapping

from gameday.files.text import go_url
from gameday.files.text.cursor import MANY, Cursor
from gameday.files.text.go_literals import yaml_number
from gameday.files.text.nodes import List, Map, Scalar
from gameday.files.text.suggest import among, did_you_mean
from gameday.files.text.units import parse_prometheus_duration
from gameday.model.quoting import redacted, shown

Shape = Callable[[Cursor], None]
Fields = Mapping[str, Shape]

SECRET = "<secret>"  # what Alertmanager shows instead of one
_WORDS = ("true", "false", "yes", "no", "on", "off", "y", "n")
_FLAGS = {form for word in _WORDS for form in (word, word.title(), word.upper())}
_GO_DURATION = re.compile(
    r"[+-]?(?:0|(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|ms|s|m|h))+)", re.ASCII
)
_MOST_WHOLE, _MOST_COUNTED = 2**63 - 1, 2**64 - 1


def anything(here: Cursor) -> None:
    """Any value."""


def text(here: Cursor) -> None:
    """A scalar."""
    if not isinstance(here.value, str):
        message = f"{shown(here.value)} is not text; write it in quotes"
        here.error(message, code="wrong-type")


def is_quoted(here: Cursor) -> bool:
    """Return whether a scalar is written in quotes, and so is text."""
    node = here.document.root
    for part in here.path:
        if isinstance(node, Map) and part in node.entries:
            node = node.entries[str(part)].node
        elif isinstance(node, List) and part in range(len(node.items)):
            node = node.items[int(part)]
        else:
            return False
    return isinstance(node, Scalar) and node.quoted


def flag(here: Cursor) -> None:
    """True or false, as Go's reader takes them: never in quotes."""
    known = isinstance(here.value, str) and here.value in _FLAGS
    if known and is_quoted(here):
        message = f"{shown(here.value)} is text; expected true or false, without quotes"
        here.error(message, code="wrong-type")
    elif not known:
        here.error(f"{shown(here.value)} is not true or false", code="wrong-type")


def whole(here: Cursor) -> None:
    """A number of 64 bits, not in quotes; Go cuts off what is behind a point."""
    _number(here, _MOST_WHOLE)


def count(here: Cursor) -> None:
    """A number that is not negative, of 64 bits."""
    value = _number(here, _MOST_COUNTED)
    if isinstance(value, int) and value < 0:
        message = f"{here.value} is negative; expected 0 or more"
        here.error(message, code="value")


def _number(here: Cursor, most: int) -> int | float | None:
    value = here.value
    number = yaml_number(value) if isinstance(value, str) else None
    if number is None:
        here.error(f"{shown(value)} is not a whole number", code="wrong-type")
    elif is_quoted(here):
        message = f"{shown(value)} is text; expected a whole number, without quotes"
        here.error(message, code="wrong-type")
    elif number > most:
        message = f"{value} is too large; expected {most} at most"
        here.error(message, code="value")
    return number


def number(here: Cursor) -> None:
    """Any number."""
    try:
        float(here.value)
    except (TypeError, ValueError):
        here.error(f"{shown(here.value)} is not a number", code="wrong-type")


def duration(here: Cursor) -> None:
    """A duration as Prometheus writes it."""
    text(here)
    if isinstance(here.value, str):
        try:
            parse_prometheus_duration(here.value)
        except ValueError as error:
            here.error(str(error), code="value")


def go_duration(here: Cursor) -> None:
    """A duration as Go writes it: `1m30s`, without days."""
    value = here.value
    is_duration = isinstance(value, str) and _GO_DURATION.fullmatch(value)
    if not is_duration:
        message = f"{shown(value)} is not a duration; expected one such as 30s or 5m"
        here.error(message, code="value")


def go_timeout(here: Cursor) -> None:
    """A duration as Go writes it, or a plain number, which is of nanoseconds."""
    is_number = isinstance(here.value, str) and yaml_number(here.value) is not None
    if not is_number or is_quoted(here):
        go_duration(here)
    elif here.value not in ("0", "-0", "+0"):
        message = f"{here.value} is so many nanoseconds; write a unit, such as 5s"
        here.warn(message, code="value")


def any_url(here: Cursor) -> None:
    """An address of any scheme, or a path."""
    text(here)
    if isinstance(here.value, str):
        try:
            go_url.parse(here.value)
        except go_url.UrlError as error:
            message = f"{shown(redacted(here.value))} is not an address: {error}"
            here.error(message, code="value")


def url(here: Cursor) -> None:
    """An HTTP address."""
    text(here)
    why = _no_address(here.value) if isinstance(here.value, str) else ""
    if why:
        message = f"{shown(redacted(here.value))} is not an address: {why}; "
        here.error(message + "expected one such as https://HOST/PATH", code="value")


def secret_url(here: Cursor) -> None:
    """An HTTP address that is a secret: a message never quotes it."""
    text(here)
    if not isinstance(here.value, str) or here.value == SECRET:
        return
    if _no_address(here.value):
        message = "is not an address; expected one such as https://HOST/PATH"
        here.error(message, code="value")


def _no_address(text: str) -> str:
    """Return why a text is no HTTP address; empty where it is one."""
    try:
        address = go_url.parse(text)
    except go_url.UrlError as error:
        return str(error)
    if address.scheme not in ("http", "https"):
        return "it does not begin with http:// or https://"
    return "" if address.host else "it has no host"


def host_and_port(here: Cursor) -> None:
    """An address such as `mail.example.org:25`."""
    text(here)
    if isinstance(here.value, str) and here.value:
        host, colon, port = here.value.rpartition(":")
        bare = ":" in host and not (host.startswith("[") and host.endswith("]"))
        if not colon or not port or bare:
            message = f"{shown(here.value)} is not HOST:PORT"
            here.error(message, code="value")


def texts(here: Cursor) -> None:
    """A mapping of names to texts."""
    for _, value in here.entries():
        if value.value is not None:
            text(value)


def listing(shape: Shape, *, nulls: bool = True) -> Shape:
    """Return the shape of a list; `nulls`: whether an empty item is passed over."""

    def judge(here: Cursor) -> None:
        for item in here.items():
            if item.value is not None or not nulls:
                shape(item)

    return judge


def one_of(*known: str) -> Shape:
    """Return the shape of a word out of a few."""

    def judge(here: Cursor) -> None:
        text(here)
        if isinstance(here.value, str) and here.value not in known:
            names = among(name for name in known if name)
            message = f"{shown(here.value)} is not known; expected {names}"
            here.error(message, code="unknown-value")

    return judge


def record(fields: Fields, *rules: Shape) -> Shape:
    """Return the shape of a mapping with these keys only; rules look at the whole."""

    def judge(here: Cursor) -> None:
        if here.mapping() is None:
            return
        known_fields(here, fields)
        for rule in rules:
            rule(here)

    return judge


def known_fields(here: Cursor, fields: Fields) -> None:
    """Judge a mapping's entries; a key that is not among the fields is an error."""
    for key, value in here.entries():
        if key not in fields:
            hint = did_you_mean(key, fields) if len(here.problems) < MANY else ""
            message = f"{key!r} is an unknown key{hint}"
            value.error(message, code="unknown-key")
        elif value.value is not None:
            fields[key](value)


def is_set(here: Cursor, key: str) -> bool:
    """Return whether a key has a value that is neither null nor empty."""
    return isinstance(here.value, dict) and here.value.get(key) not in (None, "")


def at_most_one(*keys: str) -> Shape:
    """Return the rule that at most one of the keys is set."""

    def judge(here: Cursor) -> None:
        given = [key for key in keys if is_set(here, key)]
        if len(given) > 1:
            message = f"{among(given, 'and')} are both set; keep one of them"
            here.error(message, given[0], code="exclusive-keys")

    return judge


def at_least_one(*keys: str) -> Shape:
    """Return the rule that one of the keys is set."""

    def judge(here: Cursor) -> None:
        if not any(is_set(here, key) for key in keys):
            message = f"{among(keys)} is required and missing"
            here.error(message, code="missing-key")

    return judge
