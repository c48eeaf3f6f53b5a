"""Whether `gameday check .` names one planted mistake of a repository, and only it.

`python bench/planted_repositories.py FOLDER [--count N] [--seed S] [--tools DIR]`: each
folder in FOLDER is a repository, of files as people have them. It is checked as it is;
what is refused then is printed, and set aside. Then N times a mistake of its kind is
put into one of the other files: exit 2, a problem at its line, no other file named.
With DIR, where promtool, amtool and sloth are, a mistake that the file's own tool takes
is none, and is not counted. `--keep FOLDER` gets the texts that went wrong.
"""

import argparse
import json
import random
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from repository_mistakes import MISTAKES, Mistake, own_tool_accepts

GAMEDAY = (sys.executable, "-m", "gameday", "check", ".", "-o", "json")
NOT_JUDGED = ("slo/other-version",)  # named, and passed over
NEAR = 8  # lines between a mistake and where it is noticed


class Told(NamedTuple):
    """A problem as it is told."""

    file: str
    line: int
    severity: str
    message: str
    id: str


class Judged(NamedTuple):
    """The exit code, the problems, and the files of ours by kind."""

    code: int
    problems: list[Told]
    kinds: dict[str, str]

    @property
    def errors(self) -> list[Told]:
        """The problems that make it fail."""
        return [told for told in self.problems if told.severity == "error"]


class Planting(NamedTuple):
    """A mistake in a file of a repository: the text with it, and its line."""

    file: str
    kind: str
    mistake: Mistake
    text: str
    line: int


def main(asked: argparse.Namespace) -> int:
    """Check the repositories, then each planting; 1 where one is not told of alone."""
    chance = random.Random(asked.seed)
    counts: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        beds = list(_beds(asked.folder, Path(folder)))
        tried = 0
        while sum(counts.values()) < asked.count and tried < 20 * asked.count:
            tried += 1
            bed, kinds = chance.choice(beds)
            planting = _planted(bed, kinds, chance)
            if planting is None or _is_harmless(planting, asked.tools):
                continue
            wrong = _wrong(bed, planting)
            counts[wrong.split(":")[0] if wrong else "named alone"] += 1
            if wrong:
                _tell(bed, planting, wrong, asked.keep)
    print(
        f"{sum(counts.values())} plantings in {len(beds)} repositories: {dict(counts)}"
    )
    return 0 if set(counts) <= {"named alone"} else 1


def _beds(source: Path, folder: Path) -> Iterator[tuple[Path, dict[str, str]]]:
    """Copy the repositories, and set aside what is refused as it is."""
    for original in sorted(path for path in source.iterdir() if path.is_dir()):
        bed = folder / original.name
        shutil.copytree(original, bed, ignore=shutil.ignore_patterns(".git"))
        subprocess.run(["git", "init", "-q", "."], cwd=bed, check=True)
        first = _judged(bed)
        refused = {error.file for error in first.errors}
        for file in sorted(refused):
            (bed / file).unlink()
        again = _judged(bed) if refused else first
        print(f"{original.name}: exit {first.code}, {len(first.kinds)} files of ours")
        for error in first.errors:
            print(f"    {error.file}:{error.line}: {error.message[:150]}")
        if again.code != 0:
            print(f"    STILL exit {again.code} without them: {again.errors[:2]}")
        unread = {told.file for told in again.problems if told.id in NOT_JUDGED}
        kinds = {file: again.kinds[file] for file in again.kinds if file not in unread}
        if kinds:
            yield bed, kinds


def _judged(bed: Path) -> Judged:
    done = subprocess.run(
        GAMEDAY, cwd=bed, check=False, capture_output=True, text=True, timeout=300
    )
    told: dict[str, Any] = json.loads(done.stdout)
    problems = [
        Told(
            problem["path"],
            problem["line"] or 1,
            *(problem[key] for key in ("severity", "message", "id")),
        )
        for problem in told["problems"]
    ]
    return Judged(done.returncode, problems, told["files"])


def _planted(
    bed: Path, kinds: dict[str, str], chance: random.Random
) -> Planting | None:
    kind = chance.choice(sorted(set(kinds.values())))
    file = chance.choice(sorted(path for path in kinds if kinds[path] == kind))
    text = (bed / file).read_text(encoding="utf-8")
    if re.search(r"[:-] &\w", text):  # what stands at an anchor is told of each alias
        return None
    fitting = [
        (mistake, places)
        for mistake in MISTAKES.get(kind, ())
        if (file.endswith(".json") or "JSON" not in mistake.name)  # YAML may
        and (places := mistake.places(text))
    ]
    if not fitting:
        return None
    mistake, places = chance.choice(fitting)
    place = chance.choice(places)
    broken = mistake.put(text, place)
    line = text.count("\n", 0, place.start()) + 1
    return Planting(file, kind, mistake, broken, line)


def _is_harmless(planting: Planting, tools: Path | None) -> bool:
    return tools is not None and own_tool_accepts(
        planting.kind, planting.text, Path(planting.file).suffix, tools
    )


def _wrong(bed: Path, planting: Planting) -> str:
    """Return how the answer differs from the one that is right; empty: it does not.

    What is missing is told of the line where its section begins, a name that is no
    longer there of the lines that refer to it.
    """
    path = bed / planting.file
    healthy = path.read_text(encoding="utf-8")
    path.write_text(planting.text, encoding="utf-8")
    try:
        judged = _judged(bed)
    finally:
        path.write_text(healthy, encoding="utf-8")
    if judged.code != 2 or not judged.errors:
        return f"missed: exit {judged.code}"
    for error in judged.errors:
        if error.file != planting.file:
            return f"another file: {error}"
    if not any(_is_of(told, planting) for told in judged.problems):
        return f"elsewhere: {judged.errors[0]}"
    for error in judged.errors:
        if not _is_of(error, planting):
            return f"more than it: {error}"
    return ""


def _is_of(told: Told, planting: Planting) -> bool:
    is_near = abs(told.line - planting.line) <= NEAR
    follows = (
        "missing" in told.message
        or told.id.endswith("/reference")
        or f"line {planting.line} " in f"{told.message} "  # where it began
    )
    return told.file == planting.file and (is_near or follows)


def _tell(bed: Path, planting: Planting, wrong: str, keep: Path | None) -> None:
    place = f"{bed.name}/{planting.file}:{planting.line}"
    print(f"{planting.mistake.name}: {place}: {wrong[:220]}")
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        name = f"{bed.name}-{planting.line}-{Path(planting.file).name}"
        (keep / name).write_text(planting.text, encoding="utf-8")


def _arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tools", type=Path, help="where promtool and the others are")
    parser.add_argument("--keep", type=Path, help="a folder for what went wrong")
    return parser.parse_args(given)


if __name__ == "__main__":
    sys.exit(main(_arguments()))
