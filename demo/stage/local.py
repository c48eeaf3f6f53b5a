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

from stage import DEMO, ROOT, STATE, StageError, programs

URL = "http://127.0.0.1:9001"
PIDFILE = STATE / "run" / "supervisord.pid"
PORTS = (8080, 8081, 8082, 8083, 8084, 8405, 9001, 9090, 9093, 9099, 9115)
# Where Docker's names lead here.
ADDRESSES = {
    "web-1:8000": "127.0.0.1:8081",
    "web-2:8000": "127.0.0.1:8082",
    "web-3:8000": "127.0.0.1:8083",
    "worker:8000": "127.0.0.1:8084",
    "haproxy:": "127.0.0.1:",
    "localhost:9090": "127.0.0.1:9090",
    "alertmanager:9093": "127.0.0.1:9093",
    "blackbox:9115": "127.0.0.1:9115",
    "pager:9099": "127.0.0.1:9099",
    "[rules.yaml]": f"['{DEMO / 'rules.yaml'}']",
}


def is_up() -> bool:
    """Return whether the shop's own supervisord answers."""
    try:
        with xmlrpc.client.ServerProxy(f"{URL}/RPC2") as proxy:
            pid = proxy.supervisor.getPID()
        return PIDFILE.exists() and pid == int(PIDFILE.read_text())
    except (OSError, ValueError, xmlrpc.client.Error, http.client.HTTPException):
        return False


def up() -> None:
    """Unpack what is missing, write the configuration, start everything."""
    if is_up():
        return
    taken = [port for port in PORTS if not is_free(port)]
    if taken:
        raise StageError(
            f"the local shop needs port {', '.join(map(str, taken))} of 127.0.0.1, "
            "and somebody else listens there"
        )
    found = programs.find()
    shutil.rmtree(STATE / "data", ignore_errors=True)
    for name in ("data", "etc", "log", "run", "programs"):
        (STATE / name).mkdir(parents=True, exist_ok=True)
    for name in ("prometheus.yaml", "alertmanager.yaml"):
        (STATE / "etc" / name).write_text(rendered((DEMO / name).read_text()))
    environment = {
        **os.environ,
        **{f"SHOP_{name.upper()}": path for name, path in found.items()},
        "SHOP_LIBRARIES": programs.libraries(),
        "SHOP_STATE": str(STATE),
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
    pid = int(PIDFILE.read_text())
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
    for name, address in ADDRESSES.items():
        text = text.replace(name, address)
    return text


def is_free(port: int) -> bool:
    """Return whether nobody listens at a port of loopback."""
    with socket.socket() as trying:
        trying.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trying.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
