"""The HTTP API of a Prometheus that evaluates a record.

A named server that still has the run's time is only read; one that has not is written
to, if it accepts remote writes.
"""

import contextlib
import gc
import http.client
import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import field, replace
from urllib.parse import urlencode, urlsplit

from gameday.errors import UsageError
from gameday.frozen import frozen
from gameday.model.alerting.recording import Recording, SeriesRecord
from gameday.replays.machine import Slots
from gameday.replays.wire import write_request

PATIENCE = 300.0  # seconds for one answer
PIECE = 360  # evaluations of one answer; Prometheus allows 11,000
SLICE = 1_800_000  # ms of time that is written at once: its head takes no older ones
BATCH = 50_000  # samples of one write
_WRITE = {
    "Content-Type": "application/x-protobuf",
    "Content-Encoding": "snappy",
    "X-Prometheus-Remote-Write-Version": "0.1.0",
}
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@frozen(kw_only=False)
class Row:
    """A series at evaluations: their times (ms), and its values as Prometheus' text."""

    labels: Mapping[str, str]
    at: list[int] = field(default_factory=list)
    values: list[str] = field(default_factory=list)


class QuestionRefused(ValueError):
    """The server works and refuses the question; the text says why."""


class Server:
    """The HTTP API of one Prometheus; UsageError where it does not answer."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UsageError(
                f"--prometheus {url!r} is neither an address such as "
                "http://127.0.0.1:9090 nor a program"
            )
        self.url = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        self._prefix = parts.path.rstrip("/")
        kind = (
            http.client.HTTPSConnection
            if parts.scheme == "https"
            else http.client.HTTPConnection
        )
        self._connection = kind(parts.hostname, parts.port, timeout=PATIENCE)

    def ask(
        self, path: str, body: bytes | None = None, headers: Mapping[str, str] = {}
    ) -> tuple[int, bytes]:
        """Return status and body of an answer."""
        try:
            self._connection.request(
                "GET" if body is None else "POST",
                self._prefix + path,
                body=body,
                headers=dict(headers),
            )
            answer = self._connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise UsageError(f"{self.url} does not answer: {error}") from None

    def holds(self, recording: Recording) -> bool:
        """Whether it has the recorded time: a sample of it, at its own stamp."""
        for series in recording.series:
            if not series.at or series.values[0] is None:
                continue
            labels = ",".join(
                f"{name}={json.dumps(text)}"
                for name, text in sorted(series.labels.items())
                if name != "__name__"
            )
            name = series.labels.get("__name__", "")
            asked = {
                "query": f"{name}{{{labels}}}[2ms]",
                "time": f"{series.at[0] / 1000:.3f}",
            }
            return bool(self._answer(*self._ask_form("/query", asked))["result"])
        return False

    def write(self, series: Sequence[SeriesRecord]) -> int:
        """Write samples, in order of time; return how many there were."""
        count = 0
        for batch in batches(series):
            status, body = self.ask("/api/v1/write", write_request(batch), _WRITE)
            if status >= http.client.MULTIPLE_CHOICES:
                why = body[:200].decode(errors="replace").strip()
                raise UsageError(
                    f"{self.url} has not the run's time and takes no samples of it "
                    f"({status}: {why}); name the Prometheus that the run observed, or "
                    "an empty one with --web.enable-remote-write-receiver"
                )
            count += sum(len(series.at) for series in batch)
        return count

    def evaluate(self, expr: str, slots: Slots) -> list[Row]:
        """Return an expression's series at the evaluations.

        QuestionRefused where the server cannot say. A piece of the time is computed
        while the one before is read.
        """
        rows: dict[frozenset[tuple[str, str]], Row] = {}
        questions = [_question(expr, piece) for piece in _pieces(slots)]
        if not questions:
            return []
        with ThreadPoolExecutor(max_workers=1) as ahead, _no_collections():
            coming = ahead.submit(self._ask_range, questions[0])
            for following in [*questions[1:], None]:
                status, body = coming.result()
                if following is not None:
                    coming = ahead.submit(self._ask_range, following)
                for answered in self._answer(status, body)["result"]:
                    labels, values = answered["metric"], answered["values"]
                    row = rows.setdefault(frozenset(labels.items()), Row(labels))
                    row.at.extend([round(at * 1000) for at, _ in values])
                    row.values.extend([value for _, value in values])
        return list(rows.values())

    def _ask_range(self, question: Mapping[str, str]) -> tuple[int, bytes]:
        return self._ask_form("/query_range", question)

    def _ask_form(self, path: str, question: Mapping[str, str]) -> tuple[int, bytes]:
        return self.ask(f"/api/v1{path}", urlencode(question).encode(), _FORM)

    def _answer(self, status: int, body: bytes) -> dict[str, list[dict]]:  # type: ignore[type-arg]
        try:
            answer = json.loads(body)
            if answer["status"] == "success":
                return dict(answer["data"])
            said = " ".join(str(answer["error"]).split())[:300]
            raise QuestionRefused(f"Prometheus refuses its expression: {said}")
        except (ValueError, KeyError, TypeError) as error:
            if isinstance(error, QuestionRefused):
                raise
            raise UsageError(
                f"{self.url} does not answer like Prometheus ({status})"
            ) from None

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()


def _pieces(slots: Slots) -> Iterator[Slots]:
    """Yield the evaluations in pieces of one answer each."""
    whole = (PIECE - 1) * slots.interval
    for first in range(slots.first, slots.last + 1, PIECE * slots.interval):
        yield replace(slots, first=first, last=min(slots.last, first + whole))


def _question(expr: str, piece: Slots) -> Mapping[str, str]:
    return {
        "query": expr,
        "start": f"{piece.first / 1000:.3f}",
        "end": f"{piece.last / 1000:.3f}",
        "step": f"{piece.interval / 1000:.3f}",
    }


@contextlib.contextmanager
def _no_collections() -> Iterator[None]:
    """Let garbage wait: a million new values, all of them kept, cost more to search."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def batches(series: Sequence[SeriesRecord]) -> Iterator[list[SeriesRecord]]:
    """Yield the samples slice of time by slice of time, of all series side by side."""
    starts = [record.at[0] for record in series if record.at]
    ends = [record.at[-1] for record in series if record.at]
    at = min(starts, default=0)
    while starts and at <= max(ends):
        batch: list[SeriesRecord] = []
        size = 0
        for record in series:
            piece = _cut_to(record, at, at + SLICE)
            if not piece.at:
                continue
            batch.append(piece)
            size += len(piece.at)
            if size >= BATCH:
                yield batch
                batch, size = [], 0
        if batch:
            yield batch
        at += SLICE


def _cut_to(record: SeriesRecord, start: int, end: int) -> SeriesRecord:
    import bisect

    low, high = bisect.bisect_left(record.at, start), bisect.bisect_left(record.at, end)
    return SeriesRecord(
        labels=record.labels, at=record.at[low:high], values=record.values[low:high]
    )
