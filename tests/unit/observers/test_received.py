"""Pages as a pager tells them: each once, with its own time."""

from collections.abc import Mapping
from typing import Any

import pytest

from gameday.clock import SystemClock
from gameday.errors import ObserverLost
from gameday.model.scenario import Endpoint
from gameday.observers.pages.pages_observer import PagesObserver, RemoteMailbox
from tests.unit.observers.fake import Asked, HandClock, Heard, Reply, serving


def page(seq: int, at: float, **changes: Any) -> dict[str, Any]:
    return {
        "seq": seq,
        "at": at,
        "receiver": "oncall",
        "vendor": "webhook",
        "status": "firing",
        "group_key": "{}:{}",
        "dedup_key": "d",
        "alerts": [
            {
                "labels": {"alertname": "Down"},
                "status": "firing",
                "startsAt": "2026-01-01T00:00:00.1234Z",
                "endsAt": "0001-01-01T00:00:00Z",
                "fingerprint": "f",
            }
        ],
        **changes,
    }


class Box:
    """A mailbox in this process."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now
        self.kept: list[dict[str, Any]] = []
        self.refused: list[dict[str, Any]] = []
        self.lost = False

    def show(self, since: int, wait: float) -> Mapping[str, Any]:  # noqa: ARG002
        """Answer as a pager does, but never wait."""
        if self.lost:
            raise ObserverLost("the pager does not answer: connection refused")
        pages = [kept_page for kept_page in self.kept if kept_page["seq"] > since]
        refused = [post for post in self.refused if post["seq"] > since]
        last = max((entry["seq"] for entry in (*self.kept, *self.refused)), default=0)
        return {"now": self.now, "seq": last, "pages": pages, "refused": refused}


def observing(box: Box, since: float = 1000.0) -> tuple[PagesObserver, Heard]:
    observer, heard = PagesObserver(box, HandClock()), Heard()
    observer.start(heard, since)
    return observer, heard


def test_a_page_is_told_once_with_the_pagers_time() -> None:
    box = Box()
    box.kept = [page(1, 1000.5), page(2, 1001.0)]
    observer, heard = observing(box)
    observer.flush(1002.0)
    observer.flush(1003.0)
    observer.stop()
    first, _ = heard.of("page")
    assert (first.at, first.seq, first.receiver) == (1000.5, 1, "oncall")
    assert first.alerts == [
        {
            "labels": {"alertname": "Down"},
            "status": "firing",
            "starts": 1767225600.123,
            "ends": None,
            "fingerprint": "f",
        }
    ]


def test_what_the_pager_refused_and_what_was_left_out_is_told() -> None:
    box = Box()
    box.kept = [page(1, 1000.5, titles=["[FIRING:1] Down"], truncated=2)]
    about = {"receiver": "oncall", "vendor": "slack", "because": "not JSON"}
    box.refused = [{"seq": 2, "at": 1000.7, **about}]
    observer, heard = observing(box)
    observer.flush(1002.0)
    observer.flush(1003.0)
    observer.stop()
    (told,), (refused,) = heard.of("page"), heard.of("page_refused")
    assert (told.titles, told.truncated) == (["[FIRING:1] Down"], 2)
    assert (refused.at, refused.receiver, refused.because) == (
        1000.7,
        "oncall",
        "not JSON",
    )


def test_pages_from_before_are_left_out_by_the_pagers_clock() -> None:
    box = Box(now=1060.0)  # a minute ahead
    box.kept = [page(1, 1059.0), page(2, 1061.0)]
    observer, heard = observing(box)
    observer.flush(1002.0)
    observer.stop()
    assert [event.seq for event in heard.of("page")] == [2]
    assert heard.of("clock")[0].offset == 60.0


def test_pages_are_not_read_before_the_pagers_clock_is_known() -> None:
    box = Box(now=1060.0)
    box.kept = [page(1, 1059.0), page(2, 1061.0)]
    box.lost = True
    observer, heard = observing(box)
    heard.wait("blind")
    box.lost = False
    observer.flush(1002.0)
    observer.stop()
    assert [event.seq for event in heard.of("page")] == [2]


def test_a_pager_that_was_started_anew_counts_from_one_again() -> None:
    box = Box()
    box.kept = [page(number, 1000.0 + number) for number in range(1, 4)]
    observer, heard = observing(box)
    observer.flush(1004.0)
    box.kept = [page(1, 1010.0)]
    observer.flush(1011.0)
    observer.stop()
    assert [(event.seq, event.at) for event in heard.of("page")] == [
        (1, 1001.0),
        (2, 1002.0),
        (3, 1003.0),
        (1, 1010.0),
    ]


def test_a_pager_that_does_not_answer_makes_blind() -> None:
    box = Box()
    box.lost = True
    observer, heard = observing(box)
    assert "connection refused" in observer.probe()
    assert heard.wait("blind").source == "pager"
    box.lost = False
    heard.wait("sees")
    observer.stop()


@pytest.mark.parametrize("body", [[], {"now": 1}, {"now": 1, "seq": 1, "pages": [{}]}])
def test_what_is_no_pager_makes_blind(body: Any) -> None:
    with serving(lambda _: Reply(body)) as server:
        clock = SystemClock()
        mailbox = RemoteMailbox(Endpoint(url=server.url), clock)
        observer, heard = PagesObserver(mailbox, clock), Heard()
        observer.start(heard, clock.now())
        heard.wait("blind")
        observer.stop()


def test_a_remote_pager_is_asked_for_what_is_new() -> None:
    box = Box()

    def answer(asked: Asked) -> Reply:
        return Reply(dict(box.show(int(asked.params["since"]), 0.0)))

    with serving(answer) as server:
        clock = SystemClock()
        box.kept = [page(1, clock.now() + 1.0)]
        mailbox = RemoteMailbox(Endpoint(url=server.url), clock)
        box.now = clock.now()
        observer, heard = PagesObserver(mailbox, clock), Heard()
        observer.start(heard, clock.now() - 5.0)
        heard.wait("page")
        box.kept.append(page(2, clock.now() + 2.0))
        observer.flush(clock.now())
        observer.stop()
        assert [event.seq for event in heard.of("page")] == [1, 2]
        assert {call.path for call in server.asked} == {"/pages"}
