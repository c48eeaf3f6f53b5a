"""Prometheus' remote read and remote write, as bytes: protobuf within snappy.

Only what samples need: no exemplars, no metadata, and a series with native histograms
comes without samples. Staleness markers are told from other NaNs by their bits.
"""

import struct
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from gameday.model.alerting.alert import Matcher
from gameday.model.alerting.recording import SeriesRecord

_STALE = (0x7FF0000000000002).to_bytes(8, "little")
_DOUBLE = struct.Struct("<d")
_KINDS = {"=": 0, "!=": 1, "=~": 2, "!~": 3}
_LITERAL_MOST = 60  # lengths up to it are in a literal's first byte
_HIGH = 1 << 63
_HISTOGRAMS = 4  # the field of a series


class WireError(ValueError):
    """Bytes that are no such message."""


def read_request(queries: Iterable[Sequence[Matcher]], since: int, until: int) -> bytes:
    """Return the request for the series that fit matchers, in milliseconds."""
    message = b""
    for matchers in queries:
        query = _field(1, since) + _field(2, until)
        for matcher in matchers:
            inside = _field(1, _KINDS[matcher.op]) if _KINDS[matcher.op] else b""
            inside += _text(2, matcher.name) + _text(3, matcher.value)
            query += _bytes(3, inside)
        message += _bytes(1, query)
    return compress(message)


def read_response(body: bytes) -> list[list[SeriesRecord]]:
    """Return each query's series; WireError where the body is no answer."""
    try:
        message = decompress(body)
        return [
            [_series(field) for number, field in _fields(result) if number == 1]
            for number, result in _fields(message)
            if number == 1
        ]
    except (IndexError, struct.error, UnicodeDecodeError, TypeError) as error:
        raise WireError(f"not an answer to a remote read: {error}") from None


def write_request(series: Iterable[SeriesRecord]) -> bytes:
    """Return the request that writes samples."""
    message = []
    times = _Times()  # series of one target have the same
    pack = _DOUBLE.pack
    for recorded in series:
        inside = [
            _bytes(1, _text(1, name) + _text(2, value))
            for name, value in sorted(recorded.labels.items())
        ]
        for at, value in zip(recorded.at, recorded.values, strict=True):
            head, tail = times[at]
            inside += (head, _STALE if value is None else pack(value), tail)
        message.append(_bytes(1, b"".join(inside)))
    return compress(b"".join(message))


class _Times(dict[int, tuple[bytes, bytes]]):
    """What stands before and after a sample's value, by its time in ms."""

    def __missing__(self, at: int) -> tuple[bytes, bytes]:
        tail = b"\x10" + _varint(at)
        head = b"\x12" + _varint(1 + _DOUBLE.size + len(tail)) + b"\x09"
        self[at] = (head, tail)
        return head, tail


def _series(message: bytes) -> SeriesRecord:
    labels: dict[str, str] = {}
    at: list[int] = []
    values: list[float | None] = []
    with_histograms = False
    for number, inside in _fields(message):
        if number == 1:
            pair = {key: bytes(text).decode() for key, text in _fields(inside)}
            labels[pair.get(1, "")] = pair.get(2, "")
        elif number == 2:  # noqa: PLR2004 - the samples
            when = 0
            raw: float | None = 0.0
            for key, part in _fields(inside):
                if key == 1:
                    raw = None if part == _STALE else _DOUBLE.unpack(part)[0]
                else:
                    when = part if part < _HIGH else part - 2 * _HIGH
            at.append(when)
            values.append(raw)
        elif number == _HISTOGRAMS:
            with_histograms = True
    if with_histograms:
        at, values = [], []
    return SeriesRecord(labels=labels, at=at, values=values)


def _fields(message: bytes) -> Iterator[tuple[int, Any]]:
    place, end = 0, len(message)
    while place < end:
        key, place = _read_varint(message, place)
        kind = key & 7
        if kind == 0:
            value, place = _read_varint(message, place)
            yield key >> 3, value
            continue
        if kind == 2:  # noqa: PLR2004 - length-delimited
            length, place = _read_varint(message, place)
        elif kind in (1, 5):
            length = 8 if kind == 1 else 4
        else:
            raise WireError(f"a field of kind {kind} is not known")
        if place + length > end:
            raise WireError("the message is cut off")
        yield key >> 3, message[place : place + length]
        place += length


def _read_varint(message: bytes, place: int) -> tuple[int, int]:
    value, shift = 0, 0
    while True:
        byte = message[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:  # noqa: PLR2004 - the last one
            return value, place
        shift += 7


def _varint(value: int) -> bytes:
    value &= 2 * _HIGH - 1
    encoded = bytearray()
    while value > 0x7F:  # noqa: PLR2004 - seven bits each
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def _field(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)


def _bytes(number: int, inside: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(inside)) + inside


def _text(number: int, text: str) -> bytes:
    return _bytes(number, text.encode())


def compress(data: bytes) -> bytes:
    """Return snappy's block format without compression: one literal after another."""
    blocks = [_varint(len(data))]
    for start in range(0, len(data), 65536):
        piece = data[start : start + 65536]
        length = len(piece) - 1
        if length < _LITERAL_MOST:
            blocks.append(bytes([length << 2]))
        else:
            blocks.append(bytes([61 << 2]) + length.to_bytes(2, "little"))
        blocks.append(piece)
    return b"".join(blocks)


def decompress(data: bytes) -> bytes:
    """Return what snappy's block format holds; WireError where it is broken."""
    size, place = _read_varint(data, 0)
    out = bytearray()
    end = len(data)
    while place < end:
        tag = data[place]
        place += 1
        if tag & 3 == 0:
            length, place = _literal(data, tag >> 2, place)
            out += data[place : place + length]
            place += length
            continue
        length, offset, place = _copy(data, tag, place)
        start = len(out) - offset
        if offset == 0 or start < 0:
            raise WireError("snappy: a copy of what is not there")
        if offset >= length:
            out += out[start : start + length]
        else:  # it repeats what it has just written
            piece = bytes(out[start:])
            out += (piece * (length // offset + 1))[:length]
    if len(out) != size:
        raise WireError(f"snappy: {len(out)} bytes instead of {size}")
    return bytes(out)


def _literal(data: bytes, length: int, place: int) -> tuple[int, int]:
    if length < _LITERAL_MOST:
        return length + 1, place
    width = length - _LITERAL_MOST + 1
    return int.from_bytes(data[place : place + width], "little") + 1, place + width


def _copy(data: bytes, tag: int, place: int) -> tuple[int, int, int]:
    if tag & 3 == 1:
        return (tag >> 2 & 7) + 4, (tag >> 5) << 8 | data[place], place + 1
    width = 2 if tag & 3 == 2 else 4  # noqa: PLR2004 - snappy's kinds of copies
    offset = int.from_bytes(data[place : place + width], "little")
    return (tag >> 2) + 1, offset, place + width
