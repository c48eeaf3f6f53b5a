"""Whether any text breaks a reader: a traceback, a hang, more than 2 s a file.

`python bench/fuzz.py [SECONDS] [--seed S] [PATH...]`: mistakes are put into the samples
of the tests, or into the files of the paths (tests/fuzz/mutations.py); one in ten is
made long, up to 1 MB. What breaks is written to `--keep FOLDER`.
"""

import argparse
import random
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from gameday.files.check import check
from tests.fuzz.mutations import mutate

SAMPLES = Path(__file__).resolve().parents[1] / "tests" / "samples"
ENDINGS = (".yaml", ".yml", ".json", ".rules")
MOST = 1_000_000  # characters of a file
LONGEST = 2.0  # seconds of this process
HANGS = 20.0  # of its seconds until a reader is given up


def main(asked: argparse.Namespace) -> int:
    """Judge files with mistakes for so many seconds; 1 where one breaks a reader."""
    texts = [read for path in asked.paths or [SAMPLES] for read in _texts(path)]
    chance = random.Random(asked.seed)
    counts: Counter[str] = Counter()
    signal.signal(signal.SIGVTALRM, _given_up)
    slowest, end = 0.0, time.monotonic() + asked.seconds
    with tempfile.TemporaryDirectory() as folder:
        while time.monotonic() < end:
            name, text = _made(texts, chance)
            file = Path(folder) / f"file{Path(name).suffix}"
            file.write_bytes(text.encode("utf-8", "surrogatepass"))
            begun = time.process_time()
            broken = _broken(file)
            took = time.process_time() - begun
            slowest = max(slowest, took)
            broken = broken or (f"{took:.1f} s" if took > LONGEST else "")
            counts["broken" if broken else "judged"] += 1
            if broken:
                print(f"{name}: {broken}")
                _keep(asked.keep, name, text, counts["broken"])
    print(f"{dict(counts)}; the slowest took {slowest:.2f} s")
    return 1 if counts["broken"] else 0


def _given_up(*_: object) -> None:
    raise TimeoutError(f"still reading after {HANGS:g} s")


def _texts(path: Path) -> list[tuple[str, str]]:
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    return [
        (file.name, file.read_text(encoding="utf-8", errors="replace"))
        for file in files
        if file.suffix in ENDINGS and file.is_file() and file.stat().st_size < MOST
    ]


def _made(texts: list[tuple[str, str]], chance: random.Random) -> tuple[str, str]:
    name, text = chance.choice(texts)
    if chance.random() < 0.1:
        text = _lengthened(text, chance)
    return name, mutate(text, chance, [chance.choice(texts)[1]])[:MOST]


def _lengthened(text: str, chance: random.Random) -> str:
    """Return a text of up to 1 MB: a stretch of it again and again."""
    at = chance.randrange(len(text) + 1)
    stretch = text[at : at + chance.choice((1, 3, 20, 400))] or "["
    times = chance.choice((10, 1000, MOST)) // len(stretch) + 1
    return text[:at] + stretch * times + text[at:]


def _broken(file: Path) -> str:
    signal.setitimer(signal.ITIMER_VIRTUAL, HANGS)
    try:
        problems = check([str(file)], {}, None).problems
    except BaseException:  # noqa: BLE001 - whatever it is, it is what we look for
        return traceback.format_exc(limit=-3)
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    return next(
        ("a message of two lines" for problem in problems if "\n" in str(problem)), ""
    )


def _keep(folder: Path | None, name: str, text: str, number: int) -> None:
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{number}-{name}").write_text(
            text, encoding="utf-8", errors="replace"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seconds", nargs="?", type=float, default=60.0)
    parser.add_argument("paths", nargs="*", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="a folder for what breaks")
    sys.exit(main(parser.parse_args()))
