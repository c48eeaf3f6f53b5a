"""What a target is like beside its faults: compared before and after a run.

A fingerprint says for each instance (SERVICE-N) what has to be the same again when
every fault is undone, as text by a dotted key. What a fault cannot help changing
(pids, start times, restart counts, health, dynamic addresses) is not in it; that a
container was replaced is, since nobody asked for another one.

Keys under `inside.` were seen from within an instance's own namespace. They exist
only while it runs, so they are compared only where both sides have some.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from gameday.frozen import frozen
from gameday.model.platform import PLATFORM, WHOLE, why_platforms_own

Fingerprint = Mapping[str, Mapping[str, str]]

INSIDE = "inside."
THERE = "present"  # the key under which a missing instance is named
_SHOWN = 80  # characters of a value that is kept as it is
_DIGITS = 12  # of a digest: enough to tell two values apart


@frozen
class Difference:
    """One thing that is not as it was; an empty text: it is not there at all."""

    instance: str
    key: str
    before: str
    after: str
    platform: str = ""  # why the platform changed it by itself; empty: somebody did

    def show(self) -> str:
        """Return the difference as a person reads it."""
        change = f"{self.before or 'nothing'} -> {self.after or 'nothing'}"
        return f"{self.instance}: {self.key}: {change}"


def differences(before: Fingerprint, after: Fingerprint) -> list[Difference]:
    """Return everything that differs, by instance and key."""
    changes: list[Difference] = []
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name), after.get(name)
        if old is None or new is None:
            own = [_gone_difference(name) if new is None else _new_difference(name)]
        else:
            own = _changed(name, old, new)
        marks = {**(old or {}), **(new or {})}
        changes += [
            replace(difference, platform=_platform(difference, marks))
            for difference in own
        ]
    return changes


def _platform(difference: Difference, marks: Mapping[str, str]) -> str:
    """Return why the platform made a difference, by what was read or by its name."""
    marked = marks.get(f"{PLATFORM}{difference.key}") or marks.get(WHOLE, "")
    return marked or why_platforms_own(difference.instance, difference.key)


def as_text(value: Any) -> str:
    """Return a value as text; a long one as a digest, nothing as an empty text.

    Null, zero, false and an empty list are the same: engines write one for another.
    """
    text = _stable_text(value) if value else ""
    return text if len(text) <= _SHOWN else digest(text)


def digest(value: Any, key: bytes = b"") -> str:
    """Return what tells two values apart without showing either.

    With a random `key` nobody can find a value by trying; digests are then
    comparable only with those made with the same one.
    """
    if not value:
        return ""
    data = _stable_text(value).encode(errors="replace")
    return "#" + hashlib.blake2b(data, key=key).hexdigest()[:_DIGITS]


def _changed(
    name: str, old: Mapping[str, str], new: Mapping[str, str]
) -> list[Difference]:
    keys = {key for key in old.keys() | new.keys() if not key.startswith(PLATFORM)}
    if not (_was_looked_inside(old) and _was_looked_inside(new)):
        keys = {key for key in keys if not key.startswith(INSIDE)}
    return [
        Difference(
            instance=name, key=key, before=old.get(key, ""), after=new.get(key, "")
        )
        for key in sorted(keys)
        if old.get(key, "") != new.get(key, "")
    ]


def _was_looked_inside(values: Mapping[str, str]) -> bool:
    return any(key.startswith(INSIDE) for key in values)


def _gone_difference(name: str) -> Difference:
    return Difference(instance=name, key=THERE, before="yes", after="")


def _new_difference(name: str) -> Difference:
    return Difference(instance=name, key=THERE, before="", after="yes")


def _stable_text(value: Any) -> str:
    """Return a value as text that does not depend on the order of its keys."""
    if isinstance(value, Mapping):
        pairs = sorted(
            (str(key), _stable_text(entry)) for key, entry in value.items() if entry
        )
        return ", ".join(f"{key}={entry}" for key, entry in pairs)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return " ".join(_stable_text(item) for item in value)
    return "" if value is None else str(value)
