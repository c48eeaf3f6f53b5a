"""The load of a run: starts it, reads its seconds, ends it."""

import contextlib
import json
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence

from gameday.frozen import frozen
from gameday.model.events import Blind
from gameday.model.events import Load as LoadEvent
from gameday.model.scenario import Load
from gameday.ports import Clock, Emit


@frozen
class Orders:
    """What the load process is told; header values are the secrets' own."""

    load: Load
    headers: Mapping[str, str]
    promised: Sequence[float] = ()  # seconds that latencies are compared with


class Traffic:
    """Open-loop requests from before the gate until after the last recovery."""

    def __init__(self, orders: Orders, clock: Clock, emit: Emit) -> None:
        self._clock = clock
        self._emit = emit
        self._load = orders.load
        self._ending = False
        command = [sys.executable, "-m", "gameday.runner.load.load_process"]
        if orders.load.command:
            command = list(orders.load.command)
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL if orders.load.command else subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        if not orders.load.command:
            self._order(orders)
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _order(self, orders: Orders) -> None:
        if self._process.stdin is None:
            return
        load = orders.load
        line = {
            "url": load.url,
            "rate": load.rate,
            "method": load.method,
            "headers": dict(orders.headers),
            "body": load.body,
            "timeout": load.timeout,
            "connections": load.connections,
            "redirects": load.redirects,
            "promised": list(orders.promised),
        }
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(line) + "\n")
            self._process.stdin.flush()

    def _read(self) -> None:
        for line in self._process.stdout or ():
            second = json.loads(line)
            self._emit(LoadEvent(at=second["until"], **second))
        code = self._process.wait()
        if not self._ending:
            self._emit(
                Blind(
                    at=self._clock.now(),
                    source="load",
                    because=f"the load ended by itself with exit code {code}",
                )
            )

    def stop(self, patience: float) -> None:
        """End it; waits that many seconds for outstanding requests, then kills."""
        self._ending = True
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()
        if self._load.command:
            self._process.terminate()
        try:
            self._process.wait(timeout=patience)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(timeout=5)
        self._thread.join(timeout=2)
