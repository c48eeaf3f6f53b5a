"""How often `gameday compare` finds a slower detection, in runs that were recorded.

    python bench/recorded.py record FOLDER [--runs N]
    python bench/recorded.py draw FOLDER [--builds N] [--seed N]

`record` opens a demo shop of its own as plain processes and holds one light game day N
times, each from its own start to its own end: independent runs, each at the phase that
it happened to meet. GAMEDAY_TEST_SHOP is the shop's number (default 17), so that
several can record side by side.

`draw` makes histories of them: ten runs are the baseline, and one, three, five or ten
of the others are a build. Its system shows a change later, by a fifth of the middle of
detection, so that the alert fires by a later evaluation (and its page comes by as much
later); or nothing is changed. Told are the builds in which the alert is called worse,
and those unchanged ones in which anything is, with the upper end of the 95 % interval
of that share (Clopper and Pearson). Exits with 1 where three runs find it in less than
80 % of histories, or are a false alarm in more than 5 %.
"""

import argparse
import math
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from gameday.app.judge_run import find_all, judge_stored
from gameday.model.verdict import Outcome
from gameday.regressions import baseline
from gameday.regressions.compare import compare
from gameday.regressions.compared import CompareRules, Status
from gameday.regressions.measure import RunMeasure, observed
from gameday.regressions.steady import own_delay
from tests.shops import own

ROOT = Path(__file__).resolve().parents[1]
SCENARIO = ROOT / "scenarios" / "local" / "lost-replica.yaml"
HOLD = ("hold: 15s", "hold: 7s")  # the alert fires after six seconds at most
LONGEST = 180.0  # seconds for one run

EARLIER = 10  # runs in the baseline
LATER = (1, 3, 5, 10)
SLOWER = 0.2  # of the middle of detection
LATER_TOO = ("fires_within", "pages_within")
LEAST_POWER, MOST_WRONG = 0.8, 0.05
RULES = CompareRules()  # as they are by default

Run = Sequence[RunMeasure]


def record(folder: Path, runs: int) -> int:
    """Hold the game day so often on a shop of its own; return how many did not pass."""
    os.environ.setdefault("GAMEDAY_TEST_SHOP", "17")
    shop = own()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="gameday-recorded-") as home:
        environment = {**os.environ, **shop.environment, "XDG_STATE_HOME": home}
        text = shop.placed(SCENARIO.read_text()).replace(*HOLD)
        text = text.replace("../../", f"{ROOT}/")
        scenario = Path(home) / "lost-replica.yaml"
        scenario.write_text(text)
        subprocess.run(
            [sys.executable, str(ROOT / "demo" / "up"), "local"],
            env=environment,
            check=True,
        )
        bad = 0
        try:
            for number in range(runs):
                out = folder / f"{shop.project}-{number:03}"
                words = [
                    "-m",
                    "gameday",
                    "run",
                    str(scenario),
                    "--plain",
                    "--out",
                    str(out),
                ]
                done = subprocess.run(
                    [sys.executable, *words],
                    env=environment,
                    stdout=subprocess.DEVNULL,
                    timeout=LONGEST,
                    check=False,
                )
                bad += bool(done.returncode)
                print(f"{out.name}: {done.returncode}", flush=True)
        finally:
            subprocess.run(
                [sys.executable, str(ROOT / "demo" / "down")],
                env=environment,
                check=False,
            )
    return bad


def passing(folder: Path) -> list[Run]:
    """Return what each passing run of the folder measured."""
    stored = [judge_stored(path) for path in find_all([str(folder)])]
    return [
        observed(run.plan, run.verdict)
        for run in stored
        if run.verdict.outcome is Outcome.PASS
    ]


def slowed(run: Run, own: float, more: float) -> Run:
    """Return a run of a system that shows a change so much later than after `own`.

    Its alert fires by the first evaluation after the scrape that shows it then.
    """
    later = 0.0
    for seen in run:
        for sample in seen.measure.samples:
            if seen.measure.key.question == "fires_within" and sample.phases:
                later = sample.phases.seen(own + more) - sample.phases.seen(own)
    return [
        replace(
            seen,
            measure=replace(
                seen.measure,
                samples=tuple(
                    replace(sample, measured=sample.measured + later)
                    for sample in seen.measure.samples
                ),
            ),
        )
        if seen.measure.key.question in LATER_TOO
        else seen
        for seen in run
    ]


def worse(before: Sequence[Run], build: Sequence[Run]) -> set[str]:
    """Return the questions of a build that are worse than in the runs before it."""
    known = []
    for run in before:
        known = baseline.added(known, run)
    bad = (Status.WORSE, Status.BROKEN)
    return {
        measure.key.question
        for measure in compare(known, build, RULES)
        if measure.status in bad
    }


def upper(wrong: int, builds: int) -> float:
    """Return the upper end of the 95 % interval of a share (Clopper and Pearson)."""
    low, high = wrong / builds, 1.0
    for _ in range(60):  # halved until it is exact
        share = (low + high) / 2
        at_most = sum(
            math.comb(builds, k) * share**k * (1 - share) ** (builds - k)
            for k in range(wrong + 1)
        )
        low, high = (share, high) if at_most > 0.025 else (low, share)
    return high


def draw(folder: Path, builds: int, seed: int) -> int:
    """Print the table; return 1 where the bar is missed."""
    runs = passing(folder)
    detected = [
        sample
        for run in runs
        for seen in run
        if seen.measure.key.question == "fires_within"
        for sample in seen.measure.samples
    ]
    seconds = [sample.measured for sample in detected]
    own, more = own_delay(detected), SLOWER * median(seconds)
    print(
        f"{len(runs)} passing runs, detected after {min(seconds):.2f} to "
        f"{max(seconds):.2f} s, in the middle {median(seconds):.2f} s\n"
    )
    print("| runs | a fifth slower is found | false alarms, per build |")
    print("|--:|--:|--:|")
    missed = False
    for later in LATER:
        chance = random.Random(seed)
        caught = wrong = 0
        for _ in range(builds):
            drawn = chance.sample(runs, EARLIER + later)
            before, build = drawn[:EARLIER], drawn[EARLIER:]
            caught += "fires_within" in worse(
                before, [slowed(run, own, more) for run in build]
            )
            wrong += bool(worse(before, build))
        share, most = wrong / builds, upper(wrong, builds)
        false = f"{share:.1%} of {builds} (≤ {most:.1%})"
        print(f"| {later} | {caught / builds:.0%} | {false} |", flush=True)
        if later == 3:
            missed = caught / builds < LEAST_POWER or share > MOST_WRONG
    return 1 if missed else 0


def main() -> int:
    """Return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("verb", choices=("record", "draw"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--runs", type=int, default=30)
    parser.add_argument("--builds", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    if asked.verb == "record":
        return 1 if record(asked.folder, asked.runs) else 0
    return draw(asked.folder, asked.builds, asked.seed)


if __name__ == "__main__":
    sys.exit(main())
