"""`gameday-job`, what a scheduled game day starts, with a stand-in for gameday."""

import os
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

JOB = Path(__file__).parents[3] / "deploy" / "gameday" / "job"
PATIENCE = 30.0
GAMEDAY = """\
#!/bin/sh
echo "$*" >> "$CALLS"
case $1 in
  run) out=$4; {run} ;;
  report) echo "report of $(cat "$2/timeline.ndjson")" ;;
  heal) {heal} ;;
esac
"""


@dataclass(frozen=True, slots=True)
class Pod:
    """What a job's container has: a gameday of its own, a volume, last words."""

    folder: Path

    def has(self, run: str, heal: str = "exit 0") -> None:
        """Say what `gameday run` and `gameday heal` do; `$out`: where files go."""
        program = self.folder / "bin" / "gameday"
        program.parent.mkdir()
        program.write_text(GAMEDAY.format(run=run, heal=heal))
        program.chmod(0o755)
        (self.folder / "scenarios").mkdir()
        for name in ("one.yaml", "two.yaml"):
            (self.folder / "scenarios" / name).touch()
        self.words.touch()

    @property
    def words(self) -> Path:
        return self.folder / "words"

    @property
    def calls(self) -> list[str]:
        return (self.folder / "calls").read_text().splitlines()

    def start(self) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            ["sh", str(JOB), str(self.folder / "scenarios")],
            env={
                "PATH": f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
                "GAMEDAY_HOME": str(self.folder / "home"),
                "GAMEDAY_LAST_WORDS": str(self.words),
                "CALLS": str(self.folder / "calls"),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def hold(self) -> tuple[int, str]:
        """Hold it to its end; return the exit code and the log."""
        process = self.start()
        log, _ = process.communicate(timeout=PATIENCE)
        return process.returncode, log


@pytest.fixture
def pod(tmp_path: Path) -> Pod:
    return Pod(tmp_path)


def test_every_report_is_printed_and_every_scenario_run(pod: Pod) -> None:
    every_run = (
        'for s in one two; do mkdir "$out/$s"; echo $s > "$out/$s/timeline.ndjson";'
    )
    pod.has(f"{every_run} done; exit 1")
    code, log = pod.hold()
    assert code == 1
    assert log == "report of one\nreport of two\n"
    assert pod.words.read_text() == log
    given = [Path(word).name for word in pod.calls[0].split()[-2:]]
    assert given == ["one.yaml", "two.yaml"]


def test_one_scenario_has_its_files_in_the_folder_itself(pod: Pod) -> None:
    pod.has('echo alone > "$out/timeline.ndjson"')
    assert pod.hold() == (0, "report of alone\n")


def test_an_earlier_runs_report_is_not_printed(pod: Pod) -> None:
    pod.has("exit 2")
    earlier = pod.folder / "home" / "jobs" / "earlier"
    earlier.mkdir(parents=True)
    (earlier / "timeline.ndjson").write_text("earlier")
    assert pod.hold() == (2, "")
    assert pod.words.read_text() == ""
    assert [path.name for path in earlier.parent.iterdir()] == ["earlier"]


@pytest.mark.parametrize(("healed", "code"), [(0, 137), (5, 5)])
def test_a_killed_run_is_healed_before_the_container_ends(
    pod: Pod, healed: int, code: int
) -> None:
    killed = 'echo cut > "$out/timeline.ndjson"; kill -9 $$'
    pod.has(killed, heal=f"exit {healed}")
    exit_code, log = pod.hold()
    assert exit_code == code
    assert "the run was killed (exit code 137); healing" in log
    assert "report of cut" in log
    assert pod.calls[1] == "heal"


@pytest.mark.parametrize("code", [0, 3, 5, 130])
def test_what_ended_by_itself_needs_no_healing(pod: Pod, code: int) -> None:
    pod.has(f"exit {code}")
    assert pod.hold()[0] == code
    assert "heal" not in pod.calls


def test_a_signal_is_passed_on_and_the_undoing_waited_for(pod: Pod) -> None:
    undo = 'echo undone > "$out/timeline.ndjson"; exit 130'
    pod.has(f"trap '{undo}' TERM; echo up; while :; do sleep 0.05; done")
    process = pod.start()
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    process.send_signal(signal.SIGTERM)
    log, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert log == "report of undone\n"
