"""Rows onto paper: bars, marks, deadlines, and labels where there is room."""

from dataclasses import dataclass, field

from gameday.reports.chart.axis import TextLine, TimeAxis, fit, text_width
from gameday.reports.chart.drawing import Bar, Deadline, Mark, Row, Section
from gameday.reports.chart.svg import element, path, rectangle, text, tooltip

WIDTH = 1120.0
GUTTER = 196.0  # the labels' column
RIGHT = WIDTH - 24.0
SIZE = 12.0  # of letters
ROW = 26.0
_WORDS = 14.0  # the line for deadlines' words
_BAR = 14.0
_HEADING = 24.0


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
