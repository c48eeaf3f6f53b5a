"""What `gameday check` of much costs: a folder of rules, and a single large file.

`python bench/size.py [MEGABYTES] [--single]`: the same rules every time, by default
100 MB in files of 2 kB to 1 MB; or one file of just below 64 MiB, the largest that is
read. No two expressions are alike, so that nothing is gained by remembering them.
"""

import argparse
import os
import random
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from cost import BIN, Bar, verdict

MEGABYTE = 1_000_000
LARGEST = 64 * 1024 * 1024 - 1024  # bytes of a file, of which more is refused
FILES = (2_000, 8_000, 30_000, 120_000, 1_000_000)  # bytes of a file, in turn
METRICS = ("http_requests", "grpc_server_handled", "queue_messages", "disk_reads")
EXPRESSIONS = (
    """sum(rate({metric}_total{{job="{job}",code=~"5.."}}[5m])) by (job, instance)
            / sum(rate({metric}_total{{job="{job}"}}[5m])) by (job, instance)
            > {limit}""",
    """histogram_quantile(0.99, sum by (le, instance) (
              rate({metric}_duration_seconds_bucket{{job="{job}", path!~"/-/.*"}}[10m])
            )) > {limit}""",
    """absent(up{{job="{job}"}}) or up{{job="{job}"}} == 0
            and on (instance) node_uname_info offset {seconds}s""",
    """predict_linear({metric}_bytes{{job="{job}"}}[1h], {seconds}) < 0
            unless on (instance) maintenance_mode{{job="{job}"}} == 1""",
)
RULE = """\
      # {metric} of {job}
      - alert: {name}
        expr: |-
            {expression}
        for: {seconds}s
        labels:
          severity: {severity}
          team: {job}
        annotations:
          summary: '{{{{ $labels.instance }}}} is at {{{{ $value | humanize }}}}'
          description: >-
            {metric} has been above {limit} for {seconds} seconds on
            {{{{ $labels.instance }}}}, which {job} does not stand for long.
          runbook_url: https://runbooks.example.org/{job}/{name}
"""
RECORD = """\
      - record: job:{metric}:rate{seconds}s
        expr: sum(rate({metric}_total{{job="{job}"}}[{seconds}s])) by (job)
"""


class Taken(NamedTuple):
    """What a check took: seconds, CPU seconds, and the most memory of a process."""

    wall: float
    cpu: float
    memory: float  # MB


def rules(size: int, chance: random.Random) -> Iterator[str]:
    """Yield the lines of a file of rules of about so many bytes."""
    written, group = 0, 0
    yield "groups:\n"
    while written < size:
        head = f"  - name: group-{group}\n    interval: 30s\n    rules:\n"
        yield head
        written, group = written + len(head), group + 1
        for number in range(8):
            metric, job = chance.choice(METRICS), f"service-{chance.randrange(10**6)}"
            settings = {
                "metric": metric,
                "job": job,
                "limit": chance.randrange(1, 10**6) / 1000,
                "seconds": chance.randrange(60, 3600),
                "severity": chance.choice(("page", "ticket")),
                "name": f"Alert{group}x{number}",
            }
            expression = chance.choice(EXPRESSIONS).format(**settings)
            text = RULE.format(**settings, expression=expression)
            if number % 4 == 0:
                text += RECORD.format(**settings)
            yield text
            written += len(text)


def write_folder(folder: Path, size: int) -> None:
    """Write so many bytes of rules into files below a folder."""
    chance = random.Random(14)
    written = number = 0
    while written < size:
        file = folder / f"team-{number % 50}" / f"rules-{number}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("".join(rules(FILES[number % len(FILES)], chance)))
        written, number = written + file.stat().st_size, number + 1


def write_file(file: Path) -> None:
    """Write one file of rules, as large as a file may be."""
    text = "".join(rules(LARGEST - 100_000, random.Random(64)))
    file.write_text(f"{text}{'#' * 79}\n")


def check(path: Path) -> Taken:
    """Check a path in a process of its own."""
    child = os.fork()
    if not child:
        os.execv(BIN / "gameday", ["gameday", "check", str(path)])  # noqa: S606
    begun = time.monotonic()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    _, status = os.waitpid(child, 0)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if os.waitstatus_to_exitcode(status) != 0:
        raise SystemExit(f"{path}: exit {os.waitstatus_to_exitcode(status)}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Taken(time.monotonic() - begun, cpu, after.ru_maxrss / 1024)


def main(asked: argparse.Namespace) -> int:
    """Check one of both, print the table, return the exit code."""
    cores = len(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as place:
        if asked.single:
            file = Path(place) / "large.yaml"
            write_file(file)
            return verdict(_bars("single file", file, check(file), 1, 600.0))
        folder = Path(place) / "folder"
        write_folder(folder, asked.megabytes * MEGABYTE)
        return verdict(_bars("folder", folder, check(folder), cores, 500.0))


def _bars(what: str, path: Path, taken: Taken, cores: int, memory: float) -> list[Bar]:
    files = [path] if path.is_file() else [*path.rglob("*.yaml")]
    size = sum(file.stat().st_size for file in files) / MEGABYTE
    told = (
        f"{size:.0f} MB in {len(files)} files: {taken.wall:.1f} s on {cores} cores, "
        f"{taken.cpu:.1f} s of CPU, {size / taken.cpu:.2f} MB/s a core"
    )
    return [
        Bar(
            what=f"{what}: CPU",
            value=taken.cpu / size,
            at_most=1.0,
            unit=" s/MB",
            detail=told,
        ),
        Bar(
            what=f"{what}: memory",
            value=taken.memory,
            at_most=memory,
            unit=" MB",
            detail=f"the most of a process; {told}",
        ),
    ]


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("megabytes", type=int, nargs="?", default=100)
    parser.add_argument("--single", action="store_true", help="one large file")
    sys.exit(main(parser.parse_args()))
