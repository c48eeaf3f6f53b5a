"""Planted defects on the real demo shop: each must yield its findings, and no others.

    python bench/plants.py [--only WORDS]… [--skip N] [--programs DIR] [--keep DIR]
    python bench/plants.py --clean N [--form docker|local] [--scenario NAME]

The first plants one defect after another (`plants_*.py`) in a copy of the shop's
configuration, on Docker, and holds a game day on it: printed is what was expected, what
came, and what differs. The second plays a scenario N times on a healthy shop and counts
the findings that are no pass. `--programs` is a folder with another `prometheus` and
`alertmanager`. The shop is one of its own (GAMEDAY_TEST_SHOP, default 15).
"""

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

os.environ.setdefault("GAMEDAY_TEST_SHOP", "15")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from planted import Bed, Plant, Played, Stage, ready
from plants_system import SYSTEM
from plants_watching import WATCHED
from stage import local

from tests.shops import own


def shown(findings: set[str]) -> str:
    """Return findings as a table's cell: `fail: reaches; inconclusive: …`."""
    parts = []
    for outcome in ("fail", "inconclusive"):
        names = sorted(
            finding.split()[1] for finding in findings if finding.startswith(outcome)
        )
        parts += [f"{outcome}: {' '.join(names)}"] if names else []
    return "; ".join(parts) or "pass"


def got(played: Played) -> set[str]:
    """Return the findings that are no pass, each as `outcome question`."""
    return {f"{outcome} {name}" for outcome, name, _ in played.not_passed()}


def tell(plant: Plant, played: Played, took: float) -> bool:
    """Print what came of a plant, and return whether it is as expected."""
    judged = (played.folder / "verdict.json").exists()
    findings = got(played) if judged else {f"fail exit-{played.code}"}
    same = findings == plant.wanted
    print(f"{'as expected' if same else 'DIFFERS':11}  {plant.name}  ({took:.0f} s)")
    print(f"             expected  {shown(plant.wanted)}")
    if not same:
        print(f"             got       {shown(findings)}")
    for outcome, question, because in played.not_passed() if judged else ():
        mark = " " if f"{outcome} {question}" in plant.wanted else "!"
        print(f"           {mark}   {outcome} {question}: {because}")
    if not judged:
        print(played.text)
    sys.stdout.flush()
    return same


def plants(arguments: argparse.Namespace, folder: Path) -> int:
    """Plant all that was asked for; return the exit code."""
    words = [word.lower() for word in arguments.only]
    chosen = [
        plant
        for plant in (*WATCHED, *SYSTEM)
        if not words or any(word in plant.name.lower() for word in words)
    ][arguments.skip :]
    if not chosen:
        print(f"no plant's name holds {' or '.join(words)}", file=sys.stderr)
        return 2
    bed = Bed(folder, arguments.programs)
    different = []
    try:
        bed.up()
        for number, plant in enumerate(chosen):
            began = time.monotonic()
            bed.plant(plant)
            played = bed.play(plant)
            if not tell(plant, played, time.monotonic() - began):
                different.append(plant.name)
            if plant.breaks:
                bed.down()
                bed.up()
            if arguments.keep:
                _keep(
                    bed, arguments.keep / f"{number:02}-{plant.name.replace(' ', '-')}"
                )
    finally:
        bed.down()
    print(f"{len(chosen) - len(different)} of {len(chosen)} as expected")
    return 1 if different else 0


def _keep(bed: Bed, where: Path) -> None:
    shutil.rmtree(where, ignore_errors=True)
    shutil.copytree(bed.stage.folder / "out", where)


def clean(arguments: argparse.Namespace, folder: Path) -> int:
    """Play a scenario on a healthy shop again and again; return the exit code."""
    stage, on_docker = Stage(folder), arguments.form == "docker"
    bed = Bed(folder, arguments.programs) if on_docker else None
    prefix = "" if on_docker else "local/"
    scenario = stage.scenario(prefix + arguments.scenario)
    outcomes = Counter[str]()
    try:
        if bed is None:
            local.up()
        else:
            bed.up()
            bed.plant(Plant(name="sound"))
        for number in range(1, arguments.clean + 1):
            ready.wait(90)
            shutil.rmtree(folder / "out", ignore_errors=True)
            played = stage.run(scenario)
            outcomes_told = [
                finding["outcome"] for finding in played.verdict["findings"]
            ]
            outcomes.update(outcomes_told)
            print(
                f"run {number}: exit {played.code}, {len(outcomes_told)} findings",
                flush=True,
            )
            for outcome, question, because in played.not_passed():
                print(f"  {outcome} {question}: {because}", flush=True)
            if arguments.keep:
                shutil.copytree(folder / "out", arguments.keep / f"{number:02}")
    finally:
        if bed is None:
            local.down()
        else:
            bed.down()
    total = outcomes.total()
    share = outcomes["inconclusive"] / total if total else 1.0
    print(
        f"{arguments.clean} runs of {arguments.scenario} ({arguments.form}): {total} "
        f"findings, {outcomes['fail']} fail, {outcomes['inconclusive']} inconclusive "
        f"({share:.1%})"
    )
    return 0 if set(outcomes) == {"pass"} else 1


def main(words: Sequence[str] | None = None) -> int:
    """Do what was asked for; return the exit code."""
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--skip", type=int, default=0)
    parser.add_argument("--programs", type=Path)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--clean", type=int, default=0)
    parser.add_argument("--form", choices=["docker", "local"], default="docker")
    parser.add_argument("--scenario", default="crash-heals-itself")
    arguments = parser.parse_args(words)
    os.environ.update(own().environment)
    with tempfile.TemporaryDirectory(prefix="gdplants") as name:
        folder = Path(name)
        folder.chmod(0o755)
        return (clean if arguments.clean else plants)(arguments, folder)


if __name__ == "__main__":
    sys.exit(main())
