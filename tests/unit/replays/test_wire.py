"""Remote read and write as bytes: markers stay markers, broken bytes are told."""

import contextlib
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameday.model.alerting.alert import Matcher
from gameday.model.alerting.recording import SeriesRecord
from gameday.replays import wire


def answered(*series: SeriesRecord) -> bytes:
    """Return what a server answers: a write's series as a read's one result."""
    written = wire.decompress(wire.write_request(series))
    length = len(written)
    assert length < 1 << 14
    return wire.compress(bytes([10, length & 0x7F | 0x80, length >> 7]) + written)


def one(at: list[int], values: list[float | None]) -> SeriesRecord:
    return SeriesRecord(labels={"__name__": "up", "job": "a"}, at=at, values=values)


def test_samples_and_markers_come_back_as_they_were() -> None:
    series = one([1795990236728, 1795990237728, -5], [1.5, None, -2.0])
    assert wire.read_response(answered(series)) == [[series]]


def test_a_number_that_is_none_is_no_marker() -> None:
    ((read,),) = wire.read_response(answered(one([1], [math.nan])))
    assert read.values[0] is not None
    assert math.isnan(read.values[0])


def test_a_series_with_native_histograms_comes_without_samples() -> None:
    series = one([1000], [1.5])
    written = wire.decompress(wire.write_request([series]))
    histogram = b"\x22\x02\x78\x01"  # field 4 of the series, with one field inside
    inside = written[2:] + histogram
    message = bytes([10, len(inside)]) + inside
    body = wire.compress(bytes([10, len(message)]) + message)
    assert wire.read_response(body) == [[one([], [])]]


@given(st.binary(max_size=200_000))
def test_what_is_packed_comes_back(data: bytes) -> None:
    assert wire.decompress(wire.compress(data)) == data


@pytest.mark.parametrize(
    ("packed", "data"),
    [
        (b"\x00", b""),
        (b"\x03\x08abc", b"abc"),
        (b"\x08\x04ab\x09\x02", b"ab" + b"ababab"),  # a copy that overlaps itself
        (b"\x07\x0cabcd\x0a\x04\x00", b"abcdabc"),  # an offset of two bytes
        (b"\x07\x0cabcd\x0b\x04\x00\x00\x00", b"abcdabc"),  # of four
    ],
)
def test_copies_of_what_was_before(packed: bytes, data: bytes) -> None:
    assert wire.decompress(packed) == data


@pytest.mark.parametrize(
    "broken", [b"\x05\x08abc", b"\x08\x04ab\x09\x07", b"\x08\x04ab\x09\x00"]
)
def test_bytes_that_are_broken_are_told(broken: bytes) -> None:
    with pytest.raises(wire.WireError):
        wire.decompress(broken)


@given(st.binary(max_size=300))
def test_no_answer_makes_it_fall_over(noise: bytes) -> None:
    with contextlib.suppress(wire.WireError):
        wire.read_response(noise)


def test_a_request_says_from_when_to_when_and_which() -> None:
    asked = wire.read_request([[Matcher(name="job", op="=~", value="a.*")]], 1, 2)
    matcher = b"\x08\x02" + b"\x12\x03job" + b"\x1a\x03a.*"
    query = b"\x08\x01" + b"\x10\x02" + b"\x1a" + bytes([len(matcher)]) + matcher
    assert wire.decompress(asked) == b"\x0a" + bytes([len(query)]) + query
