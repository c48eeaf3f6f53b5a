"""What a real Alertmanager sends to each kind of receiver, and how it is read."""

import json
import shutil
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gameday.checks.pages.groups import groups_of
from gameday.checks.pages.titles import title_of
from gameday.model.alerting.alert import Matcher, Route, Routing
from gameday.observers.pages.pager import Pager
from gameday.observers.pages.pages import ReceivedPage
from tests.real.observers.lab import TEMPLATES, Server, free_port, wait_for

pytestmark = pytest.mark.alerting

CONFIG = """
route:
  receiver: chat
  group_by: [alertname, team]
  group_wait: 200ms  # the two alerts of one post are told together
  group_interval: 1s
  routes:
    - receiver: all
      match_re: {{team: web|db}}
      matchers: ['severity=~"page|x"', 'severity!="y"']
      continue: true
    - receiver: chat
receivers:
  - name: chat
    slack_configs:
      - {{api_url: "{pager}/slack/chat", channel: "#x", send_resolved: true}}
  - name: all
    webhook_configs: [{{url: "{pager}/webhook/all"}}]
    pagerduty_configs: [{{routing_key: k, url: "{pager}/pagerduty/all/v2/enqueue"}}]
    opsgenie_configs: [{{api_key: k, api_url: "{pager}/opsgenie/all/"}}]
"""
GROUP = {"alertname": "Down", "team": "web"}
ALERTS = [{**GROUP, "severity": "page", "job": "b c", "zone": zone} for zone in "ab"]
ROUTING = Routing(
    route=Route(
        receiver="chat",
        routes=(
            Route(
                receiver="all",
                matchers=(
                    Matcher(name="team", op="=~", value="web|db"),
                    Matcher(name="severity", op="=~", value="page|x"),
                    Matcher(name="severity", op="!=", value="y"),
                ),
                group_by=("alertname", "team"),
            ),
        ),
    )
)
VENDORS = 4  # webhook, PagerDuty, Opsgenie, Slack


@pytest.fixture
def pager() -> Iterator[Pager]:
    listening = Pager("127.0.0.1:0")
    listening.start()
    yield listening
    listening.stop()


@pytest.fixture
def alertmanager(
    programs: dict[str, str], pager: Pager, tmp_path: Path
) -> Iterator[Server]:
    (tmp_path / "am.yaml").write_text(
        CONFIG.format(pager=f"http://127.0.0.1:{pager.port}")
    )
    program, port = programs["alertmanager"], free_port()
    carried = Path(program).parent.parent / "share" / "prometheus" / "alertmanager"
    if carried.is_dir():  # Debian's, unpacked
        shutil.copytree(carried, tmp_path / TEMPLATES)
    command = [
        program,
        "--config.file=am.yaml",
        "--storage.path=data",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    ]
    server = Server(command, tmp_path, port)
    try:
        server.start()
        yield server
    finally:
        server.stop()


def post(server: Server, ended: bool = False) -> None:
    """Tell Alertmanager of the alerts, or that they are over."""
    now = datetime.now(tz=UTC) - timedelta(seconds=1)
    more = {"endsAt": now.isoformat()} if ended else {}
    body: list[dict[str, Any]] = [{"labels": labels, **more} for labels in ALERTS]
    request = urllib.request.Request(  # noqa: S310 - http on loopback
        f"{server.url}/api/v2/alerts",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    urllib.request.urlopen(request, timeout=5).close()  # noqa: S310


def all_told(pager: Pager, status: str) -> dict[str, ReceivedPage]:
    """Return the first page of that status of each vendor."""

    def told() -> dict[str, ReceivedPage] | None:
        pages = [page for page in pager.pages(0) if page.status == status]
        by_vendor = {page.vendor: page for page in reversed(pages)}
        return by_vendor if len(by_vendor) == VENDORS else None

    return dict(wait_for(told))


def test_every_kind_of_receiver_is_understood(
    alertmanager: Server, pager: Pager
) -> None:
    begun = time.time()
    post(alertmanager)
    firing = all_told(pager, "firing")
    post(alertmanager, ended=True)
    resolved = all_told(pager, "resolved")
    title, link = firing["slack"].titles
    assert title == title_of(GROUP, ALERTS, [])
    assert link.endswith("/#/alerts?receiver=chat")  # Alertmanager's own
    assert resolved["slack"].titles == (title_of(GROUP, [], ALERTS), link)
    assert firing["pagerduty"].titles == (title,)
    for vendor in ("webhook", "pagerduty", "opsgenie"):
        labels = [alert["labels"] for alert in firing[vendor].alerts]
        assert sorted(labels, key=lambda label_set: label_set["zone"]) == ALERTS
    (group,) = groups_of(ALERTS[0], ROUTING)
    assert group.called(firing["webhook"].group_key or "")
    for vendor in ("pagerduty", "opsgenie"):
        assert group.called(firing[vendor].dedup_key or "")
        assert resolved[vendor].dedup_key == firing[vendor].dedup_key
    assert pager.refusals() == []
    assert all(page.at >= begun - 1 for page in pager.pages(0))
