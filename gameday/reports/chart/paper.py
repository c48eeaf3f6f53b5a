"""The chart's paper: places of times and values, rows, labels that never overlap."""

import math
from dataclasses import dataclass, field

from gameday.frozen import frozen
from gameday.reports.chart.drawing import Bar, Deadline, Mark, Row, Section
from gameday.reports.chart.svg import element, path, rectangle, text, tooltip

_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400)
_GLYPH = 0.58  # mean width of a character of the font, in its size

WIDTH = 1120.0
GUTTER = 196.0  # the labels' column
RIGHT = WIDTH - 24.0
SIZE = 12.0  # of letters
ROW = 26.0
_WORDS = 14.0  # the line for deadlines' words
_BAR = 14.0
_HEADING = 24.0


@frozen
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


def text_width(words: str, size: float) -> float:
    """Return about how wide a text is."""
    return len(words) * size * _GLYPH


def fit(words: str, width: float, size: float) -> str:
    """Return the text, cut so that it fits; nothing where not even three fit."""
    most = int(width / (size * _GLYPH))
    if len(words) <= most:
        return words
    return words[: most - 1] + "…" if most > 3 else ""  # noqa: PLR2004


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


@dataclass(slots=True, kw_only=True)
class Pen:
    """Where the next row goes, and what was drawn so far."""

    axis: TimeAxis
    y: float
    out: list[str] = field(default_factory=list)

    def heading(self, words: str) -> None:
        """Write a section's name into the labels' column, under a hairline."""
        self.rule()
        self.out.append(text(words, 0, self.y + 17, class_="section"))
        self.y += _HEADING

    def rule(self) -> None:
        """Draw a hairline across the whole width."""
        y = round(self.y, 2)
        self.out.append(element("line", x1=0, x2=RIGHT, y1=y, y2=y, class_="rule"))


def draw_section(pen: Pen, section: Section) -> None:
    """Draw a heading and its rows."""
    pen.heading(section.name)
    for row in section.rows:
        _draw_row(pen, row)
    if section.left_off:
        more = f"and {section.left_off} more in timeline.ndjson"
        pen.out.append(text(more, 12, pen.y + 15, class_="note"))
        pen.y += ROW
    pen.y += 4


def _draw_row(pen: Pen, row: Row) -> None:
    label(pen, row.label, row.title)
    line = TextLine()
    for bar in row.bars:
        _draw_bar(pen, bar, line)
    for mark in row.marks:
        x = pen.axis.x(mark.at)
        line.take(x - 6, x + 6)
        pen.out.append(_mark(mark, x, pen.y + ROW / 2))
    if row.note and not row.bars and not row.marks:
        _draw_note(pen, row.note, line)
    # Deadlines are named on a line of their own, under what they are about.
    height = ROW + (_WORDS if row.deadlines else 0.0)
    bottom = pen.y + height
    draw_deadlines(
        pen, row.deadlines, pen.y + 3, bottom - 3, words_at=bottom - _WORDS / 2
    )
    pen.y = bottom


def label(pen: Pen, words: str, title: str = "") -> None:
    """Write a row's label, cut to its column; the whole as a tooltip."""
    shown = fit(words, GUTTER - 24, SIZE)
    written = text(shown, 12, pen.y + ROW / 2 + 4, class_="label")
    pen.out.append(element("g", tooltip(title or words), written))


def _draw_bar(pen: Pen, bar: Bar, line: TextLine) -> None:
    left, right = pen.axis.x(bar.start), pen.axis.x(bar.end)
    top = pen.y + (ROW - _BAR) / 2
    pen.out.append(
        rectangle(
            left,
            top,
            right - left,
            _BAR,
            class_=f"bar {bar.kind}",
            rx=2,
            title=bar.title,
        )
    )
    line.take(left, right, gap=0)
    shown = fit(bar.words, right - left - 10, 11)
    if shown and shown == bar.words:
        pen.out.append(text(shown, left + 6, top + 11, class_=f"in-bar {bar.kind}"))


def draw_deadlines(
    pen: Pen, given: list[Deadline], top: float, bottom: float, *, words_at: float
) -> None:
    """Draw thin lines, each with its words on a free side, or as a tooltip only."""
    line = TextLine()
    shown = [deadline for deadline in given if deadline.at <= pen.axis.end]
    for deadline in shown:
        x = pen.axis.x(deadline.at)
        stroke = element(
            "line", x1=x, x2=x, y1=round(top, 2), y2=round(bottom, 2), class_="deadline"
        )
        # A hair is hard to point at: a wide, invisible one carries the tooltip.
        reach = rectangle(
            x - 4, top, 8, bottom - top, class_="reach", title=deadline.title
        )
        pen.out += [stroke, reach]
        line.take(x - 1, x + 1, gap=0)
    for deadline in shown:
        _draw_deadline_words(pen, deadline, line, words_at)
    # What was over only after the run has no place; an arrow points there.
    later = ", ".join(deadline.words for deadline in given if deadline not in shown)
    if later:
        words = f"{later} \N{RIGHTWARDS ARROW}"
        if line.take(RIGHT - 4 - text_width(words, 11), RIGHT):
            kind = "deadline-words"
            pen.out.append(
                text(words, RIGHT - 4, words_at, class_=kind, text_anchor="end")
            )


def _draw_deadline_words(
    pen: Pen, deadline: Deadline, line: TextLine, y: float
) -> None:
    x = pen.axis.x(deadline.at)
    wide = text_width(deadline.words, 11)
    for left, place, anchor in (
        (x + 4, x + 4, "start"),
        (x - 4 - wide, x - 4, "end"),
    ):
        inside = left >= GUTTER and left + wide <= RIGHT
        if inside and line.take(left, left + wide, gap=2):
            kind = "deadline-words"
            pen.out.append(
                text(deadline.words, place, y, class_=kind, text_anchor=anchor)
            )
            return


def _draw_note(pen: Pen, words: str, line: TextLine) -> None:
    start = pen.axis.x(pen.axis.zero) + 6
    wide = text_width(words, 11)
    for left in (start, GUTTER + 6):
        if line.take(left, left + wide):
            pen.out.append(text(words, left, pen.y + ROW / 2 + 4, class_="note"))
            return


def _mark(mark: Mark, x: float, y: float) -> str:
    """Draw a mark: its shape says what its colour says."""
    shapes = {
        "page firing": f"M{x - 6} {y + 6}L{x} {y - 6}L{x + 6} {y + 6}Z",
        "page resolved": f"M{x - 5} {y}L{x - 1.5} {y + 4}L{x + 5.5} {y - 5}",
        "probe ok": f"M{x} {y - 4}V{y + 4}",
        "probe bad": f"M{x - 4} {y - 6}l8 12m0 -12l-8 12",
    }
    shape = shapes.get(mark.kind, f"M{x} {y - 6}L{x + 5} {y}L{x} {y + 6}L{x - 5} {y}Z")
    reach = rectangle(x - 5, y - 9, 10, 18, class_="reach", title=mark.title)
    return path(shape, class_=f"mark {mark.kind}") + reach
