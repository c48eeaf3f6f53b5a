"""The register as JSON, Markdown, plain text and a badge; the same gives the same."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from gameday.coverage.past import Evidence
from gameday.coverage.proof_state import (
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
from gameday.coverage.register import Register
from gameday.model.quantity import show_duration, show_instant
from gameday.reports.wording import clean

STATES = (IS_PROVEN, STALE, SYNTHETIC, WAS_SEEN, NEVER)
_ALWAYS = "it always fires, so it is not counted"
_CHARACTER = 6.5  # pixels of a badge's letter, at 11 pixels
_COLOURS = ((0.8, "#2e7d32"), (0.5, "#b26a00"), (0.0, "#b71c1c"))
_UNKNOWN = "#616161"


def to_json(register: Register) -> str:
    """Return the register for machines."""
    document = {
        "at": show_instant(register.at),
        "max_age": show_duration(register.max_age),
        "runs": register.runs,
        "unread": [clean(file) for file in register.unread],
        "proven": _ratio(register.rules),
        "rules": [_rule(rule) for rule in register.rules],
        "receivers_proven": _ratio(register.receivers),
        "receivers": [
            _named_state(receiver, "receiver") for receiver in register.receivers
        ],
        "routes": [_named_state(route, "route") for route in register.routes],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _ratio(states: Sequence[ProofState]) -> dict[str, Any]:
    counted = [state for state in states if state.counted]
    ratio = share(states)
    return {
        "ratio": None if ratio is None else round(ratio, 6),
        "proven": sum(state.proven for state in counted),
        "of": len(counted),
    }


def _rule(state: ProofState) -> dict[str, Any]:
    rule = state.rule
    shown: dict[str, Any] = {"rule": clean(state.name)}
    if rule is not None:
        shown |= {"group": clean(rule.group), "file": clean(rule.file)}
        shown |= {"line": rule.line, "counted": state.counted}
    if state.since_base:
        shown["since_base"] = state.since_base
    return shown | _state(state)


def _named_state(state: ProofState, kind: str) -> dict[str, Any]:
    return {kind: clean(state.name)} | _state(state)


def _state(state: ProofState) -> dict[str, Any]:
    evidence = state.evidence
    proof = evidence if state.state in (IS_PROVEN, STALE) else None
    return {
        "state": state.state,
        "because": clean(_because(state)),
        "method": clean(evidence.method) if evidence else None,
        "last_proven": show_instant(proof.at) if proof else None,
        "proven_by": _proof(proof) if proof else None,
        "seen_in": clean(evidence.run) if evidence and not proof else None,
        "testbed": clean(evidence.testbed) if evidence else None,
        "service": state.service or None,
    }


def _proof(proof: Evidence) -> dict[str, Any]:
    return {
        "run": clean(proof.run),
        "scenario": clean(proof.scenario),
        "step": clean(proof.step),
        "services": sorted(clean(name) for name in proof.services),
    }


def _because(state: ProofState) -> str:
    return (
        state.because
        if state.counted
        else "; ".join(filter(None, [_ALWAYS, state.because]))
    )


def headline(register: Register) -> str:
    """Return in one sentence how many rules are proven, and the other states."""
    counted = [rule for rule in register.rules if rule.counted]
    if not counted:
        return "no alert rule is known"
    counts = Counter(rule.state for rule in counted)
    others = [f"{counts[state]} {state}" for state in STATES[1:] if counts[state]]
    tail = f"; {', '.join(others)}" if others else ""
    said = f"{counts[IS_PROVEN]} of {len(counted)} alert rules proven"
    return f"{said} ({_percent(register.ratio)}){tail}"


def _percent(ratio: float | None) -> str:
    """Return a share in whole percent, never more than it is."""
    return "unknown" if ratio is None else f"{int(ratio * 100 + 1e-9)}%"


def text(register: Register) -> Iterator[str]:
    """Yield the lines that a terminal shows: what lacks proof comes last."""
    compared = any(rule.since_base for rule in register.rules)
    rules = [rule for rule in register.rules if rule.since_base != SAME]
    if compared and not rules:
        yield "no alert rule is new or changed"
    yield from _state_lines(rules)
    for title, states in (
        ("receivers:", register.receivers),
        ("routes:", register.routes),
    ):
        if states:
            yield title
            yield from _state_lines(states)
    yield headline(register)
    if not register.rules:
        yield (
            "name the rules with --rules FILE, or hold a game day that observes a "
            "Prometheus: then its rules are known"
        )
    for why in register.unread:
        yield f"not read: {clean(why)}"


def _state_lines(states: Iterable[ProofState]) -> Iterator[str]:
    for state in sorted(states, key=_order):
        mark = f" ({state.since_base})" if state.since_base else ""
        said = _reason_text(state)
        more = f": {said}" if said else ""
        yield f"  {state.state:14}  {clean(state.name)}{mark}{more}"


def _order(state: ProofState) -> tuple[int, str]:
    return STATES.index(state.state), state.name


def _reason_text(state: ProofState) -> str:
    """Return by what something is proven, or why it is not."""
    parts = []
    if state.evidence is not None and state.state in (IS_PROVEN, STALE):
        by = state.evidence
        parts.append(clean(f"{by.method} on {show_instant(by.at)[:10]} ({by.run})"))
    return "; ".join([*parts, *filter(None, [clean(_because(state))])])


def markdown(register: Register) -> str:
    """Return the register as a page."""
    lines = ["# What has been proven", "", f"{headline(register)}.", ""]
    rows = [
        (rule.name, rule.state, *_columns(rule), _because(rule))
        for rule in sorted(register.rules, key=_order)
    ]
    heads = ("alert rule", "state", "by", "last proven", "testbed", "because")
    lines += _table(heads, rows)
    for title, states in (
        ("receiver", register.receivers),
        ("route", register.routes),
    ):
        if states:
            rows = [
                (state.name, state.state, *_columns(state), _because(state))
                for state in sorted(states, key=_order)
            ]
            lines += ["", f"## {title.capitalize()}s", ""]
            lines += _table((title, *heads[1:]), rows)
    if register.unread:
        lines += ["", "Not read:", ""]
        lines += [f"* {_cell(why)}" for why in register.unread]
    told = f"At {show_instant(register.at)}, of {register.runs} runs"
    limit = show_duration(register.max_age)
    lines += ["", f"{told}; a proof is fresh for {limit}."]
    return "\n".join(lines) + "\n"


def _columns(state: ProofState) -> tuple[str, str, str]:
    by = state.evidence
    if by is None:
        return "", "", ""
    proof = show_instant(by.at)[:10] if state.state in (IS_PROVEN, STALE) else ""
    return by.method, proof, by.testbed


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    for row in rows:
        yield f"| {' | '.join(_cell(cell) for cell in row)} |"


def _cell(text: str) -> str:
    plain = clean(text).replace("\\", "\\\\").replace("|", "\\|")
    return plain.replace("<", "&lt;").replace("\n", " ")


def badge(register: Register) -> str:
    """Return the share of the proven rules as a small SVG."""
    ratio = register.ratio
    left, right = "alerts proven", _percent(ratio)
    colour = _UNKNOWN
    if ratio is not None:
        colour = next(colour for least, colour in _COLOURS if ratio >= least)
    first, second = (round(len(words) * _CHARACTER) + 12 for words in (left, right))
    whole = first + second
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{whole}" height="20" '
        f'role="img" aria-label="{left}: {right}"><title>{left}: {right}</title>'
        f'<rect width="{whole}" height="20" rx="3" fill="#424242"/>'
        f'<rect x="{first}" width="{second}" height="20" rx="3" fill="{colour}"/>'
        '<g fill="#fff" text-anchor="middle" font-size="11" '
        'font-family="Verdana,DejaVu Sans,sans-serif">'
        f'<text x="{first / 2}" y="14">{left}</text>'
        f'<text x="{first + second / 2}" y="14">{right}</text></g></svg>\n'
    )


def annotation(state: ProofState) -> str:
    """Return in one sentence that a new or changed rule is not proven."""
    what = "is new" if state.since_base == NEW else "has changed"
    said = f"{clean(state.name)} {what} and is not proven: {state.state}"
    return f"{said} ({clean(_because(state))})" if _because(state) else said
