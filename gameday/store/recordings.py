"""`series.ndjson.gz`: what rules read during a run, one series a line.

The first line says what was recorded and from when to when, and whether it is `bare`
(without Prometheus' external labels); each further one has a series' `labels`, its
times `at` (milliseconds: the first, then the steps) and `values` (null: the series
ended here).
"""

import gzip
import json
import math
import zlib
from collections.abc import Callable, Iterator
from dataclasses import asdict
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

from gameday.errors import StoreError
from gameday.model.alerting.alert import Matcher
from gameday.model.alerting.recording import (
    GroupRecord,
    RecordedMetric,
    Recording,
    SeriesRecord,
)
from gameday.store.folder import SERIES

FORMAT = 1
LARGEST = 1 << 30  # bytes of an unpacked file


def pack(recording: Recording, redact: Callable[[str], str] = str) -> bytes:
    """Return the file's content; the same recording gives the same bytes."""
    text = redact("\n".join(_lines(recording)) + "\n")
    return gzip.compress(text.encode(), 6, mtime=0)


def _lines(recording: Recording) -> Iterator[str]:
    head = {
        "format": FORMAT,
        "since": recording.since,
        "until": recording.until,
        "lookback": recording.lookback,
        "stored": [asdict(selector) for selector in recording.stored],
        "left_out": dict(recording.left_out),
        "groups": [asdict(group) for group in recording.groups],
        "bare": recording.bare,
    }
    yield _json(head)
    for series in sorted(
        recording.series, key=lambda series: sorted(series.labels.items())
    ):
        steps = [later - before for before, later in pairwise(series.at)]
        yield _json(
            {
                "labels": dict(sorted(series.labels.items())),
                "at": [*series.at[:1], *steps],
                "values": [_json_value(value) for value in series.values],
            }
        )


def read(folder: str) -> Recording | None:
    """Return what was recorded with a run; None: nothing was. StoreError: not so."""
    path = Path(folder) / SERIES
    if not path.exists():
        return None
    try:
        with gzip.open(path) as file:
            content = file.read(LARGEST + 1)
        if len(content) > LARGEST:
            raise StoreError(f"{path}: is larger than 1 GiB unpacked")
        first, *rest = content.decode().splitlines()
        return _recording(json.loads(first), rest)
    except (OSError, EOFError, zlib.error) as error:
        raise StoreError(f"{path}: {error}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError(
            f"{path}: not what gameday recorded ({error}); was the file changed?"
        ) from error


def _recording(head: dict[str, Any], lines: list[str]) -> Recording:
    if head["format"] != FORMAT:
        raise ValueError(f"format {head['format']}; this gameday reads {FORMAT}")
    return Recording(
        since=float(head["since"]),
        until=float(head["until"]),
        lookback=float(head["lookback"]),
        stored=tuple(
            RecordedMetric(
                metric=selector["metric"],
                matchers=tuple(Matcher(**matcher) for matcher in selector["matchers"]),
            )
            for selector in head["stored"]
        ),
        left_out=head["left_out"],
        groups=tuple(GroupRecord(**group) for group in head["groups"]),
        series=tuple(_series(json.loads(line)) for line in lines),
        bare=bool(head.get("bare", False)),
    )


def _series(entry: dict[str, Any]) -> SeriesRecord:
    at = list(accumulate(entry["at"]))
    values = [None if value is None else float(value) for value in entry["values"]]
    if len(at) != len(values):
        raise ValueError(f"{entry['labels']}: as many times as values were expected")
    return SeriesRecord(labels=entry["labels"], at=at, values=values)


def _json_value(value: float | None) -> float | str | None:
    """Return a value as JSON has it: whole numbers short, no NaN."""
    if value is None or (math.isfinite(value) and not value.is_integer()):
        return value
    return int(value) if math.isfinite(value) else str(value)


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
