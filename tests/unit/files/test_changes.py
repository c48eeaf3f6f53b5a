"""What a caller changes in a scenario before it is read."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from gameday.errors import UsageError
from gameday.files.scenario.load import read_scenario
from gameday.model.scenario import Scenario

ROOT = Path(__file__).resolve().parents[3]
SCENARIO = str(ROOT / "scenarios" / "lost-replica.yaml")


def read(changes: Mapping[str, Any]) -> Scenario:
    scenario, problems = read_scenario(SCENARIO, {}, changes)
    assert scenario is not None, problems
    return scenario


def told(changes: Mapping[str, Any]) -> str:
    scenario, problems = read_scenario(SCENARIO, {}, changes)
    assert scenario is None
    return "\n".join(str(problem) for problem in problems)


def test_a_change_of_a_step_is_one_of_each_step() -> None:
    changed = read({"step__hold": "20s", "step__expect__recovers_within": "99s"})
    assert {step.hold for step in changed.steps} == {20.0}
    assert {step.expect.recovers_within for step in changed.steps} == {99.0}


def test_other_sections_are_changed_by_their_keys() -> None:
    changed = read({"load__rate": "10/s", "blast_radius": {"at_most": 2}})
    assert changed.load is not None
    assert (changed.load.rate, changed.load.url != "") == (10.0, True)
    assert changed.blast_radius.at_most == 2
    assert changed.blast_radius.share is None


def test_a_section_that_is_not_there_is_made() -> None:
    changed = read({"metadata__labels__tier": "1"})
    assert changed.labels["tier"] == "1"


def test_a_wrong_value_has_the_usual_message_with_its_line() -> None:
    assert "20 is" in told({"step__hold": 20})
    assert f"{SCENARIO}:" in told({"step__hold": 20})


def test_an_unknown_key_is_named() -> None:
    assert "'hodl' is an unknown key" in told({"step__hodl": "20s"})


@pytest.mark.parametrize("name", ["step", "step__", "__hold", "metadata__name__x"])
def test_what_has_no_place_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match=name):
        read({name: "1"})


def test_a_file_that_is_no_scenario_says_so_as_ever(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("- 1\n")
    scenario, problems = read_scenario(str(path), {}, {"step__hold": "1s"})
    assert scenario is None
    assert problems
