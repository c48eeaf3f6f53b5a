"""Errors of real connections, in a few words."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import urllib3

from gameday.targets.kubernetes.client.error_text import reason

LATE = urllib3.Timeout(connect=5.0, read=0.1)


def asked(url: str, **how: Any) -> str:
    """Return the reason why nothing comes from there."""
    pool = urllib3.PoolManager(retries=0, timeout=LATE, **how)
    with pytest.raises(urllib3.exceptions.HTTPError) as wrong:
        pool.request("GET", url)
    return reason(wrong.value)


@contextmanager
def answering(act: Callable[[socket.socket], Any]) -> Iterator[str]:
    """Serve one connection with `act`; yield where."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            there, _ = listening.accept()
            with there:
                act(there)
                over.wait(10)

        threading.Thread(target=serve, daemon=True).start()
        try:
            yield f"127.0.0.1:{listening.getsockname()[1]}"
        finally:
            over.set()


def closed() -> str:
    """Return an address where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return f"127.0.0.1:{listening.getsockname()[1]}"


def test_nobody_listens() -> None:
    assert asked(f"http://{closed()}/") == "connection refused"


def test_a_proxy_is_named() -> None:
    pool = urllib3.ProxyManager(f"http://{closed()}", retries=0, timeout=LATE)
    with pytest.raises(urllib3.exceptions.HTTPError) as wrong:
        pool.request("GET", "https://127.0.0.1:1/")
    assert reason(wrong.value) == "proxy: connection refused"


def test_nothing_comes_back() -> None:
    with answering(lambda _: None) as where:
        assert asked(f"http://{where}/") == "timed out"


def test_it_hangs_up() -> None:
    def hang_up(there: socket.socket) -> None:
        there.recv(1 << 16)
        there.shutdown(socket.SHUT_RDWR)

    with answering(hang_up) as where:
        said = asked(f"http://{where}/")
    assert said == "Remote end closed connection without response"


def test_it_does_not_speak_tls() -> None:
    def speak(there: socket.socket) -> None:
        there.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with answering(speak) as where:
        said = asked(f"https://{where}/")
    assert said.startswith("TLS failed: ")
    assert "_ssl.c" not in said


def test_a_url_of_another_kind() -> None:
    assert asked("ftp://x/") == "Not supported URL scheme ftp"


def wrapped(root: Exception) -> Exception:
    """Return an error as the client hands it on."""
    late = urllib3.exceptions.SSLError(root)
    return urllib3.exceptions.MaxRetryError(None, "/", late)  # type: ignore[arg-type]


def test_a_certificate_that_is_not_trusted() -> None:
    root = ssl.SSLCertVerificationError(1, "[SSL: CERTIFICATE_VERIFY_FAILED] …")
    root.verify_message = "self-signed certificate"
    told = "certificate verify failed: self-signed certificate"
    assert reason(wrapped(root)) == told


def test_a_name_that_nobody_knows() -> None:
    root = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    assert reason(wrapped(root)) == "name not known"
    root = socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
    assert reason(wrapped(root)) == "temporary failure in name resolution"


def test_what_was_handled_before_is_no_reason() -> None:
    wrong = ConnectionResetError(104, "Connection reset by peer")
    wrong.__context__ = ValueError("something else")
    assert reason(wrong) == "connection reset by peer"


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OSError(113, "No route to host"), "no route to host"),
        (FileNotFoundError(2, "No such file", "/ca.pem"), "no such file: /ca.pem"),
        (ValueError("two\n lines"), "two lines"),
        (ValueError(), "ValueError"),
    ],
)
def test_other_errors(error: Exception, told: str) -> None:
    assert reason(error) == told


def test_a_ring_of_errors_ends() -> None:
    one, two = ValueError("one"), ValueError("two")
    one.__cause__, two.__cause__ = two, one
    assert reason(one) in {"one", "two"}
