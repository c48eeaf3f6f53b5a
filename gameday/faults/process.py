"""Faults of the process family: kill, stop, pause, restart."""

from typing import Any

from gameday.faults.flow import inject

__all__ = ["kill", "pause", "restart", "stop"]


def kill(  # noqa: PLR0913, PLR0917 - an activity's arguments are the experiment's words
    service: str,
    count: int | str | None = None,
    share: str | None = None,
    instances: list[str] | str | None = None,
    duration: str | None = None,
    signal: str = "SIGKILL",
    configuration: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Crash instances: their main process gets a signal from outside.

    What follows is the platform's doing; the fault ends when the instance is back,
    by itself or by the undo. One of `count`, `share` (`34%`) and `instances`
    (SERVICE-N) says which; `duration` (`10m`) is the longest it may last.
    """
    given = {
        "service": service,
        "count": count,
        "share": share,
        "instances": instances,
        "duration": duration,
        "signal": signal,
    }
    return inject("process.kill", given, configuration)


def stop(
    service: str,
    count: int | str | None = None,
    share: str | None = None,
    instances: list[str] | str | None = None,
    duration: str | None = None,
    configuration: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Take instances down; they stay down until undone.

    One of `count`, `share` (`34%`) and `instances` (SERVICE-N) says which;
    `duration` (`10m`) is the longest it may last.
    """
    given = {
        "service": service,
        "count": count,
        "share": share,
        "instances": instances,
        "duration": duration,
    }
    return inject("process.stop", given, configuration)


def pause(
    service: str,
    count: int | str | None = None,
    share: str | None = None,
    instances: list[str] | str | None = None,
    duration: str | None = None,
    configuration: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Freeze instances: they are alive, but do nothing until undone.

    One of `count`, `share` (`34%`) and `instances` (SERVICE-N) says which;
    `duration` (`10m`) is the longest it may last.
    """
    given = {
        "service": service,
        "count": count,
        "share": share,
        "instances": instances,
        "duration": duration,
    }
    return inject("process.pause", given, configuration)


def restart(
    service: str,
    count: int | str | None = None,
    share: str | None = None,
    instances: list[str] | str | None = None,
    duration: str | None = None,
    configuration: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Take instances down and bring them up again at once.

    One of `count`, `share` (`34%`) and `instances` (SERVICE-N) says which;
    `duration` (`10m`) is the longest it may last.
    """
    given = {
        "service": service,
        "count": count,
        "share": share,
        "instances": instances,
        "duration": duration,
    }
    return inject("process.restart", given, configuration)
