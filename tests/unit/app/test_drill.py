"""`gameday drill` against an Alertmanager and a pager of the tests' own."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gameday.app.evidence.drill import DrillRequest, DrillRun
from gameday.cli.main import main
from gameday.coverage.past import Drill
from gameday.errors import StoreError
from gameday.ledger.home import home
from gameday.model.verdict import Outcome
from gameday.store import drills
from tests.unit.observers.fake import Asked, FakeServer, HandClock, Reply, serving

CONFIG = """\
route:
  receiver: team
  group_by: [alertname]
  group_wait: 0s
  routes:
    - {receiver: oncall, matchers: ['severity="page"']}
receivers:
  - name: team
    slack_configs: [{api_url: 'http://example.com', channel: '#x'}]
  - name: oncall
    webhook_configs: [{url: 'http://example.com'}]
"""


class World:
    """An Alertmanager and its pager; `arrives`: whether pages get there."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.arrives = True
        self.firing: list[dict[str, Any]] = []
        self.refused = 0  # of the attempts to notify
        self.failed = 0  # of the notifications, once it was given up
        self.counts_attempts = True
        self.config = CONFIG

    def answer(self, asked: Asked) -> Reply:
        if asked.path == "/api/v2/alerts" and asked.body:
            self.sent += json.loads(asked.body)
            return Reply("")
        answers: dict[str, Any] = {
            "/api/v2/status": {"config": {"original": self.config}},
            "/api/v2/alerts": self.firing,
            "/api/v2/alerts/groups": [],
            "/api/v2/silences": [],
            "/pages": {"seq": 7, "pages": self._pages()},
            "/metrics": self._metrics(),
        }
        return Reply(answers[asked.path])

    def _pages(self) -> list[dict[str, Any]]:
        if not (self.sent and self.arrives):
            return []
        return [{"receiver": "oncall", "alerts": [{"labels": self.sent[0]["labels"]}]}]

    def _metrics(self) -> str:
        """As Alertmanager counts: a notification before its first attempt."""
        sent = len(self.sent)
        labels = '{integration="webhook"}'
        counts = {"notifications_total": sent}
        if self.counts_attempts:
            tried = sent if self.arrives else self.refused
            counts["notification_requests_total"] = tried if sent else 0
            counts["notification_requests_failed_total"] = self.refused if sent else 0
        counts["notifications_failed_total"] = self.failed if sent else 0
        return "".join(
            f"alertmanager_{name}{labels} {count}\n" for name, count in counts.items()
        )


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def server(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[FakeServer]:
    monkeypatch.setenv("GAMEDAY_HOME", str(tmp_path / "home"))
    with serving(world.answer) as fake:
        yield fake


def drill(server: FakeServer, *words: str) -> int:
    with pytest.raises(SystemExit) as left:
        main(["drill", *words, "--alertmanager", server.url])
    return int(str(left.value.code))


def test_without_yes_nothing_is_sent(
    server: FakeServer, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    assert drill(server, "oncall") == 0
    assert world.sent == []
    out = capsys.readouterr().out
    assert "receiver oncall: webhook" in out
    assert "would inhibit: nothing" in out


def test_a_drill_is_labelled_and_ends_within_five_minutes(
    server: FakeServer, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    assert drill(server, "oncall", "--yes", "--pages", server.url) == 0
    first, last = world.sent
    assert first["labels"]["gameday_drill"].startswith("drill-")
    assert first["annotations"]["summary"].startswith("DRILL")
    assert last["labels"] == first["labels"]
    assert last["endsAt"] < first["endsAt"]
    assert "delivery is proven, detection is not" in capsys.readouterr().out
    (kept,) = drills.below(str(Path(home()) / "drills"))
    assert isinstance(kept, Drill)
    assert (kept.receiver.name, kept.delivered) == ("oncall", True)
    assert [path[-1].receiver for path in kept.paths] == ["oncall"]


def test_without_a_pager_alertmanagers_own_count_tells(
    server: FakeServer, world: World
) -> None:
    assert drill(server, "oncall", "--yes") == 0
    assert len(world.sent) == 2


def fails_in_the_end(server: FakeServer) -> str:
    """Send a drill to a receiver without a pager, with a clock that does not wait."""
    wish = DrillRequest(receiver="oncall", labels={}, alertmanager=server.url)
    drilling = DrillRun(wish, HandClock())
    sent = drilling.send()
    drilling.close()
    assert sent.outcome is Outcome.FAIL
    return sent.because


def test_an_attempt_that_failed_is_no_delivery(
    server: FakeServer, world: World
) -> None:
    """It is tried again for minutes before Alertmanager says that it failed."""
    world.arrives, world.refused = False, 3
    assert fails_in_the_end(server) == "no page of it came within 30s"


def test_each_way_of_a_receiver_has_to_deliver(
    server: FakeServer, world: World
) -> None:
    one = "[{url: 'http://example.com'}]"
    two = "[{url: 'http://example.com'}, {url: 'http://example.com/2'}]"
    world.config = CONFIG.replace(one, two)
    assert fails_in_the_end(server) == "no page of it came within 30s"


def test_a_receiver_that_hears_of_it_as_well_makes_a_count_open(
    server: FakeServer, world: World
) -> None:
    world.config = CONFIG.replace(
        "  routes:\n", "  routes:\n    - {receiver: twin, continue: true}\n"
    )
    world.config += "  - {name: twin, webhook_configs: [{url: 'http://x.example'}]}\n"
    assert drill(server, "oncall", "--yes", "--label", "severity=page") == 3


def test_an_alertmanager_that_counts_no_attempts_leaves_it_open(
    server: FakeServer, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.counts_attempts = False
    assert drill(server, "oncall", "--yes") == 3
    assert "--pages URL" in capsys.readouterr().out


def test_what_others_could_not_be_told_is_not_its_failure(
    server: FakeServer, world: World
) -> None:
    world.firing, world.failed = [{"labels": {"alertname": "Real"}}], 1
    assert drill(server, "oncall", "--yes") == 3


def test_with_other_alerts_about_a_count_tells_nothing(
    server: FakeServer, world: World
) -> None:
    world.firing = [{"labels": {"alertname": "Real"}}]
    assert drill(server, "oncall", "--yes") == 3


def test_what_could_not_be_delivered_fails(server: FakeServer, world: World) -> None:
    world.failed = 1
    assert drill(server, "oncall", "--yes") == 1
    assert len(world.sent) == 2  # it was ended all the same


def test_a_page_that_does_not_come_is_a_failure(
    server: FakeServer, world: World
) -> None:
    world.arrives = False
    wish = DrillRequest(
        receiver="oncall", labels={}, alertmanager=server.url, pages=server.url
    )
    drilling = DrillRun(wish, HandClock())
    sent = drilling.send()
    drilling.close()
    assert sent.outcome is Outcome.FAIL
    assert sent.because == "no page of it came within 30s"
    assert len(world.sent) == 2


def test_a_drill_that_was_changed_is_told(tmp_path: Path) -> None:
    (tmp_path / "drill.json").write_text("{}")
    (open_drill,) = drills.below(str(tmp_path))
    assert isinstance(open_drill, StoreError)


def test_what_is_refused_is_not_sent(server: FakeServer, world: World) -> None:
    assert drill(server, "oncall", "--yes", "--label", "severity=none") == 2
    assert world.sent == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nobody"], "there is no receiver 'nobody'"),
        (["oncall", "--label", "x"], "'x' is not NAME=VALUE"),
        (["oncall", "--between", "always"], "'always' is no time of the week"),
    ],
)
def test_what_makes_no_sense_is_said_in_one_message(
    server: FakeServer, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert drill(server, *words) == 2
    assert said in capsys.readouterr().err
