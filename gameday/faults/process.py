"""Faults of the process family: kill, stop, pause, restart."""

from typing import Any

from gameday.faults.flow import fault

__all__ = ["kill", "pause", "restart", "stop"]


@fault("process.kill")
def kill(  # noqa: PLR0913, PLR0917 - an activity's arguments are the experiment's words
    service: str,
    count: int | str | None = None,
    share: str | None = None,
    instances: list[str] | str | None = None,
    duration: str | None = None,
    signal: str = "SIGKILL",
    configuration: dict[str, Any] | None = None,
) -> None:
    """Crash instances: their main process gets a signal from outside.

    What follows is the platform's doing; the fault ends when the instance is back,
    by itself or by the undo. One of `count`, `share` (`34%`) and `instances`
    (SERVICE-N) says which; `duration` (`10m`) is the longest it may last.
    """


@fault("process.stop")
def stop(
    service: str,
    count: int | str | None = None,
    share: str | None = None,
    instances: list[str] | str | None = None,
    duration: str | None = None,
    configuration: dict[str, Any] | None = None,
) -> None:
    """Take instances down; they stay down until undone.

    One of `count`, `share` (`34%`) and `instances` (SERVICE-N) says which;
    `duration` (`10m`) is the longest it may last.
    """


@fault("process.pause")
def pause(
    service: str,
    count: int | str | None = None,
    share: str | None = None,
    instances: list[str] | str | None = None,
    duration: str | None = None,
    configuration: dict[str, Any] | None = None,
) -> None:
    """Freeze instances: they are alive, but do nothing until undone.

    One of `count`, `share` (`34%`) and `instances` (SERVICE-N) says which;
    `duration` (`10m`) is the longest it may last.
    """


@fault("process.restart")
def restart(
    service: str,
    count: int | str | None = None,
    share: str | None = None,
    instances: list[str] | str | None = None,
    duration: str | None = None,
    configuration: dict[str, Any] | None = None,
) -> None:
    """Take instances down and bring them up again at once.

    One of `count`, `share` (`34%`) and `instances` (SERVICE-N) says which;
    `duration` (`10m`) is the longest it may last.
    """
