"""`gameday gate`: what a policy asks is looked at, and decided."""

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import field
from pathlib import Path
from typing import Any

from gameday.app.evidence import compare, coverage
from gameday.coverage.past import Past
from gameday.errors import GamedayError, InvalidFile, StoreError, UsageError
from gameday.frozen import frozen
from gameday.gate.decide import Budget, Decision, GateEvidence, Measured, decide
from gameday.gate.newest_runs import newest, newest_of_each_scenario
from gameday.gate.override import Override, from_json, in_force
from gameday.ledger.home import home, ledger_path
from gameday.ledger.ledger import Ledger
from gameday.model.gate import GatePolicy, GateSlo
from gameday.model.scenario import Endpoint
from gameday.model.slos.slo import Slo
from gameday.ports import Clock
from gameday.regressions.compared import Status

OVERRIDES = "gate-overrides.ndjson"
DEFAULT = "default"


@frozen
class GateRequest:
    """Where a gate looks beside its policy.

    `prometheus`: instead of the policy's. `folders`: of downloaded runs. `rules`,
    `alertmanager`: today's files, for proofs. `baseline`: the file that the newest runs
    are compared with, where it is there; `forgiven`: what may pass of it.
    """

    prometheus: str = ""
    folders: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    alertmanager: str = ""
    baseline: str = compare.FILE
    forgiven: tuple[Status, ...] = ()


@frozen
class Gates:
    """The gates of some policies, by name."""

    policies: dict[str, GatePolicy]
    clock: Clock
    wish: GateRequest = field(default_factory=GateRequest)

    def decided(self, name: str) -> tuple[Decision, Override | None]:
        """Return a gate's decision now, and an override that opens it nevertheless."""
        policy = self.policies[name]
        now = self.clock.now()
        decision = decide(policy, _gate_evidence(policy, self.wish, self.clock), now)
        return decision, in_force(overrides(), name, now)


def read_policies(
    paths: Sequence[str], folders: tuple[str, ...] = ()
) -> dict[str, GatePolicy]:
    """Return policies by name; without any file, one that asks for what is stored.

    `folders`: where runs are besides.
    """
    from gameday.files import gate_policy

    if not paths:
        return {DEFAULT: GatePolicy(name=DEFAULT, slos=tuple(_all_slos(folders)))}
    policies_by_path: dict[str, GatePolicy] = {}
    problems: list[InvalidFile] = []
    for path in paths:
        try:
            policy = gate_policy.read(path, os.environ)
        except InvalidFile as error:
            problems.append(error)
            continue
        if policy.name in policies_by_path:
            other = policies_by_path[policy.name].path
            raise UsageError(f"{path}: {other} has a gate {policy.name!r} as well")
        policies_by_path[policy.name] = policy
    if problems:
        raise InvalidFile([problem for error in problems for problem in error.problems])
    return policies_by_path


def _all_slos(folders: tuple[str, ...]) -> Iterable[GateSlo]:
    pasts, _ = _stored(folders)
    names = {slo.name for past in pasts for slo in past.plan.scenario.slos}
    return [GateSlo(slo=name, budget_left=0.0) for name in sorted(names)]


def _stored(folders: tuple[str, ...]) -> tuple[list[Past], list[str]]:
    """Return the runs that are stored, the newest first."""
    pasts, unread = coverage.read_pasts(folders)
    return sorted(pasts, key=lambda past: past.verdict.ended, reverse=True), unread


def _gate_evidence(policy: GatePolicy, wish: GateRequest, clock: Clock) -> GateEvidence:
    pasts, unread = _stored(wish.folders)
    open_faults, unreadable = _broken(clock)
    proof = None
    if policy.max_age is not None:
        asked = coverage.CoverageRequest(
            rules=wish.rules,
            alertmanager=wish.alertmanager,
            folders=wish.folders,
            max_age=policy.max_age,
        )
        proof = coverage.cover(asked, clock)
    return GateEvidence(
        budgets={
            slo.slo: budget
            for slo in policy.slos
            for budget in (_budget(slo, policy, wish, pasts, clock),)
        },
        proof=proof,
        open_faults=open_faults,
        unreadable=unreadable,
        runs=newest_of_each_scenario(pasts),
        unread=unread,
        **_compared(policy, wish, pasts),
    )


def _compared(
    policy: GatePolicy, wish: GateRequest, pasts: Sequence[Past]
) -> dict[str, Any]:
    """Return the newest runs against the baseline; nothing where there is none."""
    if not policy.regressions or not Path(wish.baseline).exists():
        return {}
    runs = [(past.plan, past.verdict) for past in newest(pasts)]
    asked = compare.CompareRequest(file=wish.baseline)
    compared = compare.compare_judged(runs, asked) if runs else []
    return {
        "compared": [
            Measured(
                subject=f"{key.scenario} {key.step} {key.question} {key.subject}",
                status=measure.status.value,
                because=measure.because,
            )
            for measure in compared
            for key in (measure.key,)
        ],
        "baseline": wish.baseline,
        "forgiven": wish.forgiven,
    }


def _broken(clock: Clock) -> tuple[list[str], str]:
    path = ledger_path()
    if not Path(path).exists():
        return [], ""
    try:
        ledger = Ledger(path, clock)
        try:
            faults = ledger.open_faults()
        finally:
            ledger.close()
    except GamedayError as error:
        return [], str(error)
    return [f"{fault.kind} on {fault.victim.name}" for fault in faults], ""


def _budget(
    asked: GateSlo,
    policy: GatePolicy,
    wish: GateRequest,
    pasts: Sequence[Past],
    clock: Clock,
) -> Budget:
    slo, endpoint = _slo_and_prometheus(asked.slo, policy, pasts)
    if wish.prometheus:
        endpoint = Endpoint(url=wish.prometheus)
    endpoint = endpoint if wish.prometheus else (policy.prometheus or endpoint)
    if slo is None:
        return Budget(
            unknown=f"{asked.slo} is neither an SLO's file nor an SLO of a stored run"
        )
    if endpoint is None:
        return Budget(
            unknown="no Prometheus is known to count with; the policy's `prometheus`, "
            "or --prometheus, names one"
        )
    from gameday.observers.prometheus.budget import read_budget

    burns = [name for name in ("fast", "slow") if getattr(asked, name) is not None]
    return read_budget(endpoint, clock, slo, asked.window or slo.window, burns)


def _slo_and_prometheus(
    name: str, policy: GatePolicy, pasts: Sequence[Past]
) -> tuple[Slo | None, Endpoint | None]:
    """Return an SLO by its file or its name, and the Prometheus that knows it."""
    known = [
        (slo, past.plan.scenario.observe.prometheus)
        for past in pasts
        for slo in (past.plan.scenario.slo(name),)
        if slo is not None
    ]
    path = Path(policy.path).parent / name
    if os.path.isfile(path):  # noqa: PTH113 - no error where a name is too long
        slo = _of_file(str(path))
        mine = [
            past.plan.scenario.observe.prometheus
            for past in pasts
            if past.plan.scenario.slo(slo.name) is not None
        ]
        return slo, next(iter(mine), None)
    return known[0] if known else (None, None)


def _of_file(path: str) -> Slo:
    from gameday.files.slo import slo as slo_files

    found, problems = slo_files.read(path)
    errors = [problem for problem in problems if problem.severity == "error"]
    if errors:
        raise InvalidFile(errors)
    if len(found) != 1:
        raise UsageError(
            f"{path}: has {len(found)} SLOs that can be counted; expected one, "
            "or name the SLO"
        )
    return found[0]


def overrides() -> list[Override]:
    """Return every override that was recorded here."""
    path = Path(home()) / OVERRIDES
    if not path.exists():
        return []
    kept = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            kept.append(from_json(json.loads(line)))
        except (ValueError, KeyError, TypeError) as error:
            raise StoreError(f"{path}:{number}: no override ({error})") from error
    return kept


def record(override: Override, outcome: str) -> str:
    """Keep an override together with the outcome that it overrides."""
    path = Path(home()) / OVERRIDES
    line = json.dumps({**override.to_json(), "outcome": outcome})
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(handle, "a", encoding="utf-8") as file:
            file.write(line + "\n")
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}") from error
    return str(path)
