"""Small real systems: a compose project by its labels, a supervisord, a TCP door.

Waiting here is waiting for something, with a bound.
"""

import contextlib
import secrets
import select
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from docker.api import APIClient

from gameday.clock import SystemClock
from gameday.model.faults.fault import FaultRequest, Proof, Undo
from gameday.model.faults.request import parse_request
from gameday.model.target import Instance
from gameday.ports import Target

CLOCK = SystemClock()
SOCKET = "/var/run/docker.sock"
IMAGE = "debian:bookworm-slim"
_COMPOSE = "com.docker.compose."


def wait_for(wanted: Callable[[], Any], seconds: float = 10.0) -> Any:
    """Return the first truthy answer; AssertionError when there is none in time."""
    end = CLOCK.monotonic() + seconds
    while True:
        answer = wanted()
        if answer:
            return answer
        assert CLOCK.monotonic() < end, "it did not happen in time"
        CLOCK.sleep(0.02)


def ask(kind: str, service: str = "web", **given: Any) -> FaultRequest:
    """Return a fault that is asked for, with a minute to live."""
    return parse_request(kind, {"service": service, "duration": "60s", **given})


def find(target: Target, name: str) -> Instance:
    """Return the instance of that name."""
    (instance,) = [known for known in target.instances() if known.name == name]
    return instance


def injected(
    target: Target, request: FaultRequest, victim: Instance, mark: str
) -> tuple[Undo, Proof]:
    """Inject a fault into one victim; return its undo, and whether it bites."""
    undo = target.prepare(request, victim, mark)
    target.inject(request, victim, undo)
    return undo, target.verify(request, victim, undo)


class ComposeProject:
    """Containers that look like a compose project's: web-1, web-2, db-1."""

    def __init__(self, prefix: str = "gdtest") -> None:
        self.name = f"{prefix}{secrets.token_hex(3)}"
        self.url = f"docker://{self.name}"
        self.api = APIClient(base_url=f"unix://{SOCKET}", version="auto", timeout=30)
        self.network = self.api.create_network(self.name)["Id"]
        for service, number in (("web", 1), ("web", 2), ("db", 1)):
            self.create(service, number)

    def create(self, service: str, number: int) -> str:
        """Make and start one container; db has no restart policy."""
        policy = {"Name": "no" if service == "db" else "always"}
        made = self.api.create_container(
            IMAGE,
            ["sleep", "100000"],
            name=f"{self.name}_{service}_{number}",
            labels={
                f"{_COMPOSE}project": self.name,
                f"{_COMPOSE}service": service,
                f"{_COMPOSE}container-number": str(number),
                f"{_COMPOSE}oneoff": "False",
            },
            host_config=self.api.create_host_config(
                network_mode=self.name, restart_policy=policy
            ),
        )
        self.api.start(made["Id"])
        return str(made["Id"])

    def inspect(self, instance: str) -> Any:
        """Return what the engine knows of SERVICE-N."""
        service, _, number = instance.rpartition("-")
        return self.api.inspect_container(f"{self.name}_{service}_{number}")

    def runs(self, instance: str) -> bool:
        """Return whether SERVICE-N runs, and is not frozen."""
        state = self.inspect(instance)["State"]
        return bool(state["Running"] and not state["Paused"])

    def address(self, instance: str) -> str:
        """Return its address in the project's network."""
        networks = self.inspect(instance)["NetworkSettings"]["Networks"]
        return str(networks[self.name]["IPAddress"])

    def knock(self, instance: str, other: str, patience: float = 1.0) -> float | None:
        """Return the seconds until `other` answered `instance`; None: silence."""
        door = f"</dev/tcp/{self.address(other)}/9"
        command = ["timeout", str(patience), "bash", "-c", door]
        made = self.api.exec_create(self.inspect(instance)["Id"], command)
        began = CLOCK.monotonic()
        self.api.exec_start(made["Id"])
        took = CLOCK.monotonic() - began
        code = self.api.exec_inspect(made["Id"])["ExitCode"]
        assert code in (1, 124), code  # refused, or timed out
        return took if code == 1 else None

    def helpers(self) -> list[str]:
        """Return the helper containers that hang at this project's containers."""
        mine = [
            container["Id"]
            for container in self._containers(f"{_COMPOSE}project={self.name}")
        ]
        containers = self._containers("gameday.mark")
        return [
            container["Id"]
            for container in containers
            if container["Labels"].get("gameday.beside") in mine
        ]

    def marks(self) -> list[str]:
        """Return the marks that faults have left beside this project."""
        containers = self._containers(f"gameday.project={self.name}")
        return [
            container["Id"]
            for container in containers
            if "gameday.undo" in container["Labels"]
        ]

    def _containers(self, label: str) -> list[Any]:
        listed = self.api.containers(all=True, filters={"label": [label]})
        # What the engine is taking away already is as good as gone.
        return [container for container in listed if container["State"] != "removing"]

    def remove(self) -> None:
        """Take everything away."""
        for helper in [*self.helpers(), *self.marks()]:
            self.api.remove_container(helper, force=True)
        mine = (f"{_COMPOSE}project={self.name}", f"gameday.lock={self.name}")
        for container in [
            labelled for label in mine for labelled in self._containers(label)
        ]:
            self.api.remove_container(container["Id"], force=True)
        self.api.remove_network(self.network)
        self.api.close()


@contextlib.contextmanager
def tcp_door() -> Iterator[str]:
    """Yield a tcp:// address behind which the local engine listens: a far engine."""
    listener = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def serve() -> None:
        while not over.is_set():
            ready, _, _ = select.select([listener], [], [], 0.1)
            if ready:
                near, _ = listener.accept()
                threading.Thread(target=_carry, args=(near, over), daemon=True).start()

    server = threading.Thread(target=serve)
    server.start()
    try:
        yield f"tcp://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        over.set()
        server.join()
        listener.close()


def _carry(near: socket.socket, over: threading.Event) -> None:
    with near, socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as far:
        far.connect(SOCKET)
        ways = {near: far, far: near}
        while not over.is_set():
            ready, _, _ = select.select(list(ways), [], [], 0.1)
            for source in ready:
                data = source.recv(65536)
                if not data:
                    return
                ways[source].sendall(data)


CONFIGURATION = """\
[supervisord]
nodaemon=true
logfile=/dev/null
logfile_maxbytes=0
pidfile={folder}/supervisord.pid
[unix_http_server]
file={folder}/supervisor.sock
username=ops
password=hush
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
[program:web]
command={python} -c "import subprocess,sys; subprocess.run(sys.argv[1:])" {sleep}
process_name=web-%(process_num)d
numprocs=2
numprocs_start=1
autorestart=true
startsecs=0
stopasgroup=true
killasgroup=true
stdout_logfile=/dev/null
[program:db]
command={sleep}
autorestart=false
startsecs=0
stdout_logfile=/dev/null
"""


@contextlib.contextmanager
def supervisord(folder: Path) -> Iterator[str]:
    """Yield the target URL of a supervisord with web-1, web-2 and db-1."""
    file = folder / "supervisord.conf"
    file.write_text(
        CONFIGURATION.format(folder=folder, python=sys.executable, sleep="sleep 100000")
    )
    command = [sys.executable, "-m", "supervisor.supervisord", "-c", str(file)]
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        wait_for((folder / "supervisor.sock").exists)
        yield f"local://{quote(f'unix://{folder}/supervisor.sock', safe='')}"
    finally:
        process.terminate()
        process.wait(20)
