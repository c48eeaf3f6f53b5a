"""One look at a steady-state hypothesis: every probe, with what it said.

The engine stops at the first unmet probe and lets errors of a tolerance escape;
a game day wants to know all of them, each time. A probe over HTTP that gets no
answer has seen the system deviate; any other probe that raises could not tell.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from chaoslib import substitute
from chaoslib.activity import run_activity
from chaoslib.caching import lookup_activity
from chaoslib.configuration import load_configuration, load_dynamic_configuration
from chaoslib.exceptions import ActivityFailed
from chaoslib.hypothesis import within_tolerance
from chaoslib.secret import load_secrets

from gameday.clock import SystemClock

_LONGEST = 300


def configured(
    document: Mapping[str, Any],
) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Return configuration and secrets as the engine loads them for a run.

    A configuration value may be the answer of a probe, which is asked once.
    """
    configuration = load_configuration(document.get("configuration", {}), {})
    secrets = load_secrets(document.get("secrets", {}), configuration, {})
    return load_dynamic_configuration(configuration, secrets), secrets


def look(
    document: Mapping[str, Any],
    configuration: Mapping[str, Any],
    secrets: Mapping[str, Any],
) -> Iterator[dict[str, Any]]:
    """Yield for each probe: at, name, ok (true, false, None), value, because, took."""
    clock = SystemClock()
    for activity in document.get("steady-state-hypothesis", {}).get("probes", []):
        probe = activity
        if "ref" in activity:
            probe = lookup_activity(activity["ref"]) or activity
        began = clock.now()
        ok, value, because = _one(probe, configuration, secrets)
        yield {
            "at": began,
            "name": str(probe.get("name", "")),
            "ok": ok,
            "value": _short(value),
            "because": because,
            "took": round(clock.now() - began, 4),
        }


def deviation(seen: Mapping[str, Any]) -> str:
    """Return in a few words what a probe saw that did not do."""
    said = [seen["value"], seen["because"]]
    return f"{seen['name']}: {', '.join(str(one) for one in said if one)}"


def _one(
    probe: Mapping[str, Any],
    configuration: Mapping[str, Any],
    secrets: Mapping[str, Any],
) -> tuple[bool | None, Any, str]:
    try:
        value = run_activity(probe, configuration, secrets)
    except ActivityFailed as error:
        answered = probe.get("provider", {}).get("type") != "http"
        return (None if answered else False), None, _short(error)
    except Exception as error:  # noqa: BLE001 - any code of the user's may run here
        return None, None, f"{type(error).__name__}: {_short(error)}"
    tolerance = probe.get("tolerance")
    if isinstance(tolerance, str):
        tolerance = substitute(tolerance, configuration, secrets)
    try:
        met = bool(
            within_tolerance(
                tolerance, value, configuration=configuration, secrets=secrets
            )
        )
    except Exception as error:  # noqa: BLE001 - chaoslib lets these escape
        return None, value, f"tolerance: {type(error).__name__}: {_short(error)}"
    return met, value, "" if met else f"outside its tolerance {tolerance!r}"


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else repr(value)
    if isinstance(value, dict) and "status" in value:
        text = f"status {value['status']}"
    if isinstance(value, Exception):
        text = str(value)
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
