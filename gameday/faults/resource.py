"""Faults of the resource family: cpu, memory."""

from typing import Any

from gameday.faults.flow import fault

__all__ = ["cpu", "memory"]


@fault("resource.cpu")
def cpu(  # noqa: PLR0913, PLR0917 - an activity's arguments are the experiment's words
    service: str,
    load: str,
    count: int | str | None = None,
    share: str | None = None,
    instances: list[str] | str | None = None,
    duration: str | None = None,
    configuration: dict[str, Any] | None = None,
) -> None:
    """Burn a share (`80%`) of the CPU time that instances may use.

    Of their limit, or of all CPUs where they have none; beside what they use
    themselves, under the same limit. One of `count`, `share` (`34%`) and `instances`
    (SERVICE-N) says which; `duration` (`10m`) is the longest it may last, also when
    nobody is left to end it.
    """


@fault("resource.memory")
def memory(  # noqa: PLR0913, PLR0917 - an activity's arguments are the experiment's words
    service: str,
    fill: str,
    count: int | str | None = None,
    share: str | None = None,
    instances: list[str] | str | None = None,
    duration: str | None = None,
    configuration: dict[str, Any] | None = None,
) -> None:
    """Fill the memory of instances up to a share (`90%`) of their limit.

    What they use themselves counts. An instance without a limit is refused. One of
    `count`, `share` (`34%`) and `instances` (SERVICE-N) says which; `duration`
    (`10m`) is the longest it may last, also when nobody is left to end it.
    """
