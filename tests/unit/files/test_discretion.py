"""A file from elsewhere that is none of ours is named and never quoted."""

from pathlib import Path

import pytest

from gameday.errors import Problem
from gameday.files.scenario.load import read_scenario
from tests.unit.files.shop import Shop

SECRET = "correct-horse"
FOREIGN = [
    f"root:{SECRET}:0:0:root:/root:/bin/bash\n",
    f"password={SECRET}\n",
    f"password: {SECRET}\n",
    f"apiVersion: v1\nkind: Config\nusers: [{{user: {{token: {SECRET}}}}}]\n",
    f'{{"{SECRET}": [1,]}}\n',
    f"a: *{SECRET}\n",
    f"a: !{SECRET} b\n",
    f"- {SECRET}\n",
    f"{SECRET}: 1\n{SECRET}: 2\n",
    f"{SECRET}\n\0\n",
]
PLACES = [
    ("../experiments/stop.yaml", "steps[0].experiment"),
    ("../slos/checkout.yaml", "slos[0]"),
    ("../rules.yaml", "observe.files.rules[0]"),
    ("../prom.yaml", "observe.files.prometheus"),
    ("../am.yaml", "observe.files.alertmanager"),
]


def _problems(shop: Shop, old: str, path: Path) -> list[Problem]:
    shop.change(old, str(path))
    return read_scenario(str(shop.scenario), {})[1]


@pytest.mark.parametrize("text", FOREIGN)
@pytest.mark.parametrize(("old", "place"), PLACES)
def test_a_file_from_elsewhere_is_not_quoted(
    shop: Shop, old: str, place: str, text: str
) -> None:
    path = shop.write("elsewhere/file", text)
    problems = _problems(shop, old, path)
    assert not any(SECRET in str(problem) for problem in problems)
    told = f"{place}: {path}: is of no kind that gameday knows; correct the path"
    assert told in [problem.message for problem in problems]


def test_a_link_in_the_scenarios_folder_leads_elsewhere(shop: Shop) -> None:
    path = shop.write("elsewhere/file", FOREIGN[0])
    (shop.folder / "scenarios" / "link.yaml").symlink_to(path)
    problems = _problems(shop, "../experiments/stop.yaml", Path("link.yaml"))
    assert not any(SECRET in str(problem) for problem in problems)


def test_what_is_wrong_with_a_file_of_ours_is_still_told(shop: Shop) -> None:
    shop.change("func: stop", "func: stopp", "experiments/stop.yaml")
    (problem,) = read_scenario(str(shop.scenario), {})[1]
    assert "stopp" in problem.message
    assert problem.line == 22


def test_a_file_beside_the_scenario_is_quoted(shop: Shop) -> None:
    shop.write("scenarios/a.yaml", "title: a\ntype: b\n")
    problems = _problems(shop, "../experiments/stop.yaml", Path("a.yaml"))
    assert any("'type' is an unknown key" in problem.message for problem in problems)


def test_a_file_that_is_not_there_is_said_so(shop: Shop) -> None:
    (problem,) = _problems(shop, "../am.yaml", Path("../nothing.yaml"))
    assert "there is no such file" in problem.message
