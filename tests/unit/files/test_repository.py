"""`gameday check .` in a repository of many kinds of files."""

from pathlib import Path

import pytest

from tests.unit.files.repository import MISTAKES, judged, lay_out, plant, refused


def test_a_healthy_repository_of_fifty_services_has_no_problem(tmp_path: Path) -> None:
    lay_out(tmp_path, 50)
    result = judged(tmp_path)
    assert result.problems == ()
    assert result.counts == {
        "scenario": 50,
        "alertmanager": 50,
        "prometheus": 50,
        "rules": 200,
        "experiment": 100,
        "slo": 150,
    }
    assert len(result.passed) == 50 * 14


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_of_its_file_and_of_no_other(
    tmp_path: Path, name: str
) -> None:
    lay_out(tmp_path, 3)
    file = plant(tmp_path, 1, name)
    assert refused(judged(tmp_path)) == {str(file)}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_file_that_is_broken_behind_its_middle_is_told_of(
    tmp_path: Path, name: str
) -> None:
    lay_out(tmp_path, 1)
    file = tmp_path / "services" / "shop-00" / name
    text = file.read_text()
    for part in (5, 6, 7):
        file.write_text(text[: len(text) * part // 8] + "\n: {[\n")
        assert str(file) in refused(judged(tmp_path)), part
