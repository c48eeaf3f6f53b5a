"""How often `gameday compare` finds a slower detection, and how often it cries wolf.

Simulated: detection takes `for` and two phases, of a scrape and of an evaluation; six
more measures have noise of their own and never change. Ten runs are the baseline, a
tenth more may be. Told are the alarms of whole builds, not of measures. No arithmetic
is known here: where it is, a changed configuration needs no statistics. Exits 1 where
three runs of the demo shop find it in less than 80 %, or more than 7 % cry wolf.
Usage: python bench/compare.py [BUILDS]
"""

import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from gameday.model.verdict import Outcome
from gameday.regressions.compare import compare
from gameday.regressions.compared import CompareRules, Status
from gameday.regressions.measure import Measure, MeasureKey, RunMeasure, RunSample

EARLIER, OTHERS = 10, 6
SLOWER = 1.2  # of the middle of detection
LEAST_POWER, MOST_WRONG = 0.8, 0.07
RULES = CompareRules()  # as they are by default
# `for`, and the interval of scrapes and of evaluations, in seconds
SETTINGS = {"the demo shop": (5.0, 1.0), "scrapes each 15 s": (60.0, 15.0)}


def one_run(
    chance: random.Random, setting: tuple[float, float], *, slower: bool
) -> dict[str, float]:
    """Return what a run measures, by subject."""
    hold, interval = setting
    phases = chance.uniform(0, interval) + chance.uniform(0, interval)
    shift = (SLOWER - 1) * (hold + interval) if slower else 0.0
    run = {"planted": hold + phases + shift}
    for number in range(OTHERS):
        spread = (0.02, 0.1, 0.3)[number % 3]
        run[f"other{number}"] = 10 * chance.lognormvariate(0, spread)
    return run


def measure(subject: str, samples: tuple[RunSample, ...]) -> Measure:
    """Return a measure of the simulated scenario."""
    key = MeasureKey(
        scenario="s",
        target="docker",
        testbed="",
        step="s",
        question="fires_within",
        subject=subject,
    )
    return Measure(key=key, unit="s", samples=samples)


def alarms(
    chance: random.Random, later: int, setting: tuple[float, float], *, slower: bool
) -> set[str]:
    """Return the subjects that one build calls worse."""
    before = [one_run(chance, setting, slower=False) for _ in range(EARLIER)]
    baseline = [
        measure(
            subject,
            tuple(
                RunSample(run=f"b{n}", measured=r[subject])
                for n, r in enumerate(before)
            ),
        )
        for subject in before[0]
    ]
    runs = [
        [
            RunMeasure(
                measure=measure(subject, (RunSample(run=f"n{n}", measured=value),)),
                outcome=Outcome.PASS,
                because="",
            )
            for subject, value in one_run(chance, setting, slower=slower).items()
        ]
        for n in range(later)
    ]
    comparisons = compare(baseline, runs, RULES)
    return {
        comparison.key.subject
        for comparison in comparisons
        if comparison.status is Status.WORSE
    }


def main(builds: int) -> int:
    """Print the table of the documentation; return 1 where the bar is missed."""
    missed = False
    print("| | runs | a fifth slower is found | false alarms, per build |")
    print("|---|--:|--:|--:|")
    for name, setting in SETTINGS.items():
        for later, share in ((1, 0.2), (3, 1.0), (5, 0.3), (10, 0.05)):
            count = max(20, int(builds * share))
            chance = random.Random(later)
            caught, false = (
                [alarms(chance, later, setting, slower=slower) for _ in range(count)]
                for slower in (True, False)
            )
            power = sum("planted" in subjects for subjects in caught) / count
            wrong = sum(bool(subjects) for subjects in false) / count
            if (name, later) == ("the demo shop", 3):
                missed = power < LEAST_POWER or wrong > MOST_WRONG
            said = f"{power:.0%} | {wrong:.1%} of {count}"
            print(f"| {name} | {later} | {said} |", flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 200))
