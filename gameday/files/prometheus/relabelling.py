"""`relabel_configs` of Prometheus: what each action needs."""

from gameday.files.text.cursor import Cursor
from gameday.files.text.shapes import count, is_set, listing, record, text
from gameday.files.text.suggest import did_you_mean
from gameday.model.alerting import regex
from gameday.model.quoting import shown

_ACTIONS = (
    *("replace", "keep", "drop", "hashmod", "labelmap", "labeldrop", "labelkeep"),
    *("lowercase", "uppercase", "keepequal", "dropequal"),
)
_NEED_TARGET = (
    "replace",
    "hashmod",
    "lowercase",
    "uppercase",
    "keepequal",
    "dropequal",
)
_REST = ("modulus", "separator", "replacement")
# A key that says what it is anyway does no harm.
_DEFAULTS = {
    "separator": ";",
    "replacement": "$1",
    "target_label": "",
    "modulus": "0",
}
_TOO_MUCH = {
    **dict.fromkeys(
        ("labeldrop", "labelkeep"), ("source_labels", "target_label", *_REST)
    ),
    **dict.fromkeys(("keepequal", "dropequal"), ("regex", *_REST)),
    **dict.fromkeys(("lowercase", "uppercase"), ("replacement",)),
}


def _expression(here: Cursor) -> None:
    text(here)
    try:
        regex.compiled(str(here.value))
    except regex.RegexError as error:
        message = f"{shown(here.value)} is no regular expression of RE2: {error}"
        here.error(message, code="value")


def _label(here: Cursor) -> None:
    """Judge a label's name: any text but none."""
    if here.value == "":
        here.error("is empty; expected a label's name", code="label-name")
    else:
        text(here)


def _action(here: Cursor) -> None:
    """Judge what an action of relabelling needs."""
    if "action" in here.value and not is_set(here, "action"):
        message = "action is empty; remove it, or name one"
        here.error(message, "action", code="empty-key")
        return
    action = (here.text("action") or "replace").lower()
    if action not in _ACTIONS:
        message = f"{shown(action)} is no action{did_you_mean(action, _ACTIONS)}"
        here.error(message, "action", code="unknown-value")
    elif action in _NEED_TARGET and not is_set(here, "target_label"):
        message = f"target_label is required for {action} and missing"
        here.error(message, code="missing-key")
    if action == "labelmap" and here.value.get("replacement") == "":
        message = "replacement is empty; labelmap makes a label's name of it"
        here.error(message, "replacement", code="value")
    for key in _TOO_MUCH.get(action, ()):
        stated = here.get(key) is not None and here.value[key] != _DEFAULTS.get(key)
        if stated or (key == "regex" and key in here.value):
            here.error(f"{key} has no meaning for {action}; remove it", key)
    if action == "hashmod" and (here.text("modulus") or "0") == "0":
        here.error("modulus is required for hashmod and missing", code="missing-key")


RELABELLING = listing(
    record(
        {
            "source_labels": listing(_label),
            **dict.fromkeys(("separator", "target_label", "replacement"), text),
            "action": text,
            "regex": _expression,
            "modulus": count,
        },
        _action,
    ),
    nulls=False,
)
