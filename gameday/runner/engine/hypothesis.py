"""One look at a steady-state hypothesis: every probe, with what it said.

The engine stops at the first unmet probe and lets errors of a tolerance escape;
a game day wants to know all of them, each time. A probe over HTTP that gets no
answer has seen the system deviate; any other probe that raises could not tell.

A probe that does not come back would blind a whole game day, so that each is given up
after a while, whatever it is: after its own time-out, else after ten seconds.
"""

import copy
import threading
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
_HTTP_ERRORS = 400  # the first status that is one
PATIENCE = 10.0  # seconds for a probe that has no time-out of its own
_MORE = 1.0  # seconds for a probe's own time-out to work
Told = tuple[bool | None, Any, str]


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
    patience: float = PATIENCE,
) -> Iterator[dict[str, Any]]:
    """Yield for each probe: at, name, ok (true, false, None), value, because, took.

    `gave_up` where it did not come back.
    """
    clock = SystemClock()
    for activity in document.get("steady-state-hypothesis", {}).get("probes", []):
        probe = activity
        if "ref" in activity:
            probe = lookup_activity(activity["ref"]) or activity
        began = clock.now()
        longest = _longest(probe, patience)
        told = _in_time(_bounded(probe, patience), configuration, secrets, longest)
        ok, value, because = told or _given_up(probe, longest)
        yield {
            "at": began,
            "name": str(probe.get("name", "")),
            "ok": ok,
            "value": _short(value),
            "because": because,
            "took": round(clock.now() - began, 4),
            **({} if told else {"gave_up": True}),
        }


def answers_yes(
    probe: Mapping[str, Any],
    run: Mapping[str, Any],
    experiment: Mapping[str, Any],
    given: Mapping[str, Any],
) -> bool | None:
    """Return whether a probe's answer is within its tolerance; None: not to be told.

    One without a tolerance says yes with a process that ended well, an HTTP status
    below 400, or an answer that is not false, nothing or zero. `given`: values of the
    configuration that are known already.
    """
    if run.get("status") != "succeeded":
        return None
    value = run.get("output")
    if probe.get("tolerance") is None:
        return _is_true_answer(probe, value)
    try:
        declared = experiment.get("configuration", {})
        configuration = load_configuration(declared, dict(given))
        secrets = load_secrets(experiment.get("secrets", {}), configuration, {})
    except Exception:  # noqa: BLE001 - the engine lets anything escape
        return None
    return _tolerated(probe, value, configuration, secrets)[0]


def _is_true_answer(probe: Mapping[str, Any], value: Any) -> bool:
    kind = probe.get("provider", {}).get("type")
    status = value.get("status") if isinstance(value, Mapping) else None
    if kind == "http" and isinstance(status, int):
        return status < _HTTP_ERRORS
    return status == 0 if kind == "process" else bool(value)


def deviation(seen: Mapping[str, Any]) -> str:
    """Return in a few words what a probe saw that did not do."""
    said = [seen["value"], seen["because"]]
    return f"{seen['name']}: {', '.join(str(words) for words in said if words)}"


def _in_time(
    probe: Mapping[str, Any],
    configuration: Mapping[str, Any],
    secrets: Mapping[str, Any],
    longest: float,
) -> Told | None:
    """Return what a probe says; None where it does not come back in time.

    What hangs is left behind: nothing can end it, and the next look is its own.
    """
    answers: list[Told] = []

    def ask() -> None:
        answers.append(_probe_answer(probe, configuration, secrets))

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(longest)
    return answers[0] if answers else None


def _given_up(probe: Mapping[str, Any], longest: float) -> Told:
    over_http = probe.get("provider", {}).get("type") == "http"
    return (False if over_http else None), None, f"no answer within {longest:g} s"


def _longest(probe: Mapping[str, Any], patience: float) -> float:
    """Return the seconds after which a probe is given up."""
    own = probe.get("provider", {}).get("timeout")
    times = own if isinstance(own, list | tuple) else [own]
    known = [float(time) for time in times if isinstance(time, int | float)]
    return sum(known) + _MORE if known else patience


def _bounded(probe: Mapping[str, Any], patience: float) -> Mapping[str, Any]:
    """Return the probe with a time-out, where its provider knows one and it has none.

    So that what is given up ends by itself as well.
    """
    provider = probe.get("provider", {})
    if provider.get("type") not in ("http", "process") or provider.get("timeout"):
        return probe
    bounded: dict[str, Any] = copy.deepcopy(dict(probe))
    bounded["provider"]["timeout"] = patience
    return bounded


def _probe_answer(
    probe: Mapping[str, Any],
    configuration: Mapping[str, Any],
    secrets: Mapping[str, Any],
) -> Told:
    try:
        value = run_activity(probe, configuration, secrets)
    except ActivityFailed as error:
        answered = probe.get("provider", {}).get("type") != "http"
        return (None if answered else False), None, _short(error)
    except Exception as error:  # noqa: BLE001 - any code of the user's may run here
        return None, None, f"{type(error).__name__}: {_short(error)}"
    return _tolerated(probe, value, configuration, secrets)


def _tolerated(
    probe: Mapping[str, Any],
    value: Any,
    configuration: Mapping[str, Any],
    secrets: Mapping[str, Any],
) -> Told:
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
