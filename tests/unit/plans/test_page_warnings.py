"""What a plan says of promises about pages where no pager is named."""

from typing import Any

from gameday.model.plan import Monitoring
from gameday.plans.plan import PlanInputs, make_plan
from tests.builders import everything, plan, promise, step


def warnings(**promised: Any) -> list[str]:
    alert = promise("Down", reaches=("oncall",), **promised)
    scenario = plan(step(alerts=(alert,)), observe=everything(pages=None)).scenario
    inputs = PlanInputs(target=None, instances=(), monitoring=Monitoring())
    made = make_plan(scenario, inputs, seed=1)
    return [warning for warning in made.warnings if "observe.pages" in warning]


def test_each_promise_that_only_a_pager_could_answer_is_named() -> None:
    unset = "observe.pages is not set: "
    assert warnings(pages_within=20.0, page_resolves_within=60.0) == [
        f"{unset}pages_within and page_resolves_within cannot be measured"
    ]
    assert warnings(page_resolves_within=60.0) == [
        f"{unset}page_resolves_within cannot be measured"
    ]


def test_what_alertmanager_can_answer_is_not() -> None:
    assert warnings(fires_within=20.0) == []
