"""What is configured otherwise than before, and by how much that moves a measure."""

from collections.abc import Iterator

from gameday.regressions.measure import Measure
from gameday.regressions.settings import FAULT, HOLD

_UNTOLD = ("query of ", FAULT)  # of what these change the arithmetic knows nothing


def changes(before: Measure, now: Measure) -> tuple[str, ...]:
    """Return what is configured otherwise, each with its values."""
    return tuple(
        f"{name} {before.settings.get(name) or 'none'} → "
        f"{now.settings.get(name) or 'none'}"
        for name in _changed(before, now)
    )


def other_versions(before: Measure, now: Measure) -> tuple[str, ...]:
    """Return which of what was asked has another version, where both are known."""
    old, new = before.generation, now.generation
    return tuple(
        f"{name} {old[name]} → {new[name]}"
        for name in sorted(old.keys() & new.keys())
        if old[name] != new[name]
    )


def shift(before: Measure, now: Measure) -> float | None:
    """Return by what the changed configuration moves a measure; None: unknown, or none.

    A longer interval makes only the latest moment later: the worse of both counts.
    """
    earlier = _moved(before, now)
    if earlier is None or before.latest is None or now.latest is None:
        return earlier
    return max(earlier, now.latest - before.latest)


def shift_less_phases(before: Measure, now: Measure) -> float | None:
    """Return by what it moves a measure from which the phases are subtracted."""
    return _moved(before, now)


def _moved(before: Measure, now: Measure) -> float | None:
    """Return by what the earliest moment moves; None: unknown, or nothing changed."""
    changed = [name for name in _changed(before, now) if name != HOLD]
    unknown = any(name.startswith(_UNTOLD) for name in changed)
    if not changed or unknown or before.earliest is None or now.earliest is None:
        return None
    return now.earliest - before.earliest


def _changed(before: Measure, now: Measure) -> Iterator[str]:
    old, new = before.settings, now.settings
    for name in sorted(old.keys() | new.keys()):
        # Baselines of earlier versions do not say what the fault was.
        known = name not in (FAULT, HOLD) or (name in old and name in new)
        if known and old.get(name) != new.get(name):
            yield name
