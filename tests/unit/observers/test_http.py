"""The HTTP client: bounded, discreet, and ended from outside."""

import base64
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from gameday.clock import SystemClock
from gameday.errors import ObserverLost
from gameday.model.scenario import Endpoint, Secret
from gameday.observers.credentials import resolve
from gameday.observers.http import Client, HttpError
from tests.unit.observers.fake import Asked, FakeServer, Reply, serving


def client(url: str, timeout: float = 5.0, **rest: Any) -> Client:
    return Client(Endpoint(url=url, **rest), SystemClock(), timeout)


@contextmanager
def asked_of(
    answer: Callable[[Asked], Reply] = lambda _: Reply({"ok": True}), **rest: Any
) -> Iterator[tuple[FakeServer, Client]]:
    with serving(answer) as server:
        connection = client(server.url, **rest)
        try:
            yield server, connection
        finally:
            connection.close()


def header(server: FakeServer, name: str) -> str | None:
    return server.asked[-1].headers.get(name)


def test_a_password_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROM_PASSWORD", "hunter2")
    auth = {"username": "ann", "password": Secret(env="PROM_PASSWORD")}
    with asked_of(auth=auth) as (server, connection):
        assert connection.json("/x") == {"ok": True}
    wanted = "Basic " + base64.b64encode(b"ann:hunter2").decode()
    assert header(server, "Authorization") == wanted


def test_a_token_and_headers_come_from_files(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("abc\n")
    secret = Secret(file=str(tmp_path / "token"))
    headers = {"X-Scope-OrgID": "team", "X-Key": secret}
    with asked_of(auth={"bearer": secret}, headers=headers) as (server, connection):
        connection.json("/x")
    assert header(server, "Authorization") == "Bearer abc"
    assert header(server, "X-Scope-OrgID") == "team"
    assert header(server, "X-Key") == "abc"


def test_credentials_in_the_url_are_used_and_never_shown() -> None:
    with serving(lambda _: Reply("no", 503)) as server:
        url = server.url.replace("://", "://ann:hunter2@")
        connection = client(url + "/prom")
        with pytest.raises(HttpError) as problem:
            connection.json("/x")
        connection.close()
    assert server.asked[0].path == "/prom/x"
    assert header(server, "Authorization") is not None
    assert "hunter2" not in str(problem.value) + repr(connection) + connection.url


@pytest.mark.parametrize(
    ("secret", "says"),
    [
        (Secret(env="GAMEDAY_NOT_SET"), "GAMEDAY_NOT_SET is not set"),
        (Secret(file="/nowhere/at/all"), "/nowhere/at/all cannot be read"),
    ],
)
def test_a_secret_that_is_not_there_says_where_it_should_be(
    secret: Secret, says: str
) -> None:
    with pytest.raises(ObserverLost, match=says):
        resolve(secret)


def test_a_secret_of_several_lines_is_refused_without_being_shown(
    tmp_path: Path,
) -> None:
    (tmp_path / "token").write_text("first\nsecond")
    auth = {"bearer": Secret(file=str(tmp_path / "token"))}
    with (
        asked_of(auth=auth) as (server, connection),
        pytest.raises(ObserverLost, match="Authorization is not one line") as problem,
    ):
        connection.get("/x")
    assert "first" not in str(problem.value)
    assert not server.asked


def test_an_error_says_what_the_server_says() -> None:
    reply = Reply({"status": "error", "error": "parse error: unexpected <"}, 400)
    with (
        asked_of(lambda _: reply) as (_, connection),
        pytest.raises(HttpError, match="answers 400: parse error: unexpected <") as got,
    ):
        connection.json("/api/v1/query")
    assert got.value.is_refused_request


def test_an_error_of_the_server_is_not_ours() -> None:
    with asked_of(lambda _: Reply("down", 503)) as (_, connection):
        with pytest.raises(HttpError) as problem:
            connection.json("/x")
        assert not problem.value.is_refused_request
        assert connection.get("/x").status == 503


def test_a_redirect_is_not_followed() -> None:
    with asked_of(lambda _: Reply("", 302)) as (server, connection):
        with pytest.raises(HttpError, match="answers 302"):
            connection.json("/x")
        assert len(server.asked) == 1


@pytest.mark.parametrize("body", ["", "<html>", '{"cut": ', "NaNo"])
def test_what_is_no_json_is_an_answer_lost(body: str) -> None:
    with (
        asked_of(lambda _: Reply(body)) as (_, connection),
        pytest.raises(ObserverLost, match="answers no JSON"),
    ):
        connection.json("/x")


def test_an_answer_that_is_cut_off_is_lost() -> None:
    with (
        asked_of(lambda _: Reply("{}", cut=True)) as (_, connection),
        pytest.raises(ObserverLost, match="does not answer"),
    ):
        connection.json("/x")


def test_nobody_there_is_refused() -> None:
    with serving(lambda _: Reply()) as server:
        url = server.url
    with pytest.raises(ObserverLost, match="does not answer: connection refused"):
        client(url).get("/x")


def test_no_answer_in_time_is_lost() -> None:
    hang = threading.Event()
    with serving(lambda _: Reply("{}", hang=hang)) as server:
        connection = client(server.url, timeout=0.1)
        with pytest.raises(ObserverLost, match="no answer in time"):
            connection.get("/x")
        hang.set()
        connection.close()


def test_every_question_is_asked_once() -> None:
    with asked_of() as (server, connection):
        for _ in range(5):
            connection.json("/x")
        assert len(server.asked) == 5


def test_a_kept_connection_that_the_server_ended_is_opened_anew() -> None:
    replies = [Reply("{}"), Reply("{}", cut=True), Reply('{"again": 1}')]
    with asked_of(lambda _: replies.pop(0)) as (server, connection):
        connection.json("/x")
        assert connection.json("/x") == {"again": 1}
        assert len(server.asked) == 3


def test_close_ends_a_request_under_way() -> None:
    hang, begun = threading.Event(), threading.Event()

    def answer(_: Asked) -> Reply:
        begun.set()
        return Reply("{}", hang=hang)

    def ask(connection: Client) -> None:
        with suppress(ObserverLost):
            connection.get("/x")

    with asked_of(answer) as (_, connection):
        thread = threading.Thread(target=ask, args=(connection,))
        thread.start()
        assert begun.wait(5)
        connection.close()
        thread.join(1)
        assert not thread.is_alive()
        hang.set()
        with pytest.raises(ObserverLost, match="no longer asked"):
            connection.get("/x")
