"""Which lost scrape target is what the fault hit, and which one is a disturbance."""

from dataclasses import replace

import pytest

from gameday.checks.record.clocks import Clocks
from gameday.checks.record.lost_targets import (
    Loss,
    StepVictims,
    is_of_fault,
    not_hit,
    read_losses,
)
from gameday.checks.record.naming import Directory
from gameday.checks.record.victims import Victims
from gameday.model.events import Event, event
from gameday.model.target import Instance
from gameday.model.timeline import Timeline
from tests.builders import at, promise, replica, scrape, step

NOBODY = Clocks({})
DATABASE = Instance(service="db", name="db-1", identity={}, addresses=("172.18.0.9",))
SHOP = (replica(1), replica(2), replica(3), DATABASE)


def hit(victim: Instance, *shop: Instance, **labels: str) -> StepVictims:
    asked = step(alerts=(promise("X", labels=labels),)) if labels else step()
    directory = Directory(shop or SHOP, "shop")
    return StepVictims(asked, (victim.service,), Victims(directory, (victim,)))


def lost(instance: str, job: str = "web") -> Loss:
    return Loss(job, instance, at(15), at(40))


@pytest.mark.parametrize(
    ("instance", "expected"),
    [
        ("web-2:8000", True),
        ("shop-web-2:8000", True),
        ("shop_web_2.local:8000", True),
        ("172.18.0.3:8000", True),
        ("web-1:8000", False),
        ("172.18.0.4:8000", False),
        ("web-22:8000", True),  # no known instance: its job is the faulted service
    ],
)
def test_a_replica_is_known_by_name_or_address(instance: str, expected: bool) -> None:
    assert is_of_fault(lost(instance), hit(replica(2))) is expected


def test_a_name_is_a_whole_word() -> None:
    ten = tuple(replica(number) for number in range(1, 11))
    assert not is_of_fault(lost("web-10:8000", "app"), hit(ten[0], *ten))


@pytest.mark.parametrize(("port", "expected"), [("8082", True), ("8081", False)])
def test_on_loopback_the_port_tells(port: str, expected: bool) -> None:
    local = tuple(
        replica(number, addresses=("127.0.0.1",), labels={"port": f"808{number}"})
        for number in (1, 2)
    )
    assert is_of_fault(lost(f"127.0.0.1:{port}"), hit(local[1], *local)) is expected


def test_an_address_with_its_port_tells() -> None:
    local = tuple(replica(n, addresses=(f"127.0.0.1:808{n}",)) for n in (1, 2))
    assert is_of_fault(lost("127.0.0.1:8082"), hit(local[1], *local))
    assert not is_of_fault(lost("127.0.0.1:8081"), hit(local[1], *local))


@pytest.mark.parametrize(
    ("instance", "expected"),
    [
        ("127.0.0.1:19412", True),
        ("localhost:19412", True),
        ("host.docker.internal:19412", True),
        ("10.1.2.3:19502", True),
        ("127.0.0.1:19411", False),
        ("10.1.2.3:19412", False),  # published on loopback alone
    ],
)
def test_a_published_port_tells_whose_it_is(instance: str, expected: bool) -> None:
    published = tuple(
        replica(n, published=(f":1941{n}", f"10.1.2.3:1950{n}")) for n in (1, 2)
    )
    lost_port = lost(instance, "published")
    assert is_of_fault(lost_port, hit(published[1], *published)) is expected


def test_the_only_instance_of_a_service_answers_to_its_name() -> None:
    assert is_of_fault(lost("db:9187", "postgres"), hit(DATABASE))
    assert not is_of_fault(lost("db:9187", "postgres"), hit(replica(2)))


@pytest.mark.parametrize(
    ("instance", "job"),
    [
        ("10.9.9.9:80", "web-admin"),
        ("web-admin:80", "admin"),
        ("web-2-canary:80", "canary"),
        ("my-web:80", "my-web"),
        ("10.0.0.7:9187", "web_exporter"),
    ],
)
def test_a_word_in_a_name_names_nothing(instance: str, job: str) -> None:
    assert not is_of_fault(lost(instance, job), hit(replica(2)))


@pytest.mark.parametrize("job", ["web", "shop-web", "shop_web", "shop/web", "WEB"])
def test_a_job_that_is_the_service_is_of_fault(job: str) -> None:
    assert is_of_fault(lost("10.9.9.9:80", job), hit(replica(2)))


def test_a_container_is_known_by_its_own_name_and_id() -> None:
    number = "c2f889deaf7839aba9abd2380c4d7036"
    ours = replica(2, labels={"container": "shop_web_two"})
    shop = (replica(1), replace(ours, identity={"id": number}))
    for name in ("shop_web_two:8000", number[:12], f"http://{number[:12]}:80/x"):
        assert is_of_fault(lost(name, "app"), hit(shop[1], *shop))


def test_a_pod_goes_by_its_own_name_not_by_our_number() -> None:
    pods = tuple(
        replica(number, labels={"pod": f"web-{number - 1}"}) for number in (1, 2, 3)
    )
    known = Directory(pods, "shop")
    assert known.find("web-2") == pods[2]
    assert known.find("web-0.web.shop.svc:8000") == pods[0]
    assert known.find("172.18.0.3:8000") == pods[1]
    others = (replica(1, labels={"pod": "web-7d9f-x"}),)
    assert Directory(others, "shop").find("web-1") is None


def test_a_target_that_a_promise_names_was_meant() -> None:
    loss = lost("probe:9115", "blackbox")
    assert is_of_fault(loss, hit(replica(2), instance="probe:9115"))
    assert is_of_fault(loss, hit(replica(2), job="blackbox"))
    assert not is_of_fault(loss, hit(replica(2), severity="page"))


@pytest.mark.parametrize(
    ("instance", "expected"),
    [
        ("10.9.0.2:9100", True),
        ("worker-b:9100", True),
        ("http://worker-b:9100/metrics", True),
        ("10.9.0.3:9100", False),
        ("10.9.0.21:9100", False),
    ],
)
def test_what_runs_on_a_node_under_its_own_address_was_hit_with_it(
    instance: str, expected: bool
) -> None:
    pods = tuple(
        replica(
            number,
            labels={"node": f"worker-{name}", "node_address": f"10.9.0.{number}"},
        )
        for number, name in ((2, "b"), (3, "c"))
    )
    directory = Directory(pods, "shop")
    of_node = Victims(directory, pods[:1], frozenset(("worker-b",)))
    assert (
        is_of_fault(lost(instance, "node"), StepVictims(step(), ("web",), of_node))
        is expected
    )
    of_pod = Victims(directory, pods[:1])
    assert not is_of_fault(
        lost(instance, "node"), StepVictims(step(), ("web",), of_pod)
    )


def test_a_target_without_a_port() -> None:
    assert is_of_fault(lost("web-2", "pushed"), hit(replica(2)))


# --- reading ---


def losses(*parts: list[Event]) -> list[Loss]:
    story = Timeline(entry for part in parts for entry in part)
    return read_losses(story, NOBODY, 1.0)


def test_a_target_that_goes_and_comes_back() -> None:
    lost_targets = losses(scrape("web-1:1", down=at(15), up=at(40)))
    assert lost_targets == [Loss("web", "web-1:1", at(15), at(40))]


def test_a_target_that_stays_away() -> None:
    lost_targets = losses(scrape("web-1:1", down=at(15)))
    assert lost_targets == [Loss("web", "web-1:1", at(15), float("inf"))]


def test_one_failed_scrape_is_no_loss() -> None:
    assert losses(scrape("web-1:1", down=at(15), up=at(16))) == []


@pytest.mark.parametrize(("interval", "count"), [(30.0, 0), (5.0, 1)])
def test_one_failed_scrape_is_as_long_as_the_targets_own_interval(
    interval: float, count: int
) -> None:
    parts = [
        event(entry.at, "scrape", **{**entry.fields, "interval": interval})
        for entry in scrape("web-1:80", down=at(20), up=at(50))
    ]
    assert len(losses(parts)) == count


def test_a_target_that_was_missing_from_the_start() -> None:
    down = event(at(2), "scrape", job="web", instance="web-1:1", up=False, targets=5)
    assert losses([down]) == []


def test_what_was_replaced_before_the_step_was_missing_from_its_start() -> None:
    old = Loss("web", "10.0.0.9:80", 5.0, float("inf"), gone=True)
    assert not_hit([old], hit(replica(1)), 10.0, 20.0) == ()
    now = Loss("db", "10.0.0.9:80", 15.0, float("inf"), gone=True)
    assert not_hit([now], hit(replica(1)), 10.0, 20.0) == (now,)
    down = Loss("db", "10.0.0.9:80", 5.0, float("inf"))
    assert not_hit([down], hit(replica(1)), 10.0, 20.0) == (down,)


def test_only_losses_in_the_steps_time_disturb_it() -> None:
    lost_targets = [lost("lb:1", "lb")]
    for start, end, disturbed in ((10, 60, 1), (41, 60, 0), (1, 14, 0), (20, 30, 1)):
        assert (
            len(not_hit(lost_targets, hit(replica(2)), at(start), at(end))) == disturbed
        )
