"""Strings, characters and numbers as Go reads them, in templates, matchers, YAML."""

import re

# Patterns are texts, which `re` compiles when the first file has such a literal.
_ESCAPES = (
    r"\\(?:[abfnrtv\\QUOTE]|[0-3][0-7]{2}|x[\da-fA-F]{2}"
    r"|u(?![dD][89a-fA-F])[\da-fA-F]{4}"  # no half of a surrogate pair
    r"|U(?:0000(?![dD][89a-fA-F])|000[1-9a-fA-F]|0010)[\da-fA-F]{4})"
)
_STRING = rf'"(?:[^"\\\n]|{_ESCAPES.replace("QUOTE", chr(34))})*"|`[^`]*`'
_CHARACTER = rf"'(?:[^'\\\n]|{_ESCAPES.replace('QUOTE', chr(39))})'"
_ESCAPED = (
    rb"(?s)\\(?:([0-3][0-7]{2})|x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})"
    rb"|(.))"
)
_PLAIN = {
    bytes([name]): bytes([meant])
    for name, meant in zip(b"abfnrtv", b"\a\b\f\n\r\t\v", strict=True)
}
_LAST_CHARACTER = 0x10FFFF

_INTEGER = (
    r"[+-]?(?:0[xX](?:_?[\da-fA-F])+|0[bB](?:_?[01])+|0[oO]?(?:_?[0-7])+"
    r"|[1-9](?:_?\d)*|0)"
)
_DIGITS, _HEX = r"[0-9](?:_?[0-9])*", r"[0-9a-fA-F](?:_?[0-9a-fA-F])*"
_DECIMAL = (
    rf"[+-]?(?:{_DIGITS}(?:\.(?:{_DIGITS})?)?|\.{_DIGITS})(?:[eE][+-]?{_DIGITS})?"
)
_HEXADECIMAL = rf"[+-]?0[xX](?:_?{_HEX}(?:\.(?:{_HEX})?)?|\.{_HEX})[pP][+-]?{_DIGITS}"
_NO_NUMBER = r"nan|[+-]?inf(?:inity)?"
_COMPLEX = r"(.*[^eEpP])([+-].+)i"
_LONGEST_INTEGER = 40  # characters, underscores too
_SMALLEST, _LARGEST = -(2**63), 2**64 - 1


def is_string(text: str) -> bool:
    """Return whether Go reads a text as a string, in quotes or in backticks."""
    return re.fullmatch(_STRING, text) is not None


def is_character(text: str) -> bool:
    """Return whether Go reads a text as one character in single quotes."""
    return re.fullmatch(_CHARACTER, text) is not None


def unquoted(text: str) -> str:
    """Return what a string literal stands for; � where that is no UTF-8."""
    return content(text).decode(errors="replace")


def content(text: str) -> bytes:
    """Return the bytes that a string literal stands for."""
    inside = text[1:-1].encode(errors="replace")
    return inside if text[0] == "`" else re.sub(_ESCAPED, _character, inside)


def _character(match: re.Match[bytes]) -> bytes:
    octal, two, four, eight, plain = match.groups()
    if plain is not None:
        return _PLAIN.get(plain, plain)
    if octal or two:
        return bytes([int(octal, 8) if octal else int(two, 16)])
    code = int(four or eight, 16)
    return (chr(code) if code <= _LAST_CHARACTER else "�").encode(errors="replace")


def is_number(text: str) -> bool:
    """Return whether Go holds a number: whole, with a point, or complex."""
    parts = re.fullmatch(_COMPLEX, text)
    if parts is not None:
        return all(_is_float(part) for part in parts.groups())
    if text.endswith("i"):
        return _is_float(text[:-1])
    if len(text) > _LONGEST_INTEGER and text.lstrip("+-")[0] != "0":
        return False
    if re.fullmatch(_INTEGER, text):
        return _SMALLEST <= int(_without_octal(text), 0) <= _LARGEST
    return bool(re.search(r"[.eEpP]", text)) and _is_float(text)


def _without_octal(text: str) -> str:
    """Return a whole number with Go's `017` written as Python's `0o17`."""
    return re.sub(r"^([+-]?)0_?(?=[0-7])", r"\g<1>0o", text)


def go_float(text: str) -> float | None:
    """Return the number that Go's `strconv.ParseFloat` reads; None: it reads none."""
    if re.fullmatch(_NO_NUMBER, text, re.IGNORECASE | re.ASCII):
        return float(text)
    if not _is_float(text):
        return None
    plain = text.replace("_", "")
    return float.fromhex(plain) if re.match("[+-]?0[xX]", plain) else float(plain)


def _is_float(text: str) -> bool:
    try:
        if re.fullmatch(_HEXADECIMAL, text):
            float.fromhex(text.replace("_", ""))
            return True
        return bool(re.fullmatch(_DECIMAL, text)) and abs(float(text)) != float("inf")
    except OverflowError:
        return False


_YAML_INTEGER = r"[+-]?(?:0[xX][\da-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|[1-9]\d*|0)"
_YAML_FLOAT = r"(?a)[+-]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][+-]?\d+)?"


def yaml_number(text: str) -> int | float | None:
    """Return the number that Go's YAML reads of a plain scalar; None: it is none.

    A whole number beyond 64 bits is read as one with a point.
    """
    plain = text.replace("_", "")
    if len(plain) <= _LONGEST_INTEGER and re.fullmatch(_YAML_INTEGER, plain):
        value = int(_without_octal(plain), 0)
        if _SMALLEST <= value <= _LARGEST:
            return value
    return float(plain) if re.fullmatch(_YAML_FLOAT, plain) else None
