"""The load against servers that break connections: what its user saw is counted."""

import asyncio
import json

import pytest

from gameday.runner.load.load_process import Generator

ENOUGH = 12  # requests, after which the load is ended
BROKEN = 4  # connections that were broken, after which it is ended


class Server:
    """Answers the first request of a connection; what comes then is `breaks`' choice.

    Ends the load once it has seen enough requests, or, where `until_broken` says so,
    once it has broken enough connections.
    """

    def __init__(
        self,
        *,
        breaks: bool,
        until_broken: bool = False,
        status: str = "200 OK",
        head: str = "",
    ) -> None:
        self.breaks = breaks
        self.until_broken = until_broken
        self.reply = f"HTTP/1.1 {status}\r\n{head}Content-Length: 0\r\n\r\n".encode()
        self.paths: list[str] = []
        self.connections = 0
        self.broken = 0
        self.stop = asyncio.Event()

    def ended(self) -> bool:
        """Return whether the load may end."""
        if self.until_broken:
            return self.broken >= BROKEN
        return len(self.paths) >= ENOUGH

    async def serve(
        self, reader: asyncio.StreamReader, out: asyncio.StreamWriter
    ) -> None:
        self.connections += 1
        served = 0
        while line := await reader.readline():
            while await reader.readline() not in (b"\r\n", b""):
                pass
            self.paths.append(line.decode().split()[1])
            served += 1
            breaks = self.breaks and served > 1
            self.broken += breaks
            if self.ended():
                self.stop.set()
            if breaks:
                break  # hangs up instead of an answer
            out.write(self.reply)
            await out.drain()
        out.close()


async def load(server: Server, **orders: object) -> None:
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    settings = {
        "url": f"http://127.0.0.1:{port}/",
        "rate": 100.0,
        "method": "GET",
        "headers": {},
        "body": "",
        "timeout": 5.0,
    }
    async with listening:
        await asyncio.wait_for(Generator({**settings, **orders}).run(server.stop), 30)


def counted(text: str) -> tuple[int, int]:
    """Return how many requests were sent, and how many failed, by the load's lines."""
    seconds = [json.loads(line) for line in text.splitlines()]
    return sum(second["sent"] for second in seconds), sum(
        second["failed"] for second in seconds
    )


def test_every_request_is_sent_once(capsys: pytest.CaptureFixture[str]) -> None:
    async def run() -> Server:
        server = Server(breaks=True, until_broken=True)
        await load(server)
        return server

    server = asyncio.run(run())
    sent, failed = counted(capsys.readouterr().out)
    assert sent == len(server.paths)  # nothing was sent again behind our back
    assert failed == server.broken >= BROKEN


def test_fresh_connections_are_not_used_again(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def run() -> Server:
        server = Server(breaks=True)
        await load(server, connections="fresh")
        return server

    server = asyncio.run(run())
    sent, failed = counted(capsys.readouterr().out)
    assert (server.connections, failed) == (sent, 0)


@pytest.mark.parametrize("redirects", [False, True])
def test_redirects_are_followed_only_if_asked(
    redirects: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    async def run() -> Server:
        server = Server(breaks=False, status="302 Found", head="Location: /there\r\n")
        await load(server, redirects=redirects)
        return server

    server = asyncio.run(run())
    capsys.readouterr()
    assert ("/there" in server.paths) is redirects
