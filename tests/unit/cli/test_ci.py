"""Pipelines that `ci init` writes, and the action: their scripts are run.

Where a pipeline would install, start a system or hold a game day, a script stands in
that notes what it is asked for and ends with the code that the test says.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from gameday.cli import main as command_line
from gameday.files import ci_templates

ROOT = Path(__file__).resolve().parents[3]
STANDS_IN = """\
#!/bin/sh
echo "$(basename "$0") $*" >> "$CALLS"
[ "$(basename "$0") $1" != "gameday check" ] || exec "$PYTHON" -m gameday "$@"
[ "$(basename "$0") $1" != "gameday compare" ] || exit "${WORSE:-0}"
[ "$(basename "$0") $1" != "gameday heal" ] || exit "${BROKEN:-0}"
[ "$(basename "$0") $1" = "gameday run" ] || exit 0
mkdir -p gameday-report/day
exit "$CODE"
"""
RUN = "gameday run scenarios --out gameday-report --plain"
HEAL = "gameday heal"


class Checkout:
    """A repository with a scenario, where pipelines are written and run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        bin_ = folder.parent / "bin"
        bin_.mkdir()
        for name in ("gameday", "pip", "docker"):
            (bin_ / name).write_text(STANDS_IN)
            (bin_ / name).chmod(0o755)
        self._calls = folder.parent / "calls"
        self._environment = {
            "PATH": f"{bin_}:{os.environ['PATH']}",
            "CALLS": str(self._calls),
            "PYTHON": sys.executable,
            "PYTHONPATH": str(ROOT),
            "GITHUB_STEP_SUMMARY": str(folder / "summary.md"),
            "GITHUB_ACTION_PATH": str(ROOT),
            "HOME": str(folder.parent),
        }

    def play(
        self, script: str, code: int, more: Mapping[str, str] | None = None
    ) -> int:
        """Run a script as CI servers do; return what it ends with."""
        return subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", script],
            cwd=self.folder,
            env={**self._environment, "CODE": str(code), **(more or {})},
            timeout=60,
            check=False,
        ).returncode

    @property
    def calls(self) -> list[str]:
        return self._calls.read_text().splitlines()

    def called(self, beginning: str) -> list[str]:
        return [call for call in self.calls if call.startswith(beginning)]


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    folder = tmp_path / "checkout"
    (folder / "scenarios").mkdir(parents=True)
    rules = "groups: [{name: a, rules: [{alert: A, expr: up == 0}]}]\n"
    (folder / "rules.yaml").write_text(rules)
    monkeypatch.chdir(folder)
    return Checkout(folder)


def ci_init(*words: str) -> int:
    with pytest.raises(SystemExit) as left:
        command_line.main(["ci", "init", *words])
    return int(left.value.code or 0)


def written(server: str) -> str:
    assert ci_init(server, "--requirement", "gameday.whl") == 0
    return Path(ci_templates.SERVERS[server][1]).read_text()


def play_steps(
    checkout: Checkout, steps: Iterable[Mapping[str, Any]], code: int
) -> int:
    """Run the steps of a GitHub job; return what the job ends with."""
    ended = 0
    for step in steps:
        if "run" in step and (ended == 0 or step.get("if") == "always()"):
            more = {
                name: str(value).replace("${{ inputs.scenarios }}", "scenarios")
                for name, value in step.get("env", {}).items()
            }
            more = {
                name: re.sub(r"\$\{\{ inputs\.report \}\}", "gameday-report", value)
                for name, value in more.items()
            }
            more = {name: re.sub(r"\$\{\{.*\}\}", "", more[name]) for name in more}
            ended = checkout.play(step["run"], code, more) or ended
    return ended


@pytest.mark.parametrize("code", [0, 1, 2, 3, 4, 5, 130])
def test_the_workflow_of_github_ends_as_the_game_days_do(
    checkout: Checkout, code: int
) -> None:
    job = yaml.safe_load(written("github"))["jobs"]["gameday"]
    assert play_steps(checkout, job["steps"], code) == code
    assert checkout.called("pip") == ["pip install gameday.whl"]
    assert checkout.called("gameday check") == ["gameday check -o github ."]
    assert checkout.called("gameday run") == [f"{RUN} -o github"]
    assert checkout.called("gameday heal") == [HEAL]
    assert checkout.called("gameday report") == [
        "gameday report gameday-report --format summary"
    ]


@pytest.mark.parametrize("code", [0, 1, 3, 5])
def test_the_action_ends_as_the_game_days_do(checkout: Checkout, code: int) -> None:
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    assert play_steps(checkout, action["runs"]["steps"], code) == code
    assert checkout.called("gameday run") == [f"{RUN} -o github"]
    assert checkout.called("gameday heal") == [HEAL]


@pytest.mark.parametrize("code", [0, 1, 3, 5])
def test_the_job_of_gitlab_is_a_warning_only_where_nobody_can_tell(
    checkout: Checkout, code: int
) -> None:
    job = yaml.safe_load(written("gitlab"))["gameday"]
    ended = checkout.play("\n".join([*job["before_script"], *job["script"]]), code)
    assert ended == code
    for line in job["after_script"]:
        assert checkout.play(line, code) == 0
    assert job["allow_failure"] == {"exit_codes": [3]}
    assert checkout.called("gameday run") == [f"{RUN} --junit-properties"]
    assert checkout.called("gameday heal") == [HEAL]
    quality = checkout.folder / job["artifacts"]["reports"]["codequality"]
    assert quality.read_text() == "[]\n"


def test_the_stage_of_jenkins_runs_and_heals(checkout: Checkout) -> None:
    text = written("jenkins")
    (checkout.folder / ".gameday-venv" / "bin").mkdir(parents=True)
    (checkout.folder / ".gameday-venv" / "bin" / "gameday").touch(mode=0o755)
    prepare, run, heal = re.findall(r"'''\n(.*?)'''", text, re.DOTALL)
    assert checkout.play(prepare, 0) == 0
    assert checkout.play(run, 3) == 3
    assert checkout.play(heal, 0) == 0
    assert checkout.called("gameday run") == [f"{RUN} --junit-properties"]
    assert checkout.calls[-1] == HEAL
    assert "if (code == 3) { unstable(" in text
    assert "else if (code != 0) { error(" in text


@pytest.mark.parametrize("server", list(ci_templates.SERVERS))
def test_a_pipeline_is_short_and_keeps_no_placeholder(
    checkout: Checkout, server: str
) -> None:
    assert checkout.folder.exists()
    text = written(server)
    assert len(text.splitlines()) <= 50
    assert "@@" not in text
    assert "{env: NAME}" in text


@pytest.mark.parametrize("server", ["github", "gitlab"])
def test_what_passed_is_compared_where_there_is_a_baseline(
    checkout: Checkout, server: str
) -> None:
    document = yaml.safe_load(written(server))
    (checkout.folder / "gameday-baseline.json").write_text("{}")
    if server == "github":
        assert play_steps(checkout, document["jobs"]["gameday"]["steps"], 0) == 0
    else:
        assert checkout.play("\n".join(document["gameday"]["script"]), 0) == 0
    assert checkout.called("gameday compare") == [
        "gameday compare gameday-report --no-baseline pass --too-few pass"
    ]


# run, compare -> what the job ends with: the worst, in the order 1, 3, 0
ENDS = [(0, 0, 0), (0, 1, 1), (0, 3, 3), (3, 0, 3), (3, 1, 1), (3, 3, 3), (1, 0, 1)]


@pytest.mark.parametrize("server", ["gitlab", "jenkins"])
@pytest.mark.parametrize(("run", "compare", "ends"), ENDS)
def test_what_is_worse_is_not_hidden_by_what_nobody_can_tell(
    checkout: Checkout, server: str, run: int, compare: int, ends: int
) -> None:
    text = written(server)
    (checkout.folder / "gameday-baseline.json").write_text("{}")
    if server == "gitlab":
        script = "\n".join(yaml.safe_load(text)["gameday"]["script"])
    else:
        _, script, _ = re.findall(r"'''\n(.*?)'''", text, re.DOTALL)
    assert checkout.play(script, run, {"WORSE": str(compare)}) == ends


def test_the_results_are_kept_where_something_cannot_be_healed(
    checkout: Checkout,
) -> None:
    job = yaml.safe_load(written("gitlab"))["gameday"]
    (checkout.folder / "gameday-report").mkdir()
    checkout.play("\n".join(job["after_script"]), 0, {"BROKEN": "5"})
    assert checkout.called("gameday report")
    after = written("jenkins").partition("always {")[2]
    assert after.index("catchError(") < after.index("gameday heal")
    assert after.index("gameday heal") < after.index("junit ")


def test_nothing_is_overwritten(
    checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    (checkout.folder / "Jenkinsfile").write_text("mine")
    assert ci_init("jenkins") == 2
    assert "already there" in capsys.readouterr().err
    assert (checkout.folder / "Jenkinsfile").read_text() == "mine"


@pytest.mark.parametrize("option", ["--scenarios", "--requirement"])
def test_what_a_shell_would_take_apart_is_refused(
    checkout: Checkout, option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ci_init("github", option, "x; rm -rf y") == 2
    assert "one word of a shell" in capsys.readouterr().err
    assert not (checkout.folder / ".github").exists()


def test_where_gameday_comes_from_has_to_be_written(
    checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    assert checkout.folder.exists()
    assert ci_init("gitlab") == 0
    assert "ORGANISATION/gameday@TAG" in capsys.readouterr().out
