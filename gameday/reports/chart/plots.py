"""Curves onto paper: error ratios of the SLIs, and the load."""

from collections.abc import Collection

from gameday.frozen import frozen
from gameday.model.promise import DrawnAt
from gameday.model.quantity import show_share
from gameday.reports.chart.curves import Curve, error_curve, load_curves
from gameday.reports.chart.drawing import Deadline, DrawnRun, deadlines, promised
from gameday.reports.chart.paper import (
    GUTTER,
    RIGHT,
    ROW,
    Pen,
    draw_deadlines,
    label,
    nice_ceiling,
)
from gameday.reports.chart.svg import element, path, text, tooltip
from gameday.reports.wording import one_line

_CURVE_WORDS = {"ok": "answered", "failed": "failed"}
_HEIGHT = 68.0
_MOST = 8  # plots; a chart with more is no longer read


@frozen
class Plot:
    """One value axis with its curves, each by the name of its class in the style."""

    heading: str
    label: str
    top: float
    top_words: str
    curves: tuple[tuple[str, Curve, str], ...]  # class, curve, tooltip
    limit: float | None = None
    limit_words: str = ""
    deadlines: tuple[Deadline, ...] = ()


def plots(run: DrawnRun) -> list[Plot]:
    """Return the load's plot and one for each SLO that was sampled."""
    drawn = [_load_plot(run)]
    drawn += [_slo_plot(run, slo.name) for slo in run.plan.scenario.slos]
    return [plot for plot in drawn if plot is not None][:_MOST]


def _load_plot(run: DrawnRun) -> Plot | None:
    curves = load_curves(run.timeline, run.zero)
    if curves is None:
        return None
    top = nice_ceiling(max(curves.ok.highest, curves.failed.highest))
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


def _slo_plot(run: DrawnRun, name: str) -> Plot | None:
    whole = error_curve(run.timeline, name, run.zero)
    slo = run.plan.scenario.slo(name)
    if whole is None or slo is None:
        return None
    curve = whole.since(run.start)
    highest = curve.highest
    top = nice_ceiling(max(highest * 1.1, slo.tolerated * 1.5, 0.0001))
    return Plot(
        heading="Error ratio",
        label=name,
        top=min(top, 1.0),
        top_words=show_share(min(top, 1.0)),
        curves=(("ratio", curve, f"error ratio of {name}, at most {highest:.3%}"),),
        limit=slo.tolerated,
        limit_words=f"objective: {show_share(slo.tolerated)} bad",
        deadlines=tuple(_recovers(run, name)),
    )


def _recovers(run: DrawnRun, slo: str) -> list[Deadline]:
    """Return when recovery was due: asked of the SLO, its service or the step."""
    subjects = {finding.subject for finding, _ in promised(run, DrawnAt.SLI)}
    own = [subject for subject in subjects if subject == slo] or _first(subjects)
    return [line for subject in own for line in deadlines(run, DrawnAt.SLI, subject)]


def _first(subjects: Collection[str]) -> list[str]:
    """Return one of them: a cluster's workloads (deployment/web) have no curve."""
    return sorted(subjects, key=lambda subject: ("/" in subject, subject))[:1]


def draw_plot(pen: Pen, plot: Plot) -> None:
    """Draw one plot under its heading."""
    pen.heading(plot.heading)
    label(pen, plot.label)
    _draw_key(pen, plot)
    top, bottom = pen.y, pen.y + _HEIGHT
    pen.out.append(
        text(plot.top_words, GUTTER - 6, top + 9, class_="scale", text_anchor="end")
    )
    pen.out.append(text("0", GUTTER - 6, bottom, class_="scale", text_anchor="end"))
    _across(pen, bottom, "base", "")
    for kind, curve, title in plot.curves:
        _draw_curve(pen, plot.top, curve, kind, title)
    if plot.limit is not None and plot.limit <= plot.top:
        _draw_limit(pen, plot, plot.limit)
    draw_deadlines(pen, list(plot.deadlines), top, bottom, words_at=top + 9)
    pen.y = bottom + 8


def _draw_key(pen: Pen, plot: Plot) -> None:
    """Name the curves where there are several, each with a piece of its line."""
    if len(plot.curves) == 1:
        return
    for number, (kind, _, _) in enumerate(plot.curves):
        y = pen.y + ROW + 8 + number * 16
        pen.out.append(path(f"M12 {y:g}h18", class_=f"curve {kind}"))
        words = _CURVE_WORDS.get(kind, kind)
        pen.out.append(text(words, 36, y + 4, class_="scale"))


def _draw_limit(pen: Pen, plot: Plot, limit: float) -> None:
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


def _draw_curve(pen: Pen, highest: float, curve: Curve, kind: str, title: str) -> None:
    """Draw steps, and the area under them; a gap stays a gap."""
    base = f"{pen.y + _HEIGHT:g}"
    for run in _unbroken(curve):
        first, last = pen.axis.x(run[0][0]), pen.axis.x(run[-1][0] + curve.width)
        steps = []
        for at, value in run:
            y = pen.y + _HEIGHT * (1 - value / highest)
            steps.append(f"{pen.axis.x(at):g}V{y:.1f}")
        line = f"M{first:g} {base}H" + "H".join(steps) + f"H{last:g}"
        # The line itself begins at its first value, not on the base.
        top = steps[0].rpartition("V")[2]
        rest = "".join(f"H{step}" for step in steps[1:])
        pen.out.append(path(f"{line}V{base}Z", class_=f"area {kind}", title=title))
        pen.out.append(path(f"M{first:g} {top}{rest}H{last:g}", class_=f"curve {kind}"))


def _unbroken(curve: Curve) -> list[list[tuple[float, float]]]:
    runs: list[list[tuple[float, float]]] = [[]]
    for at, value in curve.points:
        if value is None:
            runs.append([])
        else:
            runs[-1].append((at, value))
    return [run for run in runs if run]
