"""`gameday coverage` as a user calls it, on folders of stored runs."""

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from gameday.cli.evidence.coverage import command
from gameday.cli.main import main
from gameday.model.plan import Monitoring
from gameday.reports import verdict_json
from gameday.store.plans import to_json
from tests.builders import at, page, rule
from tests.unit.coverage.register_of import NAME, asked, past, story

RULES = """\
groups:
  - name: shop
    rules:
      - alert: WebReplicaDown
        expr: up == 0
        labels: {severity: page}
"""
OTHER = """\
      - alert: Other
        expr: up == 1
        labels: {severity: page}
"""


@pytest.fixture(autouse=True)
def _rules(own_folder: Path) -> None:
    (own_folder / "rules.yaml").write_text(RULES)


def stored(folder: str = "artifacts/run") -> Path:
    """Write a run's folder, as an artifact has it."""
    plan, told = asked([rule(NAME)]), story(page("team", at(30), "Other"))
    place = Path(folder)
    place.mkdir(parents=True)
    lines = [json.dumps(entry.to_json()) for entry in told]
    (place / "plan.json").write_text(to_json(plan))
    (place / "timeline.ndjson").write_text("\n".join(lines) + "\n")
    verdict = past(plan, told).verdict
    (place / "verdict.json").write_text(verdict_json.render(verdict))
    return place


def coverage(*words: str) -> tuple[int, str, str]:
    """Return exit code, standard output and standard error."""
    done = CliRunner().invoke(
        command, ["--max-age", "5200w", *words], standalone_mode=False
    )
    if done.exception is not None:
        raise done.exception
    return done.return_value, done.stdout, done.stderr


def test_a_folder_of_downloaded_runs_is_read() -> None:
    stored()
    code, out, _ = coverage("artifacts", "--rules", "rules.yaml", "-o", "json")
    told = json.loads(out)
    assert code == 0
    assert told["runs"] == 1
    assert [row["state"] for row in told["rules"]] == ["proven"]


def test_without_rules_those_of_the_newest_run_are_meant() -> None:
    stored()
    assert "1 of 1 alert rules proven (100%)" in coverage("artifacts")[1]


def test_a_newer_run_that_saw_no_rules_takes_none_away() -> None:
    """It was refused, since Prometheus did not answer."""
    stored()
    place = stored("artifacts/refused")
    blind = replace(asked([rule(NAME)]), monitoring=Monitoring())
    (place / "plan.json").write_text(to_json(blind))
    verdict = json.loads((place / "verdict.json").read_text())
    verdict |= {"run": "r2", "ended": "2999-01-01T00:00:00.000Z", "findings": []}
    (place / "verdict.json").write_text(json.dumps(verdict | {"ending": "refused"}))
    assert "1 of 1 alert rules proven (100%)" in coverage("artifacts")[1]


def test_a_run_that_is_there_twice_counts_once() -> None:
    stored("artifacts/a")
    stored("artifacts/b")
    assert json.loads(coverage("artifacts", "-o", "json")[1])["runs"] == 1


def test_too_small_a_share_fails_and_an_equal_one_does_not() -> None:
    stored()
    Path("rules.yaml").write_text(RULES + OTHER)
    words = ("artifacts", "--rules", "rules.yaml", "--fail-under")
    assert coverage(*words, "50%")[0] == 0
    code, _, err = coverage(*words, "51%")
    assert code == 1
    assert "50% is below 51%" in err


def test_a_record_that_cannot_be_read_makes_a_failure_inconclusive() -> None:
    place = stored()
    (place / "plan.json").write_text("{}")
    code, out, _ = coverage("artifacts", "--rules", "rules.yaml", "--fail-under", "50%")
    assert code == 3
    assert "not read:" in out


def test_without_any_rule_nobody_can_tell() -> None:
    assert coverage("--fail-under", "1%")[0] == 3


def git(*words: str) -> None:
    who = ("-c", "user.name=t", "-c", "user.email=t@example.com")
    subprocess.run(["git", *who, *words], check=True, capture_output=True, timeout=30)


def test_a_new_rule_has_to_be_proven_where_that_is_asked() -> None:
    stored()
    git("init", "-q")
    git("add", "rules.yaml")
    git("commit", "-qm", "rules")
    words = ("artifacts", "--rules", ".", "--base", "HEAD", "--new-rules-proven")
    code, out, _ = coverage(*words)
    assert code == 0
    assert "no alert rule is new or changed" in out
    Path("rules.yaml").write_text(RULES + OTHER)
    code, out, err = coverage(*words)
    assert code == 1
    assert "Other is new and is not proven: never" in err
    assert "Other (new)" in out
    assert NAME not in out.split("receivers:")[0]


@pytest.mark.parametrize("commit", [False, True])
def test_the_rules_of_a_file_that_was_renamed_are_not_new(commit: bool) -> None:
    stored()
    Path("rules.yaml").write_text(RULES + OTHER)
    git("init", "-q")
    git("add", "rules.yaml")
    git("commit", "-qm", "rules")
    git("tag", "base")
    Path("alerts").mkdir()
    Path("rules.yaml").rename("alerts/shop.yaml")
    if commit:
        git("add", "-A")
        git("commit", "-qm", "renamed")
    words = ("artifacts", "--rules", "alerts/shop.yaml", "--base", "base")
    code, out, err = coverage(*words, "--new-rules-proven")
    assert (code, "(new)" in out) == (0, False), err


def test_a_rule_file_that_was_wrong_at_the_commit_can_be_mended() -> None:
    stored()
    right = Path("rules.yaml").read_text()
    git("init", "-q")
    Path("rules.yaml").write_text(right + OTHER.replace("expr: ", "expr: ("))
    git("add", "rules.yaml")
    git("commit", "-qm", "rules")
    Path("rules.yaml").write_text(right)
    words = ("artifacts", "--rules", "rules.yaml", "--base", "HEAD")
    code, _, err = coverage(*words, "--new-rules-proven")
    assert code == 0, err


def test_the_files_are_written_whole() -> None:
    stored()
    assert coverage("artifacts", "--out", "public/badges")[0] == 0
    names = {path.name for path in Path("public/badges").iterdir()}
    assert names == {"coverage.json", "coverage.md", "coverage.svg"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere"], "there is no such folder"),
        (["--rules", "nowhere.yaml"], "nowhere.yaml: there is no such file"),
        (["--alertmanager", "rules.yaml"], "rules.yaml"),
        (["--fail-under", "80"], "'80' is a bare number"),
        (["--fail-under", "180%"], "180% is more than all rules"),
        (["--max-age", "30"], "'30' is a bare number"),
        (["--new-rules-proven"], "needs --base REF"),
        (["--base", "HEAD"], "name them with --rules"),
    ],
)
def test_what_makes_no_sense_is_said_in_one_message(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        main(["coverage", *words])
    assert left.value.code == 2
    assert said in capsys.readouterr().err


def test_without_any_rule_it_says_what_to_do() -> None:
    code, said, _ = coverage()
    assert code == 0
    assert "no alert rule is known\nname the rules with --rules FILE" in said
