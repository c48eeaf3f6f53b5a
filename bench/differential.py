"""Whether gameday and a format's own tool refuse the same files.

`python bench/differential.py KIND PATH... [--count N] [--seed S] [--tool PROGRAM]`:
KIND is `rules` (judged by promtool), `prometheus` (promtool), `alertmanager` (amtool)
or `sloth` (sloth). All files below the paths that are of the kind are judged as they
are, and then N files with mistakes put into them (tests/fuzz/mutations.py). Each
disagreement is printed and, with `--keep FOLDER`, written there.
"""

import argparse
import contextlib
import random
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from gameday.files.check import check
from tests.fuzz.mutations import mutate

_FEATURES = "--enable-feature=promql-experimental-functions"  # gameday warns of them
TOOLS = {
    "rules": ("promtool", _FEATURES, "check", "rules", "--lint=none"),
    "prometheus": ("promtool", "check", "config", "--syntax-only", "--lint=none"),
    "alertmanager": ("amtool", "check-config"),
    "sloth": ("sloth", "generate", "--no-log", "-o", "/dev/null", "-i"),
}
KINDS = {"sloth": "slo"}  # what gameday calls such files, where it is another word
ONE_BY_ONE = ("sloth",)
SLOTHS = re.compile(r"^version: *.?prometheus/v1\b|sloth\.slok\.dev/v1\b", re.MULTILINE)
BATCH = 25  # files that the tool judges at once
LONGEST = 400_000  # bytes of a file that is worth many turns


class Case(NamedTuple):
    """A text to judge; `number` names it in the output."""

    number: int
    origin: str
    text: str


class Answer(NamedTuple):
    """Who refuses a file, and why gameday does; `known`: as a file of the kind."""

    ours: bool
    theirs: bool
    why: str
    known: bool


def main(asked: argparse.Namespace) -> int:
    """Judge all files by both, print where they differ; 1 where they do."""
    tool = TOOLS[asked.kind]
    tool = (asked.tool or tool[0], *tool[1:])
    cases = list(_cases(asked))
    counts: Counter[str] = Counter()
    for at in range(0, len(cases), BATCH):
        batch = cases[at : at + BATCH]
        for case, answer in zip(batch, _judged(batch, tool, asked.kind), strict=True):
            counts[_word(answer)] += 1
            if answer.ours != answer.theirs:
                _tell(case, answer, asked.keep)
    print(
        f"{asked.kind}: {len(cases)} files, {asked.count} with mistakes: {dict(counts)}"
    )
    return 1 if any(word.startswith("only") for word in counts) else 0


def _cases(asked: argparse.Namespace) -> Iterator[Case]:
    chance = random.Random(asked.seed)
    texts = list(_texts(asked.paths, asked.kind))
    if not texts:
        raise SystemExit(
            f"no {asked.kind} file below {', '.join(map(str, asked.paths))}"
        )
    for number, (origin, text) in enumerate(texts):
        yield Case(number, origin, text)
    for number in range(len(texts), len(texts) + asked.count):
        origin, text = chance.choice(texts)
        others = [chance.choice(texts)[1]]
        yield Case(number, origin, mutate(text, chance, others))


def _texts(paths: Sequence[Path], kind: str) -> Iterator[tuple[str, str]]:
    """Go through the files that gameday takes for files of the kind."""
    for path in paths:
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in files:
            if not file.is_file() or file.suffix not in (".yaml", ".yml", ".rules"):
                continue
            if file.stat().st_size > LONGEST:
                continue
            with contextlib.suppress(UnicodeDecodeError):
                text = file.read_text(encoding="utf-8")
                if _is_of(kind, file, text):
                    yield str(file), text


def _is_of(kind: str, file: Path, text: str) -> bool:
    kinds = [known for _, known in check([str(file)], {}, None).files]
    if kinds != [KINDS.get(kind, kind)] or "PrometheusRule" in text:
        return False
    return kind != "sloth" or SLOTHS.search(text) is not None


def _judged(batch: Sequence[Case], tool: Sequence[str], kind: str) -> list[Answer]:
    with tempfile.TemporaryDirectory() as folder:
        paths = [str(Path(folder) / f"{case.number}.yaml") for case in batch]
        for path, case in zip(paths, batch, strict=True):
            Path(path).write_text(case.text, encoding="utf-8")
        if kind in ONE_BY_ONE:
            refused = {path for path in paths if _refused(tool, [path])}
        else:
            refused = _refused(tool, paths)
        return [_answer(path, kind, theirs=path in refused) for path in paths]


def _refused(tool: Sequence[str], paths: Sequence[str]) -> set[str]:
    """Return the files that the tool refuses; it tells of each one in turn."""
    done = subprocess.run(
        [*tool, *paths], check=False, capture_output=True, text=True, timeout=300
    )
    if done.returncode == 0:
        return set()
    if len(paths) == 1:
        return set(paths)
    folder = re.escape(str(Path(paths[0]).parent))
    told: dict[str, bool] = {}
    for part in re.split(rf"Checking '?(?={folder})", done.stdout)[1:]:
        told[part.split()[0].strip("'")] = " SUCCESS" in part
    refused = {path for path in told if not told[path]}
    for path in paths:  # a file at which the tool itself failed hides those behind it
        if path not in told:
            refused |= _refused(tool, [path])
    return refused


def _answer(path: str, kind: str, *, theirs: bool) -> Answer:
    result = check([path], {}, None)
    errors = [problem for problem in result.problems if problem.severity == "error"]
    why = "; ".join(str(problem).removeprefix(path) for problem in errors[:2])
    known = KINDS.get(kind, kind) in (known for _, known in result.files)
    return Answer(bool(errors), theirs, why, known)


def _word(answer: Answer) -> str:
    if answer.ours == answer.theirs:
        return "both refuse" if answer.ours else "both accept"
    return f"only {'gameday' if answer.ours else 'the tool'} refuses"


def _tell(case: Case, answer: Answer, keep: Path | None) -> None:
    kind = "" if answer.known else " (taken for another kind)"
    print(f"{case.number} {case.origin}: {_word(answer)}{kind} {answer.why[:300]}")
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        (keep / f"{case.number}.yaml").write_text(case.text, encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=list(TOOLS))
    parser.add_argument("paths", nargs="+", type=Path)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tool", help="the program, where it is not on the path")
    parser.add_argument("--keep", type=Path, help="a folder for what differs")
    sys.exit(main(parser.parse_args()))
