"""The scenario's `drift` key: a folder of Terraform's."""

from gameday.files.scenario import load
from tests.unit.files.shop import Shop


def test_the_folder_starts_at_the_scenario(shop: Shop) -> None:
    assert load.scenario(str(shop.scenario), {}).drift.terraform == ""
    (shop.folder / "infra").mkdir()
    text = shop.scenario.read_text()
    shop.scenario.write_text(text + "drift: {terraform: ../infra}\n")
    made = load.scenario(str(shop.scenario), {})
    assert made.drift.terraform == str(shop.folder / "infra")


def test_a_folder_that_is_not_there_is_a_problem_of_that_line(shop: Shop) -> None:
    text = shop.scenario.read_text()
    shop.scenario.write_text(text + "drift: {terraform: ../infra}\n")
    scenario, problems = load.read_scenario(str(shop.scenario), {})
    assert scenario is None
    (problem,) = problems
    assert problem.line == text.count("\n") + 1
    assert "infra: no such folder" in problem.message
