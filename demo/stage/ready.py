"""Whether the shop is open: everything is seen, and nothing is wrong."""

import http.client
import json
import time
import urllib.request
from dataclasses import dataclass
from typing import Any

from stage import StageError, address


@dataclass(frozen=True)
class Places:
    """Where the shop and what watches it answer."""

    shop: str
    prometheus: str
    alertmanager: str
    pager: str

    @classmethod
    def here(cls) -> "Places":
        """Return the places of this machine's shop."""
        root = f"http://{address()}"
        return cls(f"{root}:8080", f"{root}:9090", f"{root}:9093", f"{root}:9099")

    def show(self) -> str:
        """Return them for a person, a line each."""
        return (
            f"  checkout      {self.shop}/checkout\n"
            f"  Prometheus    {self.prometheus}\n"
            f"  Alertmanager  {self.alertmanager}\n"
            f"  pages         {self.pager}/pages"
        )


def wait(seconds: float, places: Places | None = None) -> None:
    """Wait until the shop is open; StageError says what was awaited to the end.

    Without places: this machine's shop.
    """
    places = places or Places.here()
    until = time.monotonic() + seconds
    while True:
        awaited = lacks(places)
        if not awaited:
            return
        if time.monotonic() > until:
            raise StageError(f"not open after {seconds} s: {awaited}")
        time.sleep(0.25)


def lacks(places: Places) -> str:
    """Return the first thing that is not as it should be; empty when all is."""
    try:
        get(f"{places.shop}/checkout")
        get(f"{places.pager}/healthz")
        get(f"{places.alertmanager}/-/ready")
        targets = ask(places, "targets?state=active")["activeTargets"]
        down = [one["labels"] for one in targets if one["health"] != "up"]
        if down or not targets:
            return f"Prometheus has not seen all its targets: {down or 'no targets'}"
        if not ask(places, "alertmanagers")["activeAlertmanagers"]:
            return "Prometheus knows no Alertmanager yet"
        alerts = [one["labels"]["alertname"] for one in ask(places, "alerts")["alerts"]]
        if alerts != ["Watchdog"]:
            return f"alerts: {alerts}, expected only the Watchdog"
        if b"Watchdog" not in get(f"{places.alertmanager}/api/v2/alerts"):
            return "the Watchdog has not reached Alertmanager"
    except (OSError, ValueError, KeyError, http.client.HTTPException) as error:
        return str(error)
    return ""


def ask(places: Places, what: str) -> Any:
    """Return what Prometheus answers."""
    return json.loads(get(f"{places.prometheus}/api/v1/{what}"))["data"]


def get(url: str) -> bytes:
    """Return a page's body; OSError where there is none."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 (our own)
            return bytes(answer.read())
    except OSError as error:
        raise OSError(f"{url}: {error}") from None
