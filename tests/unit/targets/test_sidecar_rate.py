"""A rate: when packets leave, how they are led there, and what proves it."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from gameday.targets.sidecar.network.rate import LATENCY, ShapedLine, bucket
from gameday.targets.sidecar.network.shaping import incoming_commands
from gameday.targets.sidecar.proof.stream import (
    PASSES,
    EchoFlow,
    EchoSeries,
    EchoStream,
    burst_size,
    echoes_per_round,
    is_answer,
    request,
    under_way,
)

FULL = 1250  # bytes: 10 000 bits


# A line --------------------------------------------------------------------------


def test_packets_leave_one_after_the_other() -> None:
    line = ShapedLine(1e6)  # 10 ms a packet
    dues = [line.due(100.0, FULL) for _ in range(4)]
    assert dues == pytest.approx([99.99, 100.0, 100.01, 100.02])
    assert line.waited == sum(due > 100.0 for due in dues if due is not None)


def test_what_a_quiet_line_saves_up_is_little() -> None:
    line = ShapedLine(1e6)
    for _ in range(10):
        line.due(100.0, FULL)
    later = [line.due(200.0, FULL) for _ in range(3)]
    assert later == pytest.approx([199.99, 200.0, 200.01])


def test_what_would_wait_too_long_is_dropped_and_takes_no_time() -> None:
    line = ShapedLine(1e6)
    dues = [line.due(100.0, FULL) for _ in range(200)]
    taken = [due for due in dues if due is not None]
    assert max(taken) <= 100.0 + LATENCY + 0.011
    assert 40 <= len(taken) <= 44
    assert dues[len(taken) :] == [None] * (200 - len(taken))
    assert line.due(100.02, FULL) is not None


def test_a_packet_larger_than_all_the_room_passes_a_quiet_line() -> None:
    line = ShapedLine(8e3)
    assert line.due(100.0, 65535) == pytest.approx(165.515)
    assert line.due(101.0, 60) is None
    assert line.due(166.0, 60) == pytest.approx(166.04)


@pytest.mark.parametrize("rate", [64e3, 1e6, 50e6])
def test_over_time_a_line_carries_its_rate(rate: float) -> None:
    line, now, carried = ShapedLine(rate), 100.0, 0
    for _ in range(4000):  # twice as much as it can take
        carried += FULL if line.due(now, FULL) is not None else 0
        now += FULL * 8 / rate / 2
    seconds = now - 100.0
    assert carried * 8 / (seconds + LATENCY) == pytest.approx(rate, rel=0.05)


# What tc is told ------------------------------------------------------------------


def test_a_bucket_holds_the_largest_packet_and_not_much_more() -> None:
    assert bucket(512e3) == [
        *("tbf", "rate", "512000bit"),
        *("burst", "1600b", "latency", "400ms"),
    ]
    assert "9101b" in bucket(512e3, 9001)
    assert "250000b" in bucket(100e6)


def test_what_comes_in_is_told_by_its_peers() -> None:
    peers = {"peers": ["10.0.0.1", "10.2.0.0/16", "fd00::1"]}
    first, *filters = (
        " ".join(words) for words in incoming_commands("eth0", "gi2", peers)
    )
    assert first == "qdisc add dev eth0 ingress"
    end = "action mirred egress redirect dev gi2"
    there = "filter add dev eth0 parent ffff: protocol"
    assert filters == [
        f"{there} ip prio 4 u32 match ip src 10.0.0.1 {end}",
        f"{there} ip prio 4 u32 match ip src 10.2.0.0/16 {end}",
        f"{there} ipv6 prio 6 u32 match ip6 src fd00::1 {end}",
    ]


def test_everybody_is_both_families() -> None:
    filters = [
        " ".join(words) for words in incoming_commands("eth0", "gi2", {"peers": []})
    ]
    assert [" match u32 0 0 " in words for words in filters] == [False, True, True]


# The proof ------------------------------------------------------------------------


DEAD = EchoFlow(0, 0.0)


@dataclass
class Way:
    """A way that carries so much, by the mark of what is sent."""

    rates: Sequence[float]  # of each measurement in its turn
    answers: Sequence[str] = ("peer",)
    asked: list[tuple[str, int]] = field(default_factory=list)

    def measure(self, address: str, series: EchoSeries) -> EchoFlow:
        assert series.limit > 0
        if address not in self.answers:
            return EchoFlow(0, 0.0)
        if series.many == 1:
            return EchoFlow(1, 0.001)
        rate = self.rates[len(self.asked)]
        self.asked.append((address, series.mark))
        counted = series.many - series.saved
        return (
            EchoFlow(series.many, counted * 9824 / rate, series.saved) if rate else DEAD
        )


def proven(
    way: Way, waited: tuple[int, int] = (9, 9), probes: Sequence[str] = ("peer",)
) -> bool:
    stream = EchoStream(probes, 10e6, way.measure)
    stream.before()
    out, back = (iter((100, 100 + count)) for count in waited)
    proof = stream.proof(lambda: next(out), lambda: next(back))
    assert proof["because"]
    return bool(proof["bites"])


def test_both_directions_are_measured_the_second_by_a_mark() -> None:
    way = Way([900e6, 9.6e6, 9.7e6], answers=("late", "peer"))
    assert proven(way, probes=("mute", "late", "peer"))
    assert way.asked == [("late", 0), ("late", 0), ("late", PASSES)]


@pytest.mark.parametrize(
    "rates",
    [
        (3e6, 900e6, 9.6e6, 9.6e6),  # the machine was busy before
        (900e6, 31e6, 9.6e6, 9.6e6),  # answers had piled up
        (900e6, 0.0, 0.0, 9.6e6, 0.0, 9.6e6),
    ],
)
def test_a_hiccup_of_the_machine_is_no_answer(rates: Sequence[float]) -> None:
    assert proven(Way(rates))


def test_what_was_saved_up_says_nothing_of_the_rate() -> None:
    assert EchoFlow(18, 1.0, saved=8).rate == 10 * 1228 * 8
    assert EchoFlow(8, 0.0, saved=8).rate == 0.0
    assert burst_size(64e3) * 1228 > 10_000
    assert burst_size(100e6) * 1228 > 250_000


@pytest.mark.parametrize(
    ("rates", "waited"),
    [
        ((900e6, *[900e6] * 6), (9, 9)),  # nothing is limited
        ((900e6, 9.6e6, *[900e6] * 3), (9, 9)),  # what comes in is not
        ((900e6, 9.6e6, 9.6e6), (0, 9)),  # what goes out never waited
        ((900e6, 2e6, 2e6), (9, 0)),  # a slow machine, and what comes in never waited
        ((11e6, 11e6, 11e6, 9.6e6, 9.6e6), (9, 9)),  # it was hardly faster before
        ((900e6, *[0.0] * 6), (9, 9)),  # nothing passes at all
        ((900e6, 9.6e6, *[0.0] * 3), (9, 9)),
    ],
)
def test_what_was_not_seen_is_not_proven(
    rates: Sequence[float], waited: tuple[int, int]
) -> None:
    assert not proven(Way(rates), waited)


def test_without_anybody_who_answers_nothing_is_proven() -> None:
    assert not proven(Way([], answers=()))


@pytest.mark.parametrize("rate", [8e3, 64e3, 10e6, 1e9])
def test_a_measurement_is_short_and_loses_nothing(rate: float) -> None:
    assert 8 <= echoes_per_round(rate) <= 3000
    assert echoes_per_round(rate) * 1228 * 8 / rate <= max(1.1, 80e3 / rate)
    most = max(2, LATENCY * rate / 8 / 1228)
    assert 2 <= under_way(rate) <= most


@pytest.mark.parametrize("v6", [False, True])
def test_an_answer_is_known_by_its_identity(v6: bool) -> None:
    asked = request(0x1234, 70000, v6=v6)
    assert len(asked) == 1208
    header = b"" if v6 else b"\x45" + bytes(19)
    kind = 129 if v6 else 0
    answer = header + struct.pack("!BBH", kind, 0, 0) + asked[4:]
    assert is_answer(answer, 0x1234, v6=v6)
    assert not is_answer(answer, 0x1235, v6=v6)
    assert not is_answer(header + asked, 0x1234, v6=v6)
    assert not is_answer(answer[: len(header) + 4], 0x1234, v6=v6)
    assert not is_answer(b"", 0x1234, v6=v6)


def test_an_echo_s_checksum_is_right() -> None:
    words = struct.unpack("!604H", request(0x1234, 7, v6=False))
    total = sum(words)
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    assert total == 0xFFFF
