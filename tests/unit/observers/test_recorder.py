"""What rules read is recorded: whole metrics where they are small, and bounded."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from gameday.errors import ObserverLost
from gameday.model.alerting.alert import Matcher
from gameday.model.alerting.recording import (
    Read,
    Reads,
    RecordedMetric,
    Recording,
    SeriesRecord,
)
from gameday.model.scenario import Endpoint
from gameday.observers.http import Client
from gameday.observers.prometheus import recorder
from gameday.observers.prometheus.recorder import RecordedSpan, Recorder, choose
from gameday.replays import wire
from tests.unit.observers.fake import Asked, FakeServer, HandClock, Reply, serving

GROUP = {
    "name": "shop",
    "file": "rules.yaml",
    "interval": 1,
    "lastEvaluation": "1970-01-01T00:16:39.5Z",
    "rules": [],
}
UP = SeriesRecord(
    labels={"__name__": "up"}, at=[999_000, 1_000_000], values=[1.0, None]
)
SPAN = RecordedSpan(since=100.0, until=1000.0)
READS = [Read(metric="up"), Read(metric="gone")]


class Prometheus:
    """Answers a recorder; `counts`: series by metric."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {"up": 1}
        self.read: Reply | None = None
        self.own: list[dict[str, str]] = []  # labels of the series that there are

    def answer(self, asked: Asked) -> Reply:
        if asked.path == "/api/v1/read":
            return self.read or Reply(one_result(UP))
        if asked.path == "/api/v1/query" and "count" not in str(asked.body):
            rows = [{"metric": labels, "value": [1000.0, "1"]} for labels in self.own]
            return good({"resultType": "vector", "result": rows})
        if asked.path == "/api/v1/status/flags":
            return good({"query.lookback-delta": "7m"})
        if asked.path == "/api/v1/rules":
            return good({"groups": [GROUP]})
        rows = [
            {"metric": {"__name__": name}, "value": [1000.0, str(count)]}
            for name, count in self.counts.items()
        ]
        return good({"resultType": "vector", "result": rows})


def good(data: Any) -> Reply:
    return Reply({"status": "success", "data": data})


def one_result(series: SeriesRecord) -> bytes:
    """Return an answer with one result, of one series."""
    inside = wire.decompress(wire.write_request([series]))
    return wire.compress(bytes([10, len(inside)]) + inside)


@pytest.fixture
def prometheus() -> Prometheus:
    return Prometheus()


@pytest.fixture
def server(prometheus: Prometheus) -> Iterator[FakeServer]:
    with serving(prometheus.answer) as fake:
        yield fake


def recorded(
    server: FakeServer, late: float = 0.0, span: RecordedSpan = SPAN
) -> Recording:
    """Return what is recorded; `late`: seconds that have gone by before."""
    clock = HandClock()
    client = Client(Endpoint(url=server.url), clock)
    try:
        asking = Recorder(client, clock)
        clock.sleep(late)
        return asking.record(READS, span)
    finally:
        client.close()


def test_samples_markers_groups_and_look_back_are_recorded(server: FakeServer) -> None:
    samples = recorded(server)
    assert samples.series == (UP,)
    assert samples.lookback == 420.0
    assert [(group.name, group.last) for group in samples.groups] == [("shop", 999.5)]
    assert samples.stored == (
        RecordedMetric(metric="ALERTS"),
        RecordedMetric(metric="gone"),  # that there was none is what `absent` asks for
        RecordedMetric(metric="up"),
    )


def test_the_question_is_remote_read_and_reads_only(server: FakeServer) -> None:
    recorded(server)
    (read,) = [call for call in server.asked if call.path == "/api/v1/read"]
    assert read.headers["Content-Encoding"] == "snappy"
    assert b"up" in wire.decompress(read.body)


def test_a_metric_with_many_series_is_recorded_by_its_selectors() -> None:
    page = Matcher(name="job", op="=", value="a")
    reads = [Read(metric="big", matchers=(page,)), Read(metric="big")]
    stored, left_out = choose(reads, {"big": 9000.0})
    assert stored == [
        RecordedMetric(metric="ALERTS"),
        RecordedMetric(metric="big", matchers=(page,)),
    ]
    assert "9000 series" in left_out["big"]


def test_all_in_all_it_is_bounded() -> None:
    reads = [Read(metric=f"m{number:02}") for number in range(30)]
    counts = {read.metric: 400.0 for read in reads}
    stored, left_out = choose(reads, counts)
    assert len(stored) == 1 + 12
    assert len(left_out) == 18


@pytest.mark.parametrize(
    "reply",
    [Reply("no", status=404), Reply(b"\x05\x08abc"), Reply(b""), Reply("x", cut=True)],
)
def test_what_is_no_answer_is_told(
    prometheus: Prometheus, server: FakeServer, reply: Reply
) -> None:
    prometheus.read = reply
    with pytest.raises(ObserverLost):
        recorded(server)


def test_it_ends_after_its_time(server: FakeServer) -> None:
    with pytest.raises(ObserverLost, match="more than 10 s"):
        recorded(server, late=recorder.PATIENCE + 1)


@pytest.mark.parametrize("cluster", ["", "lab"])
def test_external_labels_which_a_remote_read_adds_are_taken_off_again(
    prometheus: Prometheus, server: FakeServer, cluster: str
) -> None:
    own = {"__name__": "up", **({"cluster": cluster} if cluster else {})}
    prometheus.own = [own]
    shown = {"__name__": "up", "cluster": "lab", "replica": "a"}
    prometheus.read = Reply(one_result(replace(UP, labels=shown)))
    span = replace(SPAN, external={"cluster": "lab", "replica": "a"})
    answer = recorded(server, span=span)
    assert [series.labels for series in answer.series] == [own]
    assert answer.bare


def test_a_record_that_has_them_still_is_read_without_them() -> None:
    shown = replace(UP, labels={"__name__": "up", "cluster": "lab", "zone": "lab"})
    record = Recording(since=0.0, until=9.0, series=(shown,))
    bare = record.without_external({"cluster": "lab", "zone": "another"})
    assert bare.series[0].labels == {"__name__": "up", "zone": "lab"}
    own = replace(record, bare=True).without_external({"cluster": "lab"})
    assert own.series == record.series


def test_what_has_native_histograms_is_not_taken_for_what_is_not_there() -> None:
    silent = SeriesRecord(labels={"__name__": "latency"}, at=[], values=[])
    record = Recording(
        since=0.0,
        until=999.0,
        stored=(RecordedMetric(metric="latency"),),
        series=(silent,),
    )
    reads = Reads(selectors=(Read(metric="latency"),))
    assert "native histograms" in record.why_unrecorded(reads, 900.0)
    assert replace(record, series=()).why_unrecorded(reads, 900.0) == ""
