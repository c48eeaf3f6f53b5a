"""A plan as JSON and back, so that `judge` can judge an old run again.

Inline secrets of an experiment never get into it: its `secrets` block is left out.
"""

import json
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from pydantic_core import to_jsonable_python

from gameday.errors import StoreError
from gameday.model.experiment import Experiment
from gameday.model.plan import Plan
from gameday.model.scenario import Step

if TYPE_CHECKING:
    from pydantic import TypeAdapter

MONITORING = "eyes"  # what stored plans call their `monitoring`, since the first run


def to_json(plan: Plan) -> str:
    """Return the plan as JSON, without any experiment's secrets."""
    steps = tuple(_bare_step(step) for step in plan.scenario.steps)
    bare = replace(plan, scenario=replace(plan.scenario, steps=steps))
    data = to_jsonable_python(bare)
    data[MONITORING] = data.pop("monitoring")
    return json.dumps(data, indent=1, sort_keys=True) + "\n"


def from_json(text: str, path: str) -> Plan:
    """Return the plan that was stored; StoreError when it is not one."""
    from pydantic import ValidationError

    try:
        return _adapter().validate_json(_migrated(text))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        where = f" at {place}" if place else ""
        raise StoreError(
            f"{path}: the plan of this run is damaged{where}: {first['msg']}"
        ) from error


@cache
def _adapter() -> "TypeAdapter[Plan]":
    """Return what reads plans; to build it takes longer than to use it."""
    from pydantic import TypeAdapter

    return TypeAdapter(Plan)


def _migrated(text: str) -> str:
    """Return a plan's JSON in the words of `Plan`; what is no plan stays as it is.

    A promise's `reaches` was one name once, or null.
    """
    try:
        data = json.loads(text)
        data["monitoring"] = data.pop(MONITORING)
        for step in data["scenario"]["steps"]:
            for promise in step["expect"]["alerts"]:
                reaches = promise.get("reaches")
                if not isinstance(reaches, list):
                    promise["reaches"] = [] if reaches is None else [reaches]
    except (ValueError, KeyError, TypeError, AttributeError):
        return text  # which is told by who reads it
    return json.dumps(data)


def _bare_step(step: Step) -> Step:
    experiment: Experiment = step.experiment
    document = {k: v for k, v in experiment.document.items() if k != "secrets"}
    return replace(step, experiment=replace(experiment, document=document))
