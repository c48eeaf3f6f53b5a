"""A door in front of what a target is asked through: the Docker engine, an API server.

It can be shut; where what passes is plain, it can refuse requests.
"""

import contextlib
import select
import socket
import threading
from collections.abc import Callable, Iterator

from tests.real.targets.world import SOCKET

_REFUSAL = b'{"message":"the door refuses"}'
_ANSWER = (
    b"HTTP/1.1 500 Internal Server Error\r\nContent-Type: application/json\r\n"
    b"Content-Length: %d\r\n\r\n%s" % (len(_REFUSAL), _REFUSAL)
)


def local_engine() -> socket.socket:
    """Return a connection to the local Docker engine."""
    far = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    far.connect(SOCKET)
    return far


class Door:
    """tcp://127.0.0.1:PORT; `behind` connects to who listens behind it."""

    def __init__(self, behind: Callable[[], socket.socket] = local_engine) -> None:
        self._behind = behind
        self._port = 0
        self._over = threading.Event()
        self._threads: list[threading.Thread] = []
        self._listener: socket.socket | None = None
        self.refusals = 0  # how many starts of containers are refused from now on
        self.refused = 0
        self.open()

    @property
    def address(self) -> str:
        """The engine's address behind this door."""
        return f"tcp://127.0.0.1:{self._port}"

    @property
    def port(self) -> int:
        """Where it listens, on 127.0.0.1."""
        return self._port

    def open(self) -> None:
        """Listen, always on the same port."""
        self._over = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", self._port))
        self._port = self._listener.getsockname()[1]
        self._start(self._serve, self._listener, self._over)

    def shut(self) -> None:
        """Hang up on everybody, as an engine does that ends."""
        self._over.set()
        for thread in self._threads:
            thread.join()
        self._threads = []

    def _start(self, work: object, *given: object) -> None:
        thread = threading.Thread(target=work, args=given, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _serve(self, listener: socket.socket, over: threading.Event) -> None:
        with listener:
            while not over.is_set():
                ready, _, _ = select.select([listener], [], [], 0.05)
                if ready:
                    near, _ = listener.accept()
                    self._start(self._carry, near, over)

    def _carry(self, near: socket.socket, over: threading.Event) -> None:
        with near, self._behind() as far:
            ways = {near: far, far: near}
            while not over.is_set():
                ready, _, _ = select.select(list(ways), [], [], 0.05)
                for source in ready:
                    try:
                        data = source.recv(65536)
                        if not data:
                            return
                        if source is near and self._refuses(data):
                            near.sendall(_ANSWER)
                        else:
                            ways[source].sendall(data)
                    except OSError:
                        return

    def _refuses(self, data: bytes) -> bool:
        first = data.partition(b"\r\n")[0]
        if not first.startswith(b"POST ") or b"/start" not in first:
            return False
        if self.refusals <= 0:
            return False
        self.refusals -= 1
        self.refused += 1
        return True


@contextlib.contextmanager
def door(behind: Callable[[], socket.socket] = local_engine) -> Iterator[Door]:
    """Yield an open door; shut it afterwards."""
    made = Door(behind)
    try:
        yield made
    finally:
        made.shut()
