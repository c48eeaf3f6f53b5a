"""The drawn timeline as SVG: every observation of a run on one axis of time.

Colours come from `templates/chart.css`; every mark has a tooltip, and no meaning
hangs on colour alone (hatching, shapes and words say the same).
"""

from collections.abc import Callable

from gameday.frozen import frozen
from gameday.model.events import Phase
from gameday.model.plan import Plan
from gameday.model.quantity import show_instant
from gameday.model.timeline import Timeline
from gameday.model.verdict import Verdict
from gameday.reports.chart.drawing import DrawnRun, run_of
from gameday.reports.chart.paper import (
    GUTTER,
    RIGHT,
    SIZE,
    WIDTH,
    Pen,
    TextLine,
    TimeAxis,
    draw_section,
    fit,
    text_width,
)
from gameday.reports.chart.plots import draw_plot, plots
from gameday.reports.chart.rows import sections
from gameday.reports.chart.svg import element, rectangle, text, tooltip
from gameday.reports.wording import MINUS, one_line

_TOP = 44.0  # the steps' and phases' names
_FOOT = 44.0  # the axis

_HATCH = (
    '<pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" '
    'patternTransform="rotate(45)"><rect class="hatch-ground" width="6" height="6"/>'
    '<line class="hatch-line" x1="0" y1="0" x2="0" y2="6"/></pattern>'
)


def render(plan: Plan, timeline: Timeline, verdict: Verdict) -> str:
    """Return the timeline as an `<svg>` element, empty where nothing happened."""
    run = run_of(plan, timeline, verdict)
    if run is None:
        return ""
    axis = TimeAxis(
        start=run.start, end=run.end, zero=run.zero, left=GUTTER, right=RIGHT
    )
    pen = Pen(axis=axis, y=_TOP + 6)
    for section in sections(run):
        draw_section(pen, section)
    for plot in plots(run):
        draw_plot(pen, plot)
    bottom = pen.y + 4
    height = bottom + _FOOT
    return element(
        "svg",
        element("title", "Timeline of the run"),
        element("desc", "The list of key moments says the same in words."),
        element("defs", _HATCH),
        *_background(run, axis, bottom),
        *_axis(axis, bottom),
        *pen.out,
        class_="chart",
        viewBox=f"0 0 {WIDTH:g} {height:g}",
        role="img",
        xmlns="http://www.w3.org/2000/svg",
    )


@frozen
class _Span:
    """A step or a phase, from its first event to the next one's."""

    name: str
    start: float
    end: float


def _background(run: DrawnRun, axis: TimeAxis, bottom: float) -> list[str]:
    """Draw what lies under everything: steps, phases, the time the faults held."""
    out: list[str] = []
    phases = _phases(run)
    for number, step in enumerate(_steps(run)):
        left, right = axis.x(step.start), axis.x(step.end)
        out.append(
            rectangle(
                left,
                0,
                right - left,
                bottom,
                class_=f"step {'even' if number % 2 else 'odd'}",
                title=f"step {step.name}",
            )
        )
        shown = fit(f"Step {step.name}", right - left - 12, SIZE)
        out.append(text(shown, left + 6, 16, class_="step-name"))
    for hit in run.fault_rows:
        if hit.started is not None:
            left = axis.x(hit.started)
            right = axis.x(run.end if hit.ended is None else hit.ended)
            out.append(
                rectangle(left, _TOP, right - left, bottom - _TOP, class_="hold")
            )
    return out + _phase_names(phases, axis)


def _phase_names(phases: list[_Span], axis: TimeAxis) -> list[str]:
    out = []
    line = TextLine()
    for phase in phases:
        left, right = axis.x(phase.start), axis.x(phase.end)
        out.append(_line_element(left, 26, 34, "phase-edge", f"phase {phase.name}"))
        wide = text_width(phase.name, 11)
        if wide + 6 <= right - left and line.take(left + 4, left + 4 + wide):
            out.append(text(phase.name, left + 4, 35, class_="phase-name"))
    return out


def _steps(run: DrawnRun) -> list[_Span]:
    named = [span for span in _spans(run, lambda phase: phase.step) if span.name]
    known = {step.name for step in run.plan.steps}
    return [span for span in named if not known or span.name in known]


def _phases(run: DrawnRun) -> list[_Span]:
    return _spans(run, lambda phase: phase.phase)


def _spans(run: DrawnRun, name_of: Callable[[Phase], str]) -> list[_Span]:
    """Return spans of equal names of the phase events, side by side."""
    edges: list[tuple[str, float]] = []
    for event in run.timeline.of(Phase):
        name = one_line(name_of(event), 80)
        if not edges or edges[-1][0] != name:
            edges.append((name, event.at))
    ends = [at for _, at in edges[1:]] + [run.end]
    return [
        _Span(name=name, start=at, end=end)
        for (name, at), end in zip(edges, ends, strict=True)
    ]


def _line_element(
    x: float, top: float, bottom: float, kind: str, title: str = ""
) -> str:
    return element(
        "line", tooltip(title), x1=x, x2=x, y1=top, y2=round(bottom, 2), class_=kind
    )


def _axis(axis: TimeAxis, bottom: float) -> list[str]:
    """Draw ticks in seconds from the first fault, and UTC at both ends."""
    out = []
    line = TextLine()
    for at in axis.ticks():
        x = axis.x(at)
        offset = round(at - axis.zero)
        kind = "grid zero" if offset == 0 else "grid"
        out.append(_line_element(x, _TOP, bottom, kind))
        sign = "+" if offset > 0 else MINUS if offset < 0 else ""
        shown = f"{sign}{abs(offset)} s"
        half = text_width(shown, 11) / 2
        if line.take(x - half, x + half):
            out.append(text(shown, x, bottom + 16, class_="tick", text_anchor="middle"))
    first, last = show_instant(axis.start), show_instant(axis.end)
    edges = _date_time(first), _date_time(last)
    out.append(text(edges[0], axis.left, bottom + 36, class_="edge"))
    out.append(
        text(edges[1], axis.right, bottom + 36, class_="edge", text_anchor="end")
    )
    return out


def _date_time(instant: str) -> str:
    return f"{instant[:10]} {instant[11:23]} UTC"
