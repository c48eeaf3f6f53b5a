"""Label and field selectors of Kubernetes, as its own parsers take them."""

import re

_NAME = r"[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
_PART = r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?"
_KEY = rf"(?:{_PART}(?:\.{_PART})*/)?{_NAME}"
_VALUE = rf"(?:{_NAME})?"
_SET = rf"\(\s*{_VALUE}(?:\s*,\s*{_VALUE})*\s*\)"
_LABELS = re.compile(
    rf"!\s*{_KEY}"
    rf"|{_KEY}\s*(?:(?:==?|!=)\s*{_VALUE}|\s(?:in|notin)\s*{_SET}|[<>]\s*\d+)?"
)
_FIELD = re.compile(r"(?:[^=!,\\]|\\[\\,=])*(?:==?|!=)(?:[^=,\\]|\\[\\,=])*")


def is_label_selector(text: str) -> bool:
    """Return whether a text such as `app=web,tier in (a, b)` selects by labels."""
    parts = re.split(r",(?![^(]*\))", text)
    return not text.strip() or all(_LABELS.fullmatch(part.strip()) for part in parts)


def is_field_selector(text: str) -> bool:
    """Return whether a text such as `metadata.name=web` selects by fields."""
    parts = re.split(r"(?<!\\),", text)
    return all(not part or _FIELD.fullmatch(part) for part in parts)
