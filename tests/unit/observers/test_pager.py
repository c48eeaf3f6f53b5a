"""The pager, spoken to over real sockets on loopback."""

import hashlib
import http.client
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from gameday.model.alerting.alert import fingerprint
from gameday.observers.pages.pager import KEPT, Pager

LABELS = {"alertname": "WebReplicaDown", "server": "web-2", "severity": "page"}
# What a real Alertmanager 0.25 sent as the fingerprint of these labels.
FINGERPRINT = "9559823dc28432c0"
GROUP = '{}/{severity="page"}:{alertname="WebReplicaDown"}'
DEDUP = hashlib.sha256(GROUP.encode()).hexdigest()
PRINTED = (
    "Labels:\n - alertname = WebReplicaDown\n - server = web-2\n - severity = page\n"
    "Annotations:\n - summary = web-2 is out\nSource: http://p:9090/graph\n"
)
WEBHOOK = {
    "version": "4",
    "groupKey": GROUP,
    "status": "firing",
    "receiver": "team",
    "alerts": [
        {
            "status": "firing",
            "labels": LABELS,
            "startsAt": "2026-01-01T00:00:00.235Z",
            "endsAt": "0001-01-01T00:00:00Z",
            "fingerprint": FINGERPRINT,
        }
    ],
}
PAGERDUTY = {
    "routing_key": "R-VERY-SECRET",
    "dedup_key": DEDUP,
    "event_action": "trigger",
    "payload": {"summary": "x", "custom_details": {"firing": PRINTED, "resolved": ""}},
}
OPSGENIE = {
    "alias": DEDUP,
    "message": "[FIRING:1] WebReplicaDown",
    "description": f"web-2 is out\nAlerts Firing:\n{PRINTED}",
    "details": {"apiKey": "G-VERY-SECRET"},
}
SLACK = {
    "channel": "#shop",
    "attachments": [
        {
            "title": "[FIRING:1] WebReplicaDown (page)",
            "color": "danger",
            "text": f"Alerts Firing:\n{PRINTED}Alerts Resolved:\n{PRINTED}",
        }
    ],
}


class Steps:
    """A clock that moves by a quarter of a second at each look."""

    def __init__(self) -> None:
        self.at = 1000.0004

    def now(self) -> float:
        """Return the time, moved on."""
        self.at += 0.25
        return self.at

    def monotonic(self) -> float:
        """Return the time as it is."""
        return self.at

    def sleep(self, seconds: float) -> None:
        """Move the time."""
        self.at += seconds


@contextmanager
def opened(**options: Any) -> Iterator[Pager]:
    pager = Pager("127.0.0.1:0", **options)
    pager.start()
    try:
        yield pager
    finally:
        pager.stop()


@pytest.fixture
def pager() -> Iterator[Pager]:
    with opened(clock=Steps()) as running:
        yield running


def connect(pager: Pager) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", pager.port, timeout=10)


def send(
    pager: Pager, path: str, body: Any, headers: dict[str, str] | None = None
) -> tuple[int, str]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    connection = connect(pager)
    connection.request("POST", path, raw, headers or {})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text


def shown(pager: Pager, query: str = "") -> dict[str, Any]:
    connection = connect(pager)
    connection.request("GET", f"/pages{query}")
    document: dict[str, Any] = json.loads(connection.getresponse().read())
    connection.close()
    return document


def test_webhook_is_kept_with_times_and_both_keys(pager: Pager) -> None:
    assert send(pager, "/webhook/team", WEBHOOK) == (200, "{}")
    (page,) = pager.wait(0, 5)
    assert (page.receiver, page.vendor, page.status) == ("team", "webhook", "firing")
    assert (page.group_key, page.dedup_key) == (GROUP, DEDUP)
    (alert,) = page.alerts
    assert alert["labels"] == LABELS
    assert alert["startsAt"] == "2026-01-01T00:00:00.235Z"
    assert alert["fingerprint"] == FINGERPRINT


def test_fingerprint_is_alertmanagers_own() -> None:
    assert fingerprint(LABELS) == FINGERPRINT


def test_pagerduty_is_read_back_from_its_text(pager: Pager) -> None:
    status, text = send(pager, "/pagerduty/oncall/v2/enqueue", PAGERDUTY)
    assert (status, json.loads(text)["dedup_key"]) == (202, DEDUP)
    (page,) = pager.wait(0, 5)
    assert (page.receiver, page.status, page.group_key) == ("oncall", "firing", None)
    assert page.dedup_key == DEDUP
    (alert,) = page.alerts
    assert (alert["labels"], alert["fingerprint"]) == (LABELS, FINGERPRINT)
    assert (alert["startsAt"], alert["endsAt"]) == (None, None)


@pytest.mark.parametrize("nested", [True, False], ids=["nested", "as text"])
def test_pagerduty_is_read_from_newer_details(pager: Pager, nested: bool) -> None:
    listed = WEBHOOK["alerts"]
    firing = listed if nested else json.dumps(listed)
    details = {"firing": firing, "resolved": [] if nested else "[]"}
    payload = {"summary": "x", "custom_details": details}
    send(pager, "/pagerduty/oncall/v2/enqueue", {**PAGERDUTY, "payload": payload})
    (page,) = pager.wait(0, 5)
    (alert,) = page.alerts
    assert (alert["labels"], alert["status"]) == (LABELS, "firing")
    assert alert["startsAt"] == "2026-01-01T00:00:00.235Z"


def test_pagerduty_resolve(pager: Pager) -> None:
    send(pager, "/pagerduty/oncall", {**PAGERDUTY, "event_action": "resolve"})
    assert [page.status for page in pager.wait(0, 5)] == ["resolved"]


def test_opsgenie_opens_by_alias_and_closes_by_path(pager: Pager) -> None:
    assert send(pager, "/opsgenie/team/v2/alerts", OPSGENIE)[0] == 202
    pager.wait(0, 5)
    path = f"/opsgenie/team/v2/alerts/{DEDUP}/close?identifierType=alias"
    assert send(pager, path, {"source": "Alertmanager"})[0] == 202
    pager.wait(1, 5)
    opened_, closed = pager.pages()
    assert (opened_.status, opened_.dedup_key) == ("firing", DEDUP)
    assert [alert["labels"] for alert in opened_.alerts] == [LABELS]
    assert (closed.status, closed.dedup_key) == ("resolved", DEDUP)


def test_slack_tells_firing_from_resolved(pager: Pager) -> None:
    assert send(pager, "/slack/chat/services/T/B/x", SLACK) == (200, "ok")
    (page,) = pager.wait(0, 5)
    assert (page.receiver, page.status) == ("chat", "firing")
    assert [alert["status"] for alert in page.alerts] == ["firing", "resolved"]


@pytest.mark.parametrize(
    ("attachment", "status"),
    [
        ({"color": "good"}, "resolved"),
        ({"title": "[RESOLVED] X"}, "resolved"),
        ({"fallback": "[FIRING:2] X"}, "firing"),
        ({"title": "hello"}, "unknown"),
    ],
)
def test_slack_status(pager: Pager, attachment: dict[str, str], status: str) -> None:
    send(pager, "/slack/chat", {"attachments": [attachment]})
    assert [page.status for page in pager.wait(0, 5)] == [status]


def test_what_alertmanager_left_out_is_counted(pager: Pager) -> None:
    send(pager, "/webhook/team", {**WEBHOOK, "truncatedAlerts": 3})
    (page,) = pager.wait(0, 5)
    assert page.truncated == 3


TITLE = "[FIRING:1] WebReplicaDown (web page)"
CARD = {
    "type": "message",
    "attachments": [
        {
            "contentType": "application/vnd.microsoft.card.adaptive",
            "content": {
                "body": [
                    {"type": "TextBlock", "text": TITLE},
                    {"type": "TextBlock", "text": f"# Alerts Firing:\n\n{PRINTED}"},
                ]
            },
        }
    ],
}


@pytest.mark.parametrize(
    "said",
    [
        {
            "attachments": [
                {"title": TITLE, "fallback": f"{TITLE} | http://am/#/alerts"}
            ]
        },
        {"attachments": [{"fallback": f"{TITLE} | http://am/#/alerts"}]},
        {"@type": "MessageCard", "title": TITLE},
        {"content": "", "embeds": [{"title": TITLE, "color": 10038562}]},
        {"text": f"{TITLE}\nmore of it"},
        CARD,
    ],
    ids=["slack", "slack's fallback", "teams", "discord", "text", "teams' card"],
)
def test_a_chat_messages_title_is_kept(pager: Pager, said: dict[str, Any]) -> None:
    send(pager, "/slack/chat", said)
    (page,) = pager.wait(0, 5)
    assert page.titles[0] == TITLE
    assert page.status == "firing"


LINK = "http://am:9093/#/alerts?receiver=team+chat%2Fa"


@pytest.mark.parametrize(
    ("attachment", "sender"),
    [
        ({"title": TITLE, "title_link": LINK}, "team chat/a"),
        ({"fallback": f"{TITLE} | {LINK}"}, "team chat/a"),
        ({"title": TITLE, "title_link": "http://wiki/"}, ""),
        ({"title": TITLE}, ""),
    ],
)
def test_the_receiver_that_a_messages_link_names_is_kept(
    pager: Pager, attachment: dict[str, str], sender: str
) -> None:
    send(pager, "/slack/chat", {"attachments": [attachment]})
    (page,) = pager.wait(0, 5)
    assert (page.titles[0], page.sender) == (TITLE, sender)


def test_a_title_may_stand_in_the_link(pager: Pager) -> None:
    about = {"title": "trouble", "title_link": TITLE}
    send(pager, "/slack/chat", {"attachments": [about]})
    (page,) = pager.wait(0, 5)
    assert TITLE in page.titles


@pytest.mark.parametrize(
    ("vendor", "said"),
    [
        ("pagerduty", {**PAGERDUTY, "payload": {"summary": TITLE}}),
        ("opsgenie", {**OPSGENIE, "message": TITLE}),
    ],
)
def test_an_incidents_title_is_kept(
    pager: Pager, vendor: str, said: dict[str, Any]
) -> None:
    send(pager, f"/{vendor}/oncall", said)
    (page,) = pager.wait(0, 5)
    assert page.titles == (TITLE,)


def test_a_cards_labels_are_read_once(pager: Pager) -> None:
    send(pager, "/slack/chat", CARD)
    (page,) = pager.wait(0, 5)
    assert [alert["labels"] for alert in page.alerts] == [LABELS]


def test_received_before_anything_else(pager: Pager) -> None:
    send(pager, "/webhook/team", WEBHOOK)
    (page,) = pager.wait(0, 5)
    assert page.at == 1000.25  # the clock's first look, kept to the millisecond


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"7",
        b"\xff\xfe",
        b"null",
        b'{"alerts": [1]}',
        b'{"alerts": 1}',
        b"[" * 100_000,
        b'{"status": "firing"}',
    ],
)
def test_what_is_no_page_is_refused_and_nothing_breaks(
    pager: Pager, body: bytes
) -> None:
    assert send(pager, "/webhook/team", body)[0] == 400
    assert send(pager, "/webhook/team", WEBHOOK)[0] == 200
    assert [page.seq for page in pager.wait(0, 5)] == [2]
    (refused,) = shown(pager)["refused"]
    assert (refused["receiver"], refused["vendor"]) == ("team", "webhook")
    assert "not" in refused["because"]
    assert shown(pager, "?since=1")["refused"] == []


@pytest.mark.parametrize("path", ["/", "/webhook", "/webhook/", "/email/team", "//x"])
def test_unknown_receivers_are_refused(pager: Pager, path: str) -> None:
    assert send(pager, path, WEBHOOK)[0] == 404
    assert "no such receiver" in refusal(pager)["because"]


def refusal(pager: Pager) -> dict[str, Any]:
    """Return the first refusal, waiting for it."""
    return dict(shown(pager, "?since=0&wait=5")["refused"][0])


def test_a_body_beyond_a_mebibyte_is_refused(pager: Pager) -> None:
    connection = connect(pager)
    connection.putrequest("POST", "/webhook/team")
    connection.putheader("Content-Length", str((1 << 20) + 1))
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()
    assert "larger than 1048576 bytes" in refusal(pager)["because"]


def test_a_body_without_a_length_is_refused(pager: Pager) -> None:
    connection = connect(pager)
    # No body: the pager hangs up at the headers, maybe before more could be sent.
    connection.putrequest("POST", "/webhook/team")
    connection.endheaders()
    assert connection.getresponse().status == 411
    connection.close()
    assert "Content-Length" in refusal(pager)["because"]


def test_a_body_in_chunks_is_read(pager: Pager) -> None:
    connection = connect(pager)
    raw = json.dumps(WEBHOOK).encode()
    pieces = iter([raw[:7], raw[7:500], raw[500:]])
    connection.request("POST", "/webhook/team", pieces, encode_chunked=True)
    assert connection.getresponse().status == 200
    connection.close()
    (page,) = pager.wait(0, 5)
    assert page.group_key == GROUP


@pytest.mark.parametrize(
    ("chunks", "status"),
    [
        (b"no size\r\n", 400),
        (b"-5\r\n", 400),
        (b"100001\r\n", 413),
        (b"0\r\n" + b"a: b\r\n" * 100, 400),
    ],
)
def test_chunks_that_cannot_be_read_are_refused(
    pager: Pager, chunks: bytes, status: int
) -> None:
    connection = connect(pager)
    connection.putrequest("POST", "/webhook/team")
    connection.putheader("Transfer-Encoding", "chunked")
    connection.endheaders(chunks)
    assert connection.getresponse().status == status
    connection.close()
    assert refusal(pager)["receiver"] == "team"


def test_one_connection_serves_many_pages(pager: Pager) -> None:
    connection = connect(pager)
    for _ in range(3):
        connection.request("POST", "/webhook/team", json.dumps(WEBHOOK))
        assert connection.getresponse().read() == b"{}"
        assert connection.sock is not None  # the server did not hang up
    connection.close()
    assert [page.seq for page in pager.wait(2, 5)] == [3]


def test_secrets_are_not_kept(pager: Pager, capfd: pytest.CaptureFixture[str]) -> None:
    headers = {"Authorization": "GenieKey H-VERY-SECRET"}
    send(pager, "/opsgenie/team/v2/alerts", OPSGENIE, headers)
    url = {"client_url": "http://me:U-VERY-SECRET@alertmanager/"}
    send(pager, "/pagerduty/oncall", {**PAGERDUTY, **url})
    pager.wait(1, 5)
    text = json.dumps(shown(pager))
    assert "VERY-SECRET" not in text
    assert text.count("<secret>") == 3
    assert "VERY-SECRET" not in "".join(capfd.readouterr())


def test_receivers_names_are_decoded(pager: Pager) -> None:
    send(pager, "/webhook/on%20call%2Fteam", WEBHOOK)
    assert [page.receiver for page in pager.wait(0, 5)] == ["on call/team"]


def test_readers_get_what_is_new(pager: Pager) -> None:
    for _ in range(3):
        send(pager, "/webhook/team", WEBHOOK)
    pager.wait(2, 5)
    answer = shown(pager, "?since=1")
    assert [page["seq"] for page in answer["pages"]] == [2, 3]
    assert answer["seq"] == 3
    assert answer["now"] > answer["pages"][-1]["at"]
    assert shown(pager, "?since=3")["pages"] == []


def test_a_waiting_reader_ends_with_the_page(pager: Pager) -> None:
    replies: list[dict[str, Any]] = []
    reader = threading.Thread(
        target=lambda: replies.append(shown(pager, "?since=0&wait=30"))
    )
    reader.start()
    send(pager, "/webhook/team", WEBHOOK)
    reader.join(timeout=5)
    assert not reader.is_alive()
    assert [page["seq"] for page in replies[0]["pages"]] == [1]


def test_a_waiting_reader_is_let_go_at_the_end() -> None:
    with opened() as pager:
        reader = threading.Thread(target=pager.wait, args=(0, 60))
        reader.start()
    reader.join(timeout=5)
    assert not reader.is_alive()


@pytest.mark.parametrize("query", ["?since=x", "?wait=x", "?since=1.5"])
def test_a_wrong_question_is_refused(pager: Pager, query: str) -> None:
    connection = connect(pager)
    connection.request("GET", f"/pages{query}")
    assert connection.getresponse().status == 400
    connection.close()


def test_health(pager: Pager) -> None:
    connection = connect(pager)
    connection.request("GET", "/healthz")
    assert connection.getresponse().read() == b"ok\n"
    connection.request("GET", "/elsewhere")
    assert connection.getresponse().status == 404
    connection.close()


def test_pages_are_passed_on_whole_and_after_they_were_kept(pager: Pager) -> None:
    with opened(forward=f"http://127.0.0.1:{pager.port}/webhook/copy/of") as first:
        send(first, "/webhook/team", WEBHOOK)
        first.wait(0, 5)
        (copy,) = pager.wait(0, 5)
    assert (copy.receiver, copy.group_key) == ("copy", GROUP)


def test_a_dead_far_end_of_forward_costs_no_page() -> None:
    with opened() as gone:
        port = gone.port
    with opened(forward=f"http://127.0.0.1:{port}") as pager:
        assert send(pager, "/webhook/team", WEBHOOK)[0] == 200
        assert send(pager, "/webhook/team", WEBHOOK)[0] == 200
        assert [page.seq for page in pager.wait(1, 5)] == [2]


def test_a_store_outlives_the_pager(tmp_path: Path) -> None:
    store = tmp_path / "pages.ndjson"
    with opened(store=store) as pager:
        send(pager, "/pagerduty/oncall", PAGERDUTY)
        before = pager.wait(0, 5)
    with store.open("a") as file:
        file.write('{"seq": 2, "at"')  # a line that was being written at a crash
    with opened(store=store) as pager:
        assert pager.pages() == before
        send(pager, "/webhook/team", WEBHOOK)
        assert [page.seq for page in pager.wait(1, 5)] == [2]
    assert "VERY-SECRET" not in store.read_text()
    with opened(store=store) as pager:
        assert [page.seq for page in pager.pages()] == [1, 2]


def test_memory_is_bounded() -> None:
    pager = Pager("127.0.0.1:0")
    page = {"vendor": "webhook", "status": "firing", "group_key": None}
    rest: dict[str, Any] = {"dedup_key": None, "alerts": (), "raw": ""}
    for _ in range(KEPT + 5):
        pager.keep(1.0, "team", {**page, **rest})
    kept = pager.pages()
    assert (len(kept), kept[0].seq, kept[-1].seq) == (KEPT, 6, KEPT + 5)


@pytest.mark.parametrize(
    "listen", ["9099", "127.0.0.1", "127.0.0.1:http", "127.0.0.1:99999", "::1:9099"]
)
def test_a_wrong_address_is_named(listen: str) -> None:
    with pytest.raises(ValueError, match="is not HOST:PORT"):
        Pager(listen)


def test_a_wrong_forward_is_named_without_its_secrets() -> None:
    with pytest.raises(ValueError, match="forward is not") as caught:
        Pager("127.0.0.1:0", forward="ftp://me:VERY-SECRET@x/")
    assert "SECRET" not in str(caught.value)


def test_a_taken_port_is_an_error(pager: Pager) -> None:
    with pytest.raises(OSError, match="in use"):
        Pager(f"127.0.0.1:{pager.port}").start()


def test_stop_twice() -> None:
    with opened() as pager:
        pager.stop()
