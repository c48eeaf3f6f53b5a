"""The shop in CI, all stages: commits that only a game day shows, on the real shop.

    python bench/ci.py [--only WORDS]…

The stages that need no shop are tested with the rest (`tests/real/observers`). Here
each commit of `demo/commits.py` that needs a game day is put into a shop of its own on
Docker, and its game day held: it has to end with the exit code that is written down
beforehand and the findings that belong to its cause; what follows from it is printed.
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("GAMEDAY_TEST_SHOP", "16")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "demo"))

from commits import PLANTED, Commit
from planted import Bed, Change, Plant

from tests.shops import own


def plant(commit: Commit) -> Plant:
    """Return a commit as the bed of planted defects takes it."""
    file = "slo" if commit.file.startswith("slos/") else commit.file[len("demo/") :]
    recreated = {"haproxy": {"labels": {"ci": commit.name}}}
    return Plant(
        name=commit.name,
        changes=(Change(file, commit.old, commit.new),),
        scenario=commit.days,
        services=recreated if file == "haproxy.cfg" else {},
    )


def ends_as_written(bed: Bed, commit: Commit) -> bool:
    """Hold a commit's game day; tell and return whether it ends as written."""
    begun = time.monotonic()
    made = plant(commit)
    bed.plant(made)
    played = bed.play(made)
    told = played.not_passed()
    came = {f"{outcome} {question}" for outcome, question, _ in told}
    named = any(commit.cause in because for _, _, because in told)
    good = played.code == commit.code and named and came.issuperset(commit.findings)
    word = "as written" if good else "DIFFERS"
    print(f"{word:11} {commit.name}: {played.code} ({time.monotonic() - begun:.0f} s)")
    for outcome, question, because in told:
        print(f"              {outcome} {question}: {because}")
    sys.stdout.flush()
    return good


def main() -> int:
    """Return 1 where a commit ends otherwise than written."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", action="append", default=[])
    words = [word.lower() for word in parser.parse_args().only]
    chosen = [
        commit
        for commit in PLANTED
        if commit.days and (not words or any(word in commit.name for word in words))
    ]
    os.environ.update(own().environment)
    with tempfile.TemporaryDirectory(prefix="gameday-ci-") as folder:
        bed = Bed(Path(folder), None)
        bed.up()
        try:
            bed.calm(())
            differ = [commit for commit in chosen if not ends_as_written(bed, commit)]
            return 1 if differ else 0
        finally:
            bed.down()


if __name__ == "__main__":
    sys.exit(main())
