"""Today's Prometheus and Alertmanager under the same shop: the same verdicts."""

import os
from collections.abc import Iterator

import pytest
from stage import docker as on_docker  # type: ignore[import-not-found, unused-ignore]
from stage import local as on_local
from stage import ready

from tests.real.game_days.play import Stage, ask
from tests.shops import PROMETHEUS, meant, own

CURRENT = os.environ.get("GAMEDAY_TEST_ALERTING_CURRENT", "")

pytestmark = [pytest.mark.local, pytest.mark.alerting]


@pytest.fixture(scope="module", autouse=True)
def current_shop() -> Iterator[None]:
    """The shop without Docker, with today's programs."""
    if not CURRENT:
        pytest.skip("GAMEDAY_TEST_ALERTING_CURRENT names no folder with them")
    with meant(own()):
        if not on_docker.why_not() and on_docker.is_up():
            on_docker.down()
        on_local.down()
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("SHOP_PATH", CURRENT)
            on_local.up()
        ready.wait(90)
        yield
        on_local.down()


def test_it_really_is_today_s() -> None:
    built = ask(PROMETHEUS, "/api/v1/status/buildinfo")["data"]["version"]
    assert int(built.split(".")[0]) >= 3


@pytest.mark.parametrize("name", ["lost-replica", "hung-replica", "crash-heals-itself"])
def test_a_shipped_scenario_passes(stage: Stage, name: str) -> None:
    played = stage.run(stage.scenario(f"local/{name}"))
    played.must_pass()


def test_wrong_alerting_fails_for_the_planted_reason_alone(stage: Stage) -> None:
    played = stage.run(stage.scenario("local/lost-worker"))
    assert played.code == 1
    assert [finding[:2] for finding in played.not_passed()] == [("fail", "reaches")]
