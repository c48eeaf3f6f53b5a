"""The record on disk: it comes back as it was, and a broken file says so."""

import gzip
import math
from pathlib import Path

import pytest

from gameday.errors import StoreError
from gameday.model.alerting.alert import Matcher
from gameday.model.alerting.recording import (
    GroupRecord,
    RecordedMetric,
    Recording,
    SeriesRecord,
)
from gameday.store import recordings
from gameday.store.folder import SERIES

RECORDING = Recording(
    since=1.5,
    until=99.0,
    lookback=300.0,
    stored=(
        RecordedMetric(metric="up", matchers=(Matcher(name="a", op="=", value="b"),)),
    ),
    left_out={"big": "too many"},
    bare=True,
    groups=(GroupRecord(name="g", file="f", interval=1.0, last=98.7),),
    series=(
        SeriesRecord(
            labels={"__name__": "up", "a": "b"},
            at=[1000, 2000, 2001],
            values=[1.0, 0.25, None],
        ),
        SeriesRecord(labels={"__name__": "inf"}, at=[5], values=[math.inf]),
    ),
)


def test_it_comes_back_as_it_was(tmp_path: Path) -> None:
    (tmp_path / SERIES).write_bytes(recordings.pack(RECORDING))
    read_back = recordings.read(str(tmp_path))
    assert read_back is not None
    assert sorted(read_back.series, key=str) == sorted(RECORDING.series, key=str)
    assert (read_back.stored, read_back.groups) == (RECORDING.stored, RECORDING.groups)
    assert (read_back.since, read_back.left_out) == (1.5, {"big": "too many"})
    assert read_back.bare


def test_the_same_record_gives_the_same_bytes() -> None:
    assert recordings.pack(RECORDING) == recordings.pack(RECORDING)


def test_a_run_without_one_has_none(tmp_path: Path) -> None:
    assert recordings.read(str(tmp_path)) is None


@pytest.mark.parametrize(
    "content",
    [
        b"no gzip",
        gzip.compress(b"", mtime=0),
        gzip.compress(b"[]\n", mtime=0),
        gzip.compress(b'{"format": 2}\n', mtime=0),
        gzip.compress(b"\xff\xfe", mtime=0),
        recordings.pack(RECORDING)[:-9],
        gzip.compress(
            gzip.decompress(recordings.pack(RECORDING)) + b'{"labels":{},"at":[1]}\n',
            mtime=0,
        ),
    ],
    ids=["no gzip", "empty", "a list", "another format", "no text", "cut off", "odd"],
)
def test_a_file_that_was_changed_is_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / SERIES).write_bytes(content)
    with pytest.raises(StoreError, match=SERIES):
        recordings.read(str(tmp_path))
