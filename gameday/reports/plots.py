"""Curves onto paper: error ratios of the SLIs, and the load."""

from dataclasses import dataclass

from gameday.model.quantity import show_share
from gameday.reports.axis import Line, nice_ceiling
from gameday.reports.curves import Point, error_curve, load_curves
from gameday.reports.drawing import Deadline, Run, deadlines
from gameday.reports.paint import GUTTER, RIGHT, Pen, label, paint_deadlines
from gameday.reports.svg import element, path, text, tooltip
from gameday.reports.wording import one_line

_HEIGHT = 64.0
_MOST = 8  # plots; a chart with more is no longer read


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """One value axis with its curves, each by the name of its class in the style."""

    heading: str
    label: str
    top: float
    top_words: str
    curves: tuple[tuple[str, list[Point], str], ...]  # class, points, tooltip
    limit: float | None = None
    limit_words: str = ""
    deadlines: tuple[Deadline, ...] = ()


def plots(run: Run) -> list[Plot]:
    """Return the load's plot and one for each SLO that was sampled."""
    found = [_load_plot(run)]
    found += [_slo_plot(run, slo.name) for slo in run.plan.scenario.slos]
    return [plot for plot in found if plot is not None][:_MOST]


def _load_plot(run: Run) -> Plot | None:
    curves = load_curves(run.timeline)
    if curves is None:
        return None
    top = nice_ceiling(_highest(curves.ok, curves.failed))
    return Plot(
        heading="Load",
        label="requests/s",
        top=top,
        top_words=f"{top:g}/s",
        curves=(
            ("ok", curves.ok, "requests per second that were answered well"),
            ("failed", curves.failed, "requests per second that failed"),
        ),
    )


def _slo_plot(run: Run, name: str) -> Plot | None:
    points = error_curve(run.timeline, name)
    slo = run.plan.scenario.slo(name)
    if not points or slo is None:
        return None
    highest = _highest(points)
    top = nice_ceiling(max(highest * 1.1, slo.budget * 1.5, 0.0001))
    return Plot(
        heading="Error ratio",
        label=name,
        top=min(top, 1.0),
        top_words=show_share(min(top, 1.0)),
        curves=(("ratio", points, f"error ratio of {name}, at most {highest:.3%}"),),
        limit=slo.budget,
        limit_words=f"objective: {show_share(slo.budget)} bad",
        deadlines=tuple(_recovers(run, name)),
    )


def _recovers(run: Run, slo: str) -> list[Deadline]:
    """Return when recovery was due: asked of the SLO, its service or the step."""
    found = run.verdict.findings
    subjects = {one.subject for one in found if one.question == "recovers_within"}
    own = [one for one in subjects if one == slo] or sorted(subjects)[:1]
    return [line for one in own for line in deadlines(run, ("recovers_within",), one)]


def _highest(*curves: list[Point]) -> float:
    return max((v for one in curves for _, v in one if v is not None), default=0.0)


def paint_plot(pen: Pen, plot: Plot) -> None:
    """Draw one plot under its heading."""
    pen.heading(plot.heading)
    label(pen, plot.label)
    top, bottom = pen.y, pen.y + _HEIGHT
    pen.out.append(
        text(plot.top_words, GUTTER - 6, top + 9, class_="scale", text_anchor="end")
    )
    pen.out.append(text("0", GUTTER - 6, bottom, class_="scale", text_anchor="end"))
    _across(pen, bottom, "base", "")
    for kind, points, title in plot.curves:
        _paint_curve(pen, plot.top, kind, points, title)
    line = Line()
    if plot.limit is not None and plot.limit <= plot.top:
        _paint_limit(pen, plot, plot.limit)
    paint_deadlines(pen, list(plot.deadlines), line, top, bottom)
    pen.y = bottom + 8


def _paint_limit(pen: Pen, plot: Plot, limit: float) -> None:
    y = pen.y + _HEIGHT * (1 - limit / plot.top)
    _across(pen, y, "limit", plot.limit_words)
    pen.out.append(
        text(
            one_line(plot.limit_words, 60),
            RIGHT - 4,
            y - 4,
            class_="deadline-words",
            text_anchor="end",
        )
    )


def _across(pen: Pen, y: float, kind: str, title: str) -> None:
    place = round(y, 2)
    pen.out.append(
        element(
            "line",
            tooltip(title),
            x1=GUTTER,
            x2=RIGHT,
            y1=place,
            y2=place,
            class_=kind,
        )
    )


def _paint_curve(
    pen: Pen, highest: float, kind: str, points: list[Point], title: str
) -> None:
    """Draw the line, and the area under it; a gap stays a gap."""
    base = round(pen.y + _HEIGHT, 2)
    for run in _unbroken(points):
        places = [
            f"{pen.axis.x(at):g} {pen.y + _HEIGHT * (1 - value / highest):.1f}"
            for at, value in run
        ]
        line = "M" + "L".join(places)
        left, right = pen.axis.x(run[0][0]), pen.axis.x(run[-1][0])
        area = f"{line}L{right:g} {base:g}L{left:g} {base:g}Z"
        pen.out.append(path(area, class_=f"area {kind}", title=title))
        pen.out.append(path(line, class_=f"curve {kind}"))


def _unbroken(points: list[Point]) -> list[list[tuple[float, float]]]:
    runs: list[list[tuple[float, float]]] = [[]]
    for at, value in points:
        if value is None:
            runs.append([])
        else:
            runs[-1].append((at, value))
    return [run for run in runs if run]
