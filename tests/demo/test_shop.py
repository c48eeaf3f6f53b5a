"""The real shop in both forms: it sells, and a lost replica rings once, at oncall."""

import json
import subprocess
import sys
import urllib.request
import xmlrpc.client
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.shops import PAGER, ROOT, SHOP, SUPERVISOR, meant, own

DEMO = ROOT / "demo"
PAGES = own().url(PAGER, "/pages")


def call(
    *command: str | Path, seconds: float = 300
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=seconds
    )


@pytest.fixture(
    params=[
        pytest.param("docker", marks=pytest.mark.docker),
        pytest.param("local", marks=pytest.mark.local),
    ]
)
def shop(request: pytest.FixtureRequest) -> Iterator[str]:
    """Bring the shop up in one form, and down if it was not up before."""
    form = str(request.param)
    if form == "docker" and call("docker", "version", seconds=20).returncode:
        pytest.skip("no Docker engine answers")
    if answers(own().url(SHOP, "/healthz")):
        pytest.skip("a shop is up already, and this test would disturb it")
    with meant(own()):
        done = call(sys.executable, DEMO / "up", form)
        try:
            assert done.returncode == 0, done.stdout + done.stderr
            yield form
        finally:
            call(sys.executable, DEMO / "down")


def answers(url: str) -> bool:
    try:
        get(url)
    except OSError:
        return False
    return True


def get(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=70) as answer:  # noqa: S310 (loopback)
        return json.loads(answer.read())


def lose(form: str, replica: int) -> None:
    if form == "local":
        with xmlrpc.client.ServerProxy(own().url(SUPERVISOR, "/RPC2")) as supervisor:
            supervisor.supervisor.stopProcess(f"web:web-{replica}")
        return
    label = "label=com.docker.compose."
    listed = call(
        *("docker", "ps", "-q", "--filter", f"{label}project={own().project}"),
        *("--filter", f"{label}service=web"),
        *("--filter", f"{label}container-number={replica}"),
    )
    assert call("docker", "stop", listed.stdout.strip()).returncode == 0


def test_a_lost_replica_rings_once_and_nobody_waits(shop: str) -> None:
    before = get(PAGES)["seq"]
    lose(shop, 2)
    orders = [get(own().url(SHOP, "/checkout"))["order"] for _ in range(50)]
    assert len(set(orders)) == 50
    rung: dict[str, Any] = {}
    seen = before
    while rung.keys() != {"oncall", "chat"}:
        answer = get(f"{PAGES}?since={seen}&wait=30")
        assert answer["pages"], rung
        seen = answer["seq"]
        rung |= {page["receiver"]: page for page in answer["pages"]}
    page = rung["oncall"]
    assert page["status"] == "firing"
    (alert,) = page["alerts"]
    labels = {"alertname": "WebReplicaDown", "server": "web-2", "severity": "page"}
    assert alert["labels"] == labels
    later = get(f"{PAGES}?since={seen}&wait=8")["pages"]
    assert [
        later_page for later_page in later if later_page["receiver"] != "chat"
    ] == []
