"""What a run prints: changes only, and no end for want of a reader."""

import os
import subprocess
import sys

import pytest

from gameday.cli.terminal.wording import line_for
from gameday.model.events import event
from gameday.runner.run_state import RunState

SCRIPT = """\
import sys
from gameday.cli.terminal.screen import Lines
from tests.builders import plan

lines = Lines(plan())
for number in range(3):
    lines.line(1.0 + number, "holding")
sys.stderr.write("to the end")
sys.exit(3)
"""


def test_a_reader_that_has_had_enough_ends_no_run_nor_its_exit_code() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (3, "to the end")


@pytest.mark.parametrize(
    ("looks", "told"),
    [
        ([True], ["", ""]),
        ([False, False], ["metric q < 1 does not hold: 4", ""]),
        (
            [False, True],
            ["metric q < 1 does not hold: 4", "metric q < 1 holds again: 4"],
        ),
        ([None], ["metric q < 1 cannot be told"]),
    ],
)
def test_a_promised_metric_is_told_when_it_changes(
    looks: list[bool | None], told: list[str]
) -> None:
    run_state = RunState()
    said = []
    for second, ok in enumerate(looks):
        value = None if ok is None else 4.0
        look = event(float(second), "metric", promql="q < 1", ok=ok, value=value)
        run_state.see(look)
        said.append(line_for(look, run_state))
    assert said == told[: len(said)]
