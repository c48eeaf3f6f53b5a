"""The shop as plain processes on loopback, under supervisord."""

import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import xmlrpc.client
from pathlib import Path

from stage import DEMO, ROOT, StageError, address, programs, project, state

PORTS = (8080, 8081, 8082, 8083, 8084, 8405, 9001, 9090, 9093, 9099, 9115)
# Where Docker's names lead here: the port at the shop's own address.
NAMES = {
    "web-1:8000": ":8081",
    "web-2:8000": ":8082",
    "web-3:8000": ":8083",
    "worker:8000": ":8084",
    "haproxy:": ":",
    "localhost:9090": ":9090",
    "alertmanager:9093": ":9093",
    "blackbox:9115": ":9115",
    "pager:9099": ":9099",
}


def url() -> str:
    """Return where the shop's supervisord answers."""
    return f"http://{address()}:9001"


def pidfile() -> Path:
    """Return the file in which the shop's supervisord says which process it is."""
    return state() / "run" / "supervisord.pid"


def is_up() -> bool:
    """Return whether the shop's own supervisord answers."""
    try:
        with xmlrpc.client.ServerProxy(f"{url()}/RPC2") as proxy:
            pid = proxy.supervisor.getPID()
        return pidfile().exists() and pid == int(pidfile().read_text())
    except (OSError, ValueError, xmlrpc.client.Error, http.client.HTTPException):
        return False


def up() -> None:
    """Unpack what is missing, write the configuration, start everything."""
    if is_up():
        return
    taken = [port for port in PORTS if not is_free(port)]
    if taken:
        raise StageError(
            f"the local shop needs port {', '.join(map(str, taken))} of {address()}, "
            "and somebody else listens there"
        )
    found = programs.find()
    folder = state()
    shutil.rmtree(folder / "data", ignore_errors=True)
    for name in ("data", "etc", "log", "run"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    programs.UNPACKED.mkdir(parents=True, exist_ok=True)
    for name in ("prometheus.yaml", "alertmanager.yaml"):
        (folder / "etc" / name).write_text(rendered((DEMO / name).read_text()))
    environment = {
        **os.environ,
        **{f"SHOP_{name.upper()}": path for name, path in found.items()},
        "SHOP_LIBRARIES": programs.libraries(),
        "SHOP_STATE": str(folder),
        "SHOP_PROJECT": project(),
        "SHOP_ADDRESS": address(),
        "SHOP_PROGRAMS": str(programs.UNPACKED),
        "SHOP_DEMO": str(DEMO),
        "SHOP_PYTHON": sys.executable,
        "PYTHONPATH": str(ROOT),
    }
    configuration = DEMO / "local" / "supervisord.conf"
    done = subprocess.run(
        [sys.executable, "-m", "supervisor.supervisord", "-c", configuration],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if done.returncode:
        raise StageError(f"supervisord did not start:\n{done.stdout}{done.stderr}")


def down() -> None:
    """End the shop's processes; the unpacked programs stay."""
    if not is_up():
        return
    pid = int(pidfile().read_text())
    os.kill(pid, signal.SIGTERM)
    for _ in range(300):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    raise StageError(f"supervisord (process {pid}) did not end within 30 s")


def rendered(text: str) -> str:
    """Return a configuration with Docker's names replaced."""
    for name, port in NAMES.items():
        text = text.replace(name, f"{address()}{port}")
    return text.replace("[rules.yaml]", f"['{DEMO / 'rules.yaml'}']")


def is_free(port: int) -> bool:
    """Return whether nobody listens at a port of the shop's address."""
    with socket.socket() as trying:
        trying.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trying.bind((address(), port))
        except OSError:
            return False
    return True
