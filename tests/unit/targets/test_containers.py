"""Containers as instances."""

from typing import Any

import pytest

from gameday.targets.docker.containers import addresses_of, instance_of

STARTED = "2026-01-01T00:00:01.123456789Z"


def inspected(**state: Any) -> dict[str, Any]:
    return {
        "Id": "c" * 64,
        "Name": "/shop_web_2",
        "State": {"Status": "running", "StartedAt": STARTED, **state},
        "Config": {
            "Labels": {
                "com.docker.compose.project": "shop",
                "com.docker.compose.service": "web",
                "com.docker.compose.container-number": "2",
                "tier": "1",
            }
        },
        "NetworkSettings": {"Networks": {"n": {"IPAddress": "172.19.0.3"}}},
    }


def test_an_instance_is_named_by_its_labels_and_known_by_id_and_start() -> None:
    made = instance_of(inspected(Health={"Status": "starting"}))
    assert (made.service, made.name) == ("web", "web-2")
    assert made.identity == {"id": "c" * 64, "started_at": STARTED}
    assert made.started_at == pytest.approx(1767225601.123456)
    assert made.health == "starting"
    assert made.addresses == ("172.19.0.3",)
    assert made.labels["tier"] == "1"
    assert made.labels["container"] == "shop_web_2"


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("running", "running"),
        ("paused", "paused"),
        ("restarting", "restarting"),
        ("removing", "stopping"),
        ("exited", "stopped"),
        ("created", "stopped"),
        ("dead", "stopped"),
    ],
)
def test_states_have_our_words(status: str, state: str) -> None:
    assert instance_of(inspected(Status=status)).state == state


def test_no_health_and_never_started_are_unknown() -> None:
    made = instance_of(
        inspected(StartedAt="0001-01-01T00:00:00Z", Health={"Status": "none"})
    )
    assert (made.health, made.started_at) == ("", None)


def test_ipv4_comes_before_ipv6() -> None:
    networks = {
        "a": {"IPAddress": "", "GlobalIPv6Address": "fd00::1"},
        "b": {"IPAddress": "10.0.0.1", "GlobalIPv6Address": ""},
    }
    assert addresses_of(networks) == ("10.0.0.1", "fd00::1")


def test_a_container_is_known_by_the_ports_that_its_engine_publishes() -> None:
    ports = {
        "8000/tcp": [
            {"HostIp": "0.0.0.0", "HostPort": "18000"},
            {"HostIp": "::", "HostPort": "18000"},
        ],
        "9000/tcp": [{"HostIp": "10.1.2.3", "HostPort": "19000"}],
        "9001/tcp": None,
        "53/udp": [{"HostIp": "127.0.0.1", "HostPort": "1053"}],
    }
    settings = {**inspected()["NetworkSettings"], "Ports": ports}
    made = instance_of({**inspected(), "NetworkSettings": settings})
    assert made.published == (":18000", "10.1.2.3:19000")
    assert instance_of(inspected()).published == ()


def test_which_image_runs_is_told_by_its_digest() -> None:
    """Compose 1 leaves no label that says so."""
    made = instance_of({**inspected(), "Image": "sha256:0a1b"})
    assert made.labels["image_digest"] == "sha256:0a1b"


def test_what_keeps_data_in_volumes_says_so() -> None:
    mounts = [
        {"Type": "volume", "Destination": "/var/lib/data"},
        {"Type": "bind", "Destination": "/etc/shop"},
    ]
    kept = instance_of({**inspected(), "Mounts": mounts})
    assert kept.labels["volumes"] == "/var/lib/data"
    assert "volumes" not in instance_of({**inspected(), "Mounts": mounts[1:]}).labels
