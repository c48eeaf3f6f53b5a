"""Time and values to places on paper; labels that never overlap."""

import math
from dataclasses import dataclass, field

_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400)
_GLYPH = 0.58  # mean width of a character of the font, in its size


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeAxis:
    """Seconds since the epoch to x; `zero` is what ticks are relative to."""

    start: float
    end: float
    zero: float
    left: float
    right: float

    def x(self, at: float) -> float:
        """Return the place of an instant, kept within the paper."""
        share = (at - self.start) / (self.end - self.start)
        return round(self.left + min(max(share, 0.0), 1.0) * self._width, 2)

    @property
    def _width(self) -> float:
        return self.right - self.left

    def ticks(self, apart: float = 64.0) -> list[float]:
        """Return instants at round distances from zero, at least `apart` units."""
        least = apart * (self.end - self.start) / self._width
        step = next((seconds for seconds in _STEPS if seconds >= least), None)
        step = step or math.ceil(least / 3600) * 3600
        first = math.ceil((self.start - self.zero) / step)
        last = math.floor((self.end - self.zero) / step)
        return [self.zero + n * step for n in range(first, last + 1)]


def text_width(text: str, size: float) -> float:
    """Return about how wide a text is."""
    return len(text) * size * _GLYPH


def fit(text: str, width: float, size: float) -> str:
    """Return the text, cut so that it fits; nothing where not even three fit."""
    most = int(width / (size * _GLYPH))
    if len(text) <= most:
        return text
    return text[: most - 1] + "…" if most > 3 else ""  # noqa: PLR2004


@dataclass(slots=True)
class TextLine:
    """One line of text of a drawing: gives out places, each only once."""

    taken: list[tuple[float, float]] = field(default_factory=list)

    def take(self, left: float, right: float, gap: float = 4.0) -> bool:
        """Take the space if it is free; False where something is there already."""
        if any(left < b + gap and right > a - gap for a, b in self.taken):
            return False
        self.taken.append((left, right))
        return True


def nice_ceiling(value: float) -> float:
    """Return the next round number, for the top of a value axis."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    for factor in (1, 1.5, 2, 3, 4, 6, 8, 10):
        if factor * power >= value * 0.999999:
            return float(f"{factor * power:.12g}")
    return 10 * power
