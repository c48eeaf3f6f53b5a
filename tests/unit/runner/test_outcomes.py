"""How an activity went, also where the engine has another opinion."""

from typing import Any

import pytest

from gameday.runner.engine.outcomes import failure, interruption, last_reason

MISSING = """\
chaoslib.exceptions.ActivityFailed: kubernetes.client.exceptions.ApiException: (404)
Reason: Not Found
HTTP response headers: HTTPHeaderDict({'Audit-Id': 'x'})
HTTP response body: {"kind":"Status","message":"networkpolicies \\"deny\\" not found",\
"code":404}
"""
FORBIDDEN = MISSING.replace("404", "403").replace("Not Found", "Forbidden")


def run(status: str = "failed", said: str = "", **provider: Any) -> dict[str, Any]:
    lines = ["Traceback (most recent call last):\n", said] if said else None
    activity = {"name": "back", "provider": provider}
    return {"activity": activity, "status": status, "exception": lines}


def theirs(func: str, said: str) -> dict[str, Any]:
    return run(said=said, type="python", module="chaosk8s.x.actions", func=func)


@pytest.mark.parametrize("func", ["remove_deny_all_ingress", "delete_network_fault"])
def test_what_is_gone_already_needs_no_removal(func: str) -> None:
    assert failure(theirs(func, MISSING)) == ""
    assert failure(theirs(func, FORBIDDEN)).startswith("back: ")


@pytest.mark.parametrize("func", ["scale_deployment", "uncordon_node"])
def test_what_is_to_be_put_back_has_to_be_there(func: str) -> None:
    assert failure(theirs(func, MISSING)).startswith("back: ")


def test_somebody_elses_404_is_a_failure() -> None:
    assert failure(run(said=MISSING, type="python", module="mine", func="delete_it"))


def test_a_clusters_refusal_is_one_line() -> None:
    assert last_reason(["...", FORBIDDEN]) == (
        "chaoslib.exceptions.ActivityFailed: "
        "kubernetes.client.exceptions.ApiException: 403 "
        'networkpolicies "deny" not found'
    )
    bare = "ApiException: (500)\nReason: Internal Server Error\n"
    assert last_reason([bare]) == "ApiException: 500 Internal Server Error"
    assert last_reason(["ValueError: no\n"]) == "ValueError: no"
    assert last_reason(None) == ""


def test_a_process_that_ended_badly_has_failed_though_the_engine_says_succeeded() -> (
    None
):
    ended = run(status="succeeded", type="process", path="false")
    assert failure({**ended, "output": {"status": 1}}) == (
        "back: its process ended with 1"
    )
    assert failure({**ended, "output": {"status": 0}}) == ""
    assert failure(run(status="aborted")) == "back: cut short"


BY_CONTROL = {"kind": "control", "name": "load", "reason": "hey is not installed"}


@pytest.mark.parametrize(
    ("journal", "said"),
    [
        ({"interruption": BY_CONTROL}, "control load: hey is not installed"),
        ({"interruption": {"reason": "enough"}}, "enough"),
        ({"interruption": {"kind": "signal", "name": "SIGTERM"}}, "signal SIGTERM"),
        ({"safeguards": {"triggered_by": "errors"}}, "safeguard errors"),
        (
            {"safeguards": {"triggered_by": None}, "interruption": BY_CONTROL},
            "control load: hey is not installed",
        ),
        ({"interruption": "by hand"}, ""),
        ({"interruption": None}, ""),
        ({}, ""),
    ],
)
def test_what_interrupted_an_experiment(journal: dict[str, Any], said: str) -> None:
    assert interruption({"status": "interrupted", **journal}) == said


def test_a_completed_experiment_was_not_interrupted() -> None:
    assert interruption({"status": "completed", "interruption": BY_CONTROL}) == ""
