"""`check -o …` writes what the formats' publishers say."""

import io
import os
from pathlib import Path

import pytest
from pydantic_core import from_json

from gameday.app.check import CheckRequest, check, rendered
from gameday.cli.files.check import _print_json
from gameday.files.check import CheckResult
from tests.unit.files.repository import MISTAKES, lay_out, plant
from tests.unit.reports.published import CODE_QUALITY, Sarif, judge_junit

STRANGE = (
    "groups: [{name: a, rules: [{alert: 'x]]>\\u0007&<', expr: 'up ==\\u2028'}]}]\n"
)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with every mistake, and files whose names and texts are strange."""
    for name in ("GITHUB_WORKSPACE", "CI_PROJECT_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    lay_out(tmp_path, 2)
    for name in MISTAKES:
        plant(tmp_path, 1, name)
    for raw in (b"a b%.yaml", b"#1\xc3\xa9.yaml", b"\xff.yaml", b"line\nbreak.yaml"):
        Path(os.fsdecode(raw)).write_text(STRANGE)
    Path("warned.yaml").write_text(
        "groups: [{name: a, rules: [{record: a, expr: 'holt_winters(a[1m],1,1)'}]}]"
    )
    return tmp_path


@pytest.fixture
def result(here: Path) -> CheckResult:
    """What is wrong in it."""
    del here
    checked = check(["."], {}, io.StringIO(), CheckRequest())
    assert len({problem.path for problem in checked.problems}) > len(MISTAKES)
    assert {problem.severity for problem in checked.problems} >= {"error", "warning"}
    return checked


def test_sarif(result: CheckResult) -> None:
    log = Sarif.model_validate_json(rendered("sarif", result))
    (run,) = log.runs
    rules = run.tool.driver.rules
    assert len(run.results) == len(result.problems)
    assert all(
        rules[reported.ruleIndex].id == reported.ruleId for reported in run.results
    )
    assert len({rule.id for rule in rules}) == len(rules)


def test_gitlab_code_quality(result: CheckResult) -> None:
    issues = CODE_QUALITY.validate_json(rendered("gitlab", result))
    assert len(issues) == len(result.problems)
    assert len({issue.fingerprint for issue in issues}) == len(issues)


def test_junit(result: CheckResult) -> None:
    judge_junit(rendered("junit", result))


@pytest.mark.parametrize("output", ["sarif", "gitlab", "junit"])
def test_nothing_wrong(output: str, tmp_path: Path) -> None:
    checked = check([str(tmp_path)], {}, io.StringIO(), CheckRequest())
    text = rendered(output, checked)
    if output == "sarif":
        assert Sarif.model_validate_json(text).runs[0].results == []
    elif output == "gitlab":
        assert CODE_QUALITY.validate_json(text) == []
    else:
        judge_junit(text)


def test_json_is_strict(
    result: CheckResult, capsys: pytest.CaptureFixture[str]
) -> None:
    _print_json(result)
    told = from_json(capsys.readouterr().out)
    assert len(told["problems"]) == len(result.problems)
