"""What holds between the keys of a scenario; every check stands on its own.

They look at the document itself, whatever its shape, so that one wrong key hides
no other problem.
"""

import re
from collections.abc import Sequence

from gameday.files import biting_probe
from gameday.files.scenario.scenario_promises import (
    Named,
    check_load,
    check_step,
    has,
    items,
    slo_is_there,
    slo_named,
    unique,
)
from gameday.files.text.cursor import Cursor
from gameday.files.text.suggest import among
from gameday.model.experiment import Experiment
from gameday.model.quoting import shown
from gameday.model.target import TARGET_KINDS
from gameday.model.values.namespace import is_name, lacks_consent

_CONDITIONS = ("slo", "promql", "http", "alert")
_WITH_URL = (
    "rate",
    "method",
    "headers",
    "body",
    "timeout",
    "connections",
    "redirects",
    "feeds",
)
_SECRET_WORDS = ("authorization", "cookie", "token", "secret", "password", "key")


def check(here: Cursor, named: Named, experiments: Sequence[Experiment | None]) -> None:
    """Report everything that does not fit together."""
    _one_of(here, "target", tuple(TARGET_KINDS))
    _cluster(here)
    _observe(here)
    _load(here, named)
    for guardrail in items(here, "guardrails"):
        _guardrail(guardrail, named)
    names: dict[str, int | None] = {}
    for step, experiment in zip(items(here, "steps"), experiments, strict=True):
        check_step(step, named, experiment)
        check_load(step, here)
        if experiment is not None:
            biting_probe.check(step, experiment)
        unique(step, names)
    _foreign(here, experiments)


def _one_of(here: Cursor, key: str, known: Sequence[str]) -> None:
    below = here.get(key)
    if below is None or not isinstance(below.value, dict):
        return
    given = has(below, known)
    if not given:
        below.error(
            f"names none of {among(known)}; expected exactly one", code="combination"
        )
    elif len(given) > 1:
        below.error(
            f"names {among(given, 'and')}; expected exactly one of them",
            code="combination",
        )


def _cluster(here: Cursor) -> None:
    cluster = (here.get("target") or here).get("kubernetes")
    if cluster is None or not _is_map(cluster):
        return
    name, consent = cluster.value.get("namespace"), cluster.value.get("consent")
    if isinstance(name, str) and is_name(name) and lacks_consent(name, str(consent)):
        message = f"{name!r} is protected; add consent: {name}"
        cluster.error(message, "namespace", code="combination")


def _observe(here: Cursor) -> None:
    docker = (here.get("target") or here).get("docker")
    if docker is not None and len(has(docker, ("host", "context"))) > 1:
        docker.error(
            "names host and context; expected at most one of them", code="combination"
        )
    host = docker.value.get("host") if docker and _is_map(docker) else None
    if docker is not None and re.search(r"://[^/]*:[^/]*@", str(host)):
        message = "the URL holds a password, and a scenario never does; use a key"
        docker.error(message, "host", code="combination")
    observe = here.get("observe")
    if observe is None:
        return
    _one_of(observe, "pages", ("listen", "from"))
    for key in ("prometheus", "alertmanager"):
        server = observe.get(key)
        if server is None:
            continue
        _auth(server)
        _headers(server)


def _is_map(here: Cursor) -> bool:
    return isinstance(here.value, dict)


def _auth(server: Cursor) -> None:
    auth = server.get("auth")
    keys = set(has(auth, ("username", "password", "bearer"))) if auth else set()
    if auth and keys not in ({"username", "password"}, {"bearer"}):
        auth.error("expected username and password, or bearer", code="combination")


def _headers(here: Cursor) -> None:
    headers = here.get("headers")
    if headers is None or not isinstance(headers.value, dict):
        return
    for name, value in headers.value.items():
        secret = any(word in name.lower() for word in _SECRET_WORDS)
        if secret and isinstance(value, str):
            headers.error(
                "looks like a secret, and none is ever written into a scenario; "
                "write {env: NAME} or {file: PATH}",
                name,
                code="secret",
            )


def _load(here: Cursor, named: Named) -> None:
    load = here.get("load")
    if load is None or not isinstance(load.value, dict):
        return
    _headers(load)
    for fed in items(load, "feeds"):
        slo_is_there(fed, fed.value, named)
    given = has(load, ("url", "command"))
    if len(given) != 1:
        load.error("expected exactly one of url and command", code="combination")
    elif given == ["url"] and "rate" not in load.value:
        load.error(
            "rate is required with url and missing; write one such as 50/s",
            code="missing-key",
        )
    elif given == ["command"]:
        for key in has(load, _WITH_URL):
            load.error(
                f"{key} goes with url, not with command; remove it",
                key,
                code="combination",
            )


def _guardrail(here: Cursor, named: Named) -> None:
    if not isinstance(here.value, dict):
        return
    given = has(here, _CONDITIONS)
    if len(given) != 1:
        here.error(f"expected exactly one of {among(_CONDITIONS)}", code="combination")
        return
    kind = given[0]
    if kind == "slo":
        slo_named(here, named)
        stop_when = here.get("stop_when")
        if stop_when is None:
            here.error(
                "stop_when is required with slo and missing; write one such as "
                "{budget_spent: 5%}",
                code="missing-key",
            )
        _one_of(here, "stop_when", ("budget_spent", "burn_rate"))
    elif "stop_when" in here.value:
        here.error(
            f"stop_when goes with slo, not with {kind}; remove it",
            "stop_when",
            code="combination",
        )
    if kind != "promql" and "for" in here.value:
        here.error(
            f"for goes with promql, not with {kind}; remove it",
            "for",
            code="combination",
        )
    if kind == "promql" and isinstance(here.value["promql"], str):
        _promql(here)


def _promql(here: Cursor) -> None:
    from gameday.files.promql import promql

    severity, why = promql.judge(here.value["promql"])
    if severity:
        (here.error if severity == "error" else here.warn)(why, "promql")


def _foreign(here: Cursor, experiments: Sequence[Experiment | None]) -> None:
    radius = here.get("blast_radius")
    if radius is not None and "foreign_actions" in (has(radius, ("foreign_actions",))):
        allowed = radius.value["foreign_actions"]
        if allowed is True or str(allowed).lower() == "true":
            return
    for step, experiment in zip(items(here, "steps"), experiments, strict=True):
        if experiment is not None and experiment.foreign:
            names = shown(experiment.foreign[0])
            step.error(
                f"this experiment does {names}, whose reach gameday cannot know; "
                "say blast_radius: {foreign_actions: true} to allow it",
                "experiment",
                code="foreign-action",
            )
