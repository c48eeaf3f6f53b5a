"""Faults of the network family: partition, delay, loss, rate."""

from typing import Any

from gameday.faults.flow import fault

__all__ = ["delay", "loss", "partition", "rate"]


@fault("network.partition")
def partition(  # noqa: PLR0913, PLR0917 - an activity's arguments are the experiment's words
    service: str,
    count: int | str | None = None,
    share: str | None = None,
    instances: list[str] | str | None = None,
    duration: str | None = None,
    peers: list[str] | str | None = None,
    configuration: dict[str, Any] | None = None,
) -> None:
    """Drop every packet between instances and their peers, in both directions.

    `peers`: services, instances or addresses; by default everybody. One of `count`,
    `share` (`34%`) and `instances` (SERVICE-N) says which; `duration` (`10m`) is the
    longest it may last, also when nobody is left to end it.
    """


@fault("network.delay")
def delay(  # noqa: PLR0913, PLR0917 - an activity's arguments are the experiment's words
    service: str,
    by: str,
    jitter: str | None = None,
    count: int | str | None = None,
    share: str | None = None,
    instances: list[str] | str | None = None,
    duration: str | None = None,
    peers: list[str] | str | None = None,
    configuration: dict[str, Any] | None = None,
) -> None:
    """Hold packets between instances and their peers back by some time (`200ms`).

    A round trip takes `by` longer, plus or minus `jitter`. `peers`: services,
    instances or addresses; by default everybody. One of `count`, `share` (`34%`) and
    `instances` (SERVICE-N) says which; `duration` (`10m`) is the longest it may
    last, also when nobody is left to end it.
    """


@fault("network.loss")
def loss(  # noqa: PLR0913, PLR0917 - an activity's arguments are the experiment's words
    service: str,
    packets: str,
    count: int | str | None = None,
    share: str | None = None,
    instances: list[str] | str | None = None,
    duration: str | None = None,
    peers: list[str] | str | None = None,
    configuration: dict[str, Any] | None = None,
) -> None:
    """Lose a share (`10%`) of the packets that come to instances from their peers.

    Each packet by chance; those that the instances send arrive. `peers`: services,
    instances or addresses; by default everybody. One of `count`, `share` (`34%`) and
    `instances` (SERVICE-N) says which; `duration` (`10m`) is the longest it may
    last, also when nobody is left to end it.
    """


@fault("network.rate")
def rate(  # noqa: PLR0913, PLR0917 - an activity's arguments are the experiment's words
    service: str,
    to: str,
    count: int | str | None = None,
    share: str | None = None,
    instances: list[str] | str | None = None,
    duration: str | None = None,
    peers: list[str] | str | None = None,
    configuration: dict[str, Any] | None = None,
) -> None:
    """Let no more than `to` (`10mbit`) through between instances and their peers.

    In each direction; what is more waits for its turn, and is dropped where it would
    wait too long. `peers`: services, instances or addresses; by default everybody.
    One of `count`, `share` (`34%`) and `instances` (SERVICE-N) says which; `duration`
    (`10m`) is the longest it may last, also when nobody is left to end it.
    """
