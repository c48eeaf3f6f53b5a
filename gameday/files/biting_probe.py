"""The probe by which a step tells whether other extensions' actions bite.

Its name has to be that of a probe in the step's experiment: one of the hypothesis,
or one of the method that is asked after the first of these actions.
"""

from collections.abc import Mapping
from typing import Any

from gameday.files.text.cursor import Cursor
from gameday.files.text.suggest import did_you_mean
from gameday.model.experiment import Experiment
from gameday.model.quoting import shown

_KEY = "bites"
_OURS = "gameday.faults"


def check(here: Cursor, experiment: Experiment) -> None:
    """Report a step's `bites` that names no probe which could show an effect."""
    name = here.value.get(_KEY) if isinstance(here.value, dict) else None
    if not isinstance(name, str) or not name:
        return
    if not experiment.foreign:
        here.error(
            "this experiment has no action of another extension, and gameday proves "
            "itself that its own faults bite; remove bites",
            _KEY,
            code="combination",
        )
        return
    method = _activities(experiment.document.get("method"))
    hypothesis = experiment.document.get("steady-state-hypothesis")
    probes = hypothesis.get("probes") if isinstance(hypothesis, Mapping) else None
    expected = [str(probe.get("name")) for probe in _activities(probes)]
    acted = False
    too_early: list[str] = []
    for activity in method:
        if activity.get("type") == "probe":
            (expected if acted else too_early).append(str(activity.get("name")))
        acted = acted or _is_foreign_action(activity)
    if name in expected:
        return
    if name in too_early:
        here.error(
            f"the probe {shown(name)} is asked before any action of another extension, "
            "so it cannot show what they did; move it behind them",
            _KEY,
            code="combination",
        )
        return
    hint = did_you_mean(name, expected) if expected else "; it has none"
    here.error(
        f"the experiment has no probe {shown(name)}{hint}", _KEY, code="reference"
    )


def _activities(value: Any) -> list[Mapping[str, Any]]:
    listed = value if isinstance(value, list) else []
    return [activity for activity in listed if isinstance(activity, Mapping)]


def _is_foreign_action(activity: Mapping[str, Any]) -> bool:
    provider = activity.get("provider")
    module = provider.get("module") if isinstance(provider, Mapping) else ""
    ours = str(module or "").startswith(_OURS)
    return activity.get("type") == "action" and not ours
