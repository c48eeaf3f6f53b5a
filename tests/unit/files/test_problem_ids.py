"""Every id that a problem can have is documented."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from gameday.files import problem_ids
from gameday.files.check import check
from tests.unit.files.shop import Shop

ROOT = Path(__file__).parents[3]
ROOMS = ("gameday/files", "gameday/app")


def _codes() -> Iterator[tuple[str, str]]:
    """Yield (place, code) of each literal `code=`, `id=` in the code."""
    for room in ROOMS:
        for path in sorted((ROOT / room).glob("**/*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.Call):
                    continue
                for keyword in node.keywords:
                    if keyword.arg not in ("code", "id"):
                        continue
                    value = keyword.value
                    if isinstance(value, ast.Constant) and value.value:
                        yield f"{path.name}:{node.lineno}", str(value.value)


@pytest.mark.parametrize(("place", "code"), list(_codes()))
def test_an_id_in_the_code_is_documented(place: str, code: str) -> None:
    known = {problem_id.partition("/")[2] for problem_id in problem_ids.OWN}
    if "/" in code:
        assert problem_ids.meaning(code), place
    else:
        assert code in known | set(problem_ids.COMMON), place


def test_what_concerns_other_files_is_documented() -> None:
    assert set(problem_ids.OWN) >= problem_ids.OF_OTHER_FILES


def test_families_of_ids_exist() -> None:
    families = {problem_id.partition("/")[0] for problem_id in problem_ids.OWN}
    assert families <= set(problem_ids.FAMILIES)


@pytest.mark.parametrize(
    ("old", "new", "name", "expected"),
    [
        ("== 0", "== (0", "rules.yaml", "rules/promql-syntax"),
        ("interval: 1s", "intervall: 1s", "rules.yaml", "rules/unknown-key"),
        ("scrape_interval: 2s", "scrape_interval: 2", "prom.yaml", "prometheus/"),
        ("receiver: oncall", "receiver: x", "am.yaml", "alertmanager/"),
        ("service: checkout", "service: [checkout", "slos/checkout.yaml", "file/"),
        ("func: stop", "func: stopp", "experiments/stop.yaml", "experiment/"),
        ("hold: 45s", "holds: 45s", "scenarios/s.yaml", "scenario/unknown-key"),
        ("fires_within: 30s", "fires_within: 1s", "scenarios/s.yaml", "promise/"),
    ],
)
def test_ids_begin_with_the_family(
    shop: Shop, old: str, new: str, name: str, expected: str
) -> None:
    from gameday.app.check import check_offline

    shop.change(old, new, name)
    result = check([str(shop.folder)], {}, None)
    problems = list(result.problems)
    for scenario in result.scenarios:
        problems += check_offline(scenario)
    ids = [problem.id for problem in problems if problem.severity != "warning"]
    assert any(problem_id.startswith(expected) for problem_id in ids), ids
    assert all(problem_ids.meaning(problem_id) for problem_id in ids)


def test_an_id_that_does_not_exist_means_nothing() -> None:
    assert problem_ids.meaning("rules/unknown-key")
    assert problem_ids.meaning("rule/unknown-key") == ""
    assert problem_ids.meaning("rules/nothing") == ""
