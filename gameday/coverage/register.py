"""The register: of each rule, route and receiver, what is proven, and how fresh it is.

proven: promised, and kept, by the same rule, by the same route, not too long ago.
stale: it was proven, and something has changed since, or it is too long ago.
synthetic only: a drill reached the receiver, no fault has. seen: it rang, and nobody
had promised it. never: nothing is known of it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field, replace

from gameday.coverage.definition import (
    Language,
    RuleDefinition,
    path_changes,
    path_words,
    receiver_changes,
    rule_changes,
)
from gameday.coverage.past import (
    DRILL,
    PROVEN,
    SEEN,
    Drill,
    Evidence,
    Past,
    deliveries_of,
    evidence_of,
    evidence_of_drill,
    versions,
)
from gameday.coverage.proof_state import (
    CHANGED,
    IS_PROVEN,
    NEVER,
    NEW,
    SAME,
    STALE,
    SYNTHETIC,
    WAS_SEEN,
    ProofState,
    share,
)
from gameday.frozen import frozen
from gameday.model.alerting.alert import Receiver, Route, Routing
from gameday.model.alerting.always import always
from gameday.model.quantity import show_duration


@frozen
class RegisterRequest:
    """What the register is asked about.

    `base`: the rules of the commit that is compared with; None: nothing is compared.
    """

    now: float
    max_age: float
    rules: tuple[RuleDefinition, ...]
    routing: Routing | None = None
    base: tuple[RuleDefinition, ...] | None = None


@frozen
class Register:
    """Every rule, route and receiver with what is known of it.

    `unread`: records that could not be read, and why; they may hold more.
    """

    at: float
    max_age: float
    rules: tuple[ProofState, ...]
    routes: tuple[ProofState, ...] = ()
    receivers: tuple[ProofState, ...] = ()
    runs: int = 0
    unread: tuple[str, ...] = field(default=())

    @property
    def ratio(self) -> float | None:
        """The share of the alert rules that is proven; None: there is no rule."""
        return share(self.rules)

    @property
    def unproven_since_base(self) -> tuple[ProofState, ...]:
        """The rules that are new or changed, and not proven."""
        return tuple(
            rule
            for rule in self.rules
            if rule.since_base in (NEW, CHANGED) and rule.counted and not rule.proven
        )


def register(
    today: RegisterRequest,
    pasts: Sequence[Past],
    drills: Sequence[Drill],
    language: Language,
    unread: Sequence[str] = (),
) -> Register:
    """Return what stored runs and drills prove of today's rules and routes."""
    newest = versions(pasts)
    rules = [evidence for past in pasts for evidence in evidence_of(past, language)]
    deliveries = [evidence for past in pasts for evidence in deliveries_of(past)]
    deliveries += [evidence_of_drill(drill) for drill in drills]
    return Register(
        at=today.now,
        max_age=today.max_age,
        rules=tuple(_of_rule(rule, rules, newest, today) for rule in today.rules),
        routes=tuple(_of_routes(deliveries, newest, today)),
        receivers=tuple(_of_receivers(deliveries, newest, today)),
        runs=len(pasts),
        unread=tuple(unread),
    )


Versions = Mapping[tuple[str, str], str]
Changes = Callable[[Evidence], list[str]]


def _of_rule(
    rule: RuleDefinition,
    evidence: Iterable[Evidence],
    newest: Versions,
    today: RegisterRequest,
) -> ProofState:
    mine = [
        proof
        for proof in evidence
        if proof.rule is not None and _is_same(proof.rule, rule, today.rules)
    ]

    def changes(proof: Evidence) -> list[str]:
        then = proof.rule or rule
        return [*rule_changes(then, rule), *_path_changes(proof, today.routing)]

    state = _proof_state(rule.name, mine, changes, newest, today)
    return replace(
        state,
        rule=rule,
        since_base=_since_base(rule, today.base),
        counted=always(rule.expr) is not True,
    )


def _is_same(
    then: RuleDefinition, now: RuleDefinition, rules: Iterable[RuleDefinition]
) -> bool:
    """Return whether the rule that was evaluated then is this rule of today.

    Of several rules of one name, the unchanged one is the same rule; if all have
    changed, the one with the same labels is.
    """
    if then.name != now.name:
        return False
    namesakes = [rule for rule in rules if rule.name == now.name]
    equal = [rule for rule in namesakes if not rule_changes(then, rule)]
    if equal:
        return now in equal
    alike = [rule for rule in namesakes if rule.static_labels == then.static_labels]
    return alike == [now] or namesakes == [now]


def _path_changes(proof: Evidence, routing: Routing | None) -> list[str]:
    """Return what differs between the ways of an alert then and now."""
    if routing is None or proof.paths is None:
        return []
    changes = []
    by_words = {path_words(path): path for path in _paths(routing.route)}
    for path in proof.paths:
        now = by_words.get(path_words(path))
        if now is None:
            changes.append(f"the route {path_words(path)} is not there any more")
        else:
            changes += [f"route: {said}" for said in path_changes(path, now)]
    changes += _other_path_changes(proof, routing)
    for receiver in proof.receivers:
        known = routing.receiver(receiver.name)
        if known is None:
            changes.append(f"there is no receiver {receiver.name} any more")
        else:
            changes += receiver_changes(receiver, known)
    return changes


def _other_path_changes(proof: Evidence, routing: Routing) -> list[str]:
    """Return that a proven alert takes another way now, though its own still exists."""
    if not proof.labels or proof.paths is None:
        return []
    before = {path_words(path) for path in proof.paths}
    after = {path_words(path) for path in routing.route.paths(proof.labels)}
    if before <= after:
        return []
    return [f"the alert goes by {', '.join(sorted(after))} now"]


def _of_routes(
    evidence: Sequence[Evidence], newest: Versions, today: RegisterRequest
) -> Iterable[ProofState]:
    for path in _paths(today.routing.route) if today.routing else ():
        words = path_words(path)
        mine = [
            proof
            for proof in evidence
            if words in [path_words(way) for way in proof.paths or ()]
        ]
        yield _proof_state(
            words,
            mine,
            lambda proof: _path_changes(proof, today.routing),
            newest,
            today,
        )


def _of_receivers(
    evidence: Sequence[Evidence], newest: Versions, today: RegisterRequest
) -> Iterable[ProofState]:
    for receiver in today.routing.receivers if today.routing else ():

        def changes(proof: Evidence, receiver: Receiver = receiver) -> list[str]:
            then = [old for old in proof.receivers if old.name == receiver.name]
            return [said for old in then for said in receiver_changes(old, receiver)]

        mine = [
            proof
            for proof in evidence
            if receiver.name in [heard.name for heard in proof.receivers]
        ]
        yield _proof_state(receiver.name, mine, changes, newest, today)


def _paths(route: Route, above: tuple[Route, ...] = ()) -> Iterable[tuple[Route, ...]]:
    """Yield every node of the routing tree with the way there."""
    path = (*above, route)
    yield path
    for child in route.routes:
        yield from _paths(child, path)


def _proof_state(
    name: str,
    evidence: Iterable[Evidence],
    changes: Changes,
    newest: Versions,
    today: RegisterRequest,
) -> ProofState:
    ordered = sorted(evidence, key=lambda proof: (proof.at, proof.run), reverse=True)
    stale: ProofState | None = None
    moved_since: set[tuple[str, str]] = set()
    for proof in ordered:
        if proof.kind != PROVEN:
            continue
        service, moved = _service(proof, newest, moved_since)
        why = [*changes(proof), *moved, *_age(proof, today)]
        state = STALE if why else IS_PROVEN
        proof_state = ProofState(
            name=name,
            state=state,
            because="; ".join(dict.fromkeys(why)),
            evidence=proof,
            service=service,
        )
        if not why:
            return proof_state
        stale = stale or proof_state
    if stale is not None:
        return stale
    return _without_proof(name, ordered, changes, today)


def _without_proof(
    name: str, evidence: Sequence[Evidence], changes: Changes, today: RegisterRequest
) -> ProofState:
    for drill in evidence:
        if drill.kind == DRILL:
            why = [*changes(drill), *_age(drill, today)]
            state = STALE if why else SYNTHETIC
            said = "; ".join(why) or "delivery is proven by a drill, detection is not"
            return ProofState(name=name, state=state, because=said, evidence=drill)
    for sighting in evidence:
        if sighting.kind == SEEN:
            said = sighting.because or "it rang, and nobody had promised it"
            return ProofState(
                name=name, state=WAS_SEEN, because=said, evidence=sighting
            )
    return ProofState(name=name, state=NEVER)


def _service(
    proof: Evidence, newest: Versions, moved_since: set[tuple[str, str]]
) -> tuple[str, list[str]]:
    """Return whether what was hit is the same today, and in words what is not.

    `moved_since`: the services that have changed after a later proof, and so after this
    one, where it does not tell its version; added to.
    """
    known = {
        name: (version, newest.get((proof.testbed, name), ""))
        for name, version in proof.services.items()
    }
    changed = [
        name
        for name, (then, now) in known.items()
        if _is_other(then, now, moved=(proof.testbed, name) in moved_since)
    ]
    if changed:
        moved_since |= {(proof.testbed, name) for name in changed}
        return "changed", [f"the service {name} changed" for name in changed]
    sure = known and all(then and now for then, now in known.values())
    return ("same" if sure else "unknown"), []


def _is_other(then: str, now: str, *, moved: bool) -> bool:
    """Whether a service has another version than then; `moved`: it changed since."""
    if then and now:
        return then != now
    return not then and moved


def _age(proof: Evidence, today: RegisterRequest) -> list[str]:
    age = today.now - proof.at
    if age <= today.max_age:
        return []
    days = show_duration(age // 86400 * 86400) if age >= 86400 else show_duration(age)  # noqa: PLR2004
    return [f"it was {days} ago, which is more than {show_duration(today.max_age)}"]


def _since_base(rule: RuleDefinition, base: tuple[RuleDefinition, ...] | None) -> str:
    if base is None:
        return ""
    namesakes = [other for other in base if other.name == rule.name]
    if any(not rule_changes(namesake, rule) for namesake in namesakes):
        return SAME
    return CHANGED if namesakes else NEW
