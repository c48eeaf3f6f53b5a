"""`gameday coverage`: the register, from stored runs, artifact folders and drills."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from gameday.coverage.definition import Language, RuleDefinition, define
from gameday.coverage.past import Drill, Past, deliveries_of, evidence_of
from gameday.coverage.register import Register, RegisterRequest, register
from gameday.errors import InvalidFile, StoreError, UsageError
from gameday.frozen import frozen
from gameday.ledger.home import home
from gameday.model.alerting.alert import Routing
from gameday.model.events import AlertFiring, FaultStarted, Page
from gameday.model.plan import Monitoring
from gameday.ports import Clock
from gameday.store import drills
from gameday.store.folder import parse_lines
from gameday.store.history import History, Kept, kept_below
from gameday.store.plans import from_json

KINDS = (AlertFiring.kind, FaultStarted.kind, Page.kind)
FILES = ("coverage.json", "coverage.md", "coverage.svg")


@frozen
class CoverageRequest:
    """What the register is asked about.

    `rules`, `alertmanager`: today's files; without them what the newest run saw that
    saw any: one that was refused, since Prometheus did not answer, takes none away.
    `folders`: where downloaded runs are, beside the stored ones.
    """

    rules: tuple[str, ...] = ()
    alertmanager: str = ""
    folders: tuple[str, ...] = ()
    base: str = ""
    max_age: float


def cover(wish: CoverageRequest, clock: Clock) -> Register:
    """Return the register; InvalidFile or UsageError where it cannot be asked."""
    if wish.base and not wish.rules:
        raise UsageError(
            "--base compares rule files: name them with --rules FILE or --rules FOLDER"
        )
    language = promql_language()
    files = _rules(wish, language)
    found, unread = read_pasts(wish.folders)
    newest = sorted(found, key=lambda past: past.verdict.ended, reverse=True)
    observed = [past.plan.monitoring for past in newest]
    rules = _observed_rules(observed, language) if files is None else files
    routing = _routing(wish.alertmanager) or next(
        (seen.routing for seen in observed if seen.routing is not None), None
    )
    today = RegisterRequest(
        now=clock.now(),
        max_age=wish.max_age,
        rules=rules,
        routing=routing,
        base=_at_base(wish, language),
    )
    synthetic, also = _drills(wish.folders)
    return register(today, found, synthetic, language, [*unread, *also])


def write(proofs: Register, folder: str) -> list[str]:
    """Write the register as JSON, Markdown and badge; return the paths."""
    from gameday.coverage import render
    from gameday.store.folder import write_file

    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{folder}: {error.strerror}; choose another --out") from error
    texts = (render.to_json(proofs), render.markdown(proofs), render.badge(proofs))
    return [
        write_file(str(Path(folder) / name), text)
        for name, text in zip(FILES, texts, strict=True)
    ]


def promql_language() -> Language:
    """Return what the register has to know of PromQL."""
    from gameday.files.promql.promql import metrics
    from gameday.files.promql.promql_canonical import canonical

    return Language(spell=canonical, metrics=metrics)


def _rules(
    wish: CoverageRequest, language: Language
) -> tuple[RuleDefinition, ...] | None:
    if not wish.rules:
        return None
    from gameday.files.prometheus import rule_files

    rule_file = rule_files.read(wish.rules)
    return tuple(
        replace(rule, file=os.path.normpath(rule.file))
        for rule in define(rule_file.alerts, rule_file.recorded, language)
    )


def _observed_rules(
    observed: Iterable[Monitoring], language: Language
) -> tuple[RuleDefinition, ...]:
    """Return the rules that the newest of the runs has seen."""
    for monitoring in observed:
        if monitoring.rules is not None:
            return define(monitoring.rules, monitoring.recorded, language)
    return ()


def _at_base(
    wish: CoverageRequest, language: Language
) -> tuple[RuleDefinition, ...] | None:
    if not wish.base:
        return None
    from gameday.files import changed
    from gameday.files.prometheus import rule_files

    texts = changed.texts_at(wish.base, wish.rules, rule_files.HINT)
    rule_file = rule_files.parse(texts)
    return define(rule_file.alerts, rule_file.recorded, language)


def _routing(path: str) -> Routing | None:
    if not path:
        return None
    from gameday.files.alertmanager import alertmanager

    routing, problems = alertmanager.read(path)
    if routing is None:
        raise InvalidFile(
            [problem for problem in problems if problem.severity == "error"]
        )
    return routing


def read_pasts(folders: Sequence[str]) -> tuple[list[Past], list[str]]:
    """Return every run that can be read, each once, and why others cannot."""
    by_run: dict[str, Past] = {}
    unread: list[str] = []
    for kept in _stored_runs(folders):
        past = kept if isinstance(kept, StoreError) else _past_of(kept)
        if isinstance(past, StoreError):
            unread.append(str(past))
        else:
            by_run.setdefault(past.verdict.run, past)
    return list(by_run.values()), unread


def _stored_runs(folders: Iterable[str]) -> Iterator[Kept | StoreError]:
    yield from History(home()).judged_runs(KINDS)
    for folder in folders:
        if not Path(folder).is_dir():
            raise UsageError(f"{folder}: there is no such folder; name one with runs")
        yield from kept_below(folder, KINDS)


def _past_of(kept: Kept) -> Past | StoreError:
    from gameday.reports import verdict_json

    try:
        verdict = verdict_json.parse(kept.verdict)
        plan = from_json(kept.plan, kept.where)
        heard = parse_lines(kept.lines, kept.where)
    except StoreError as error:
        return error
    except (ValueError, KeyError, TypeError) as error:
        return StoreError(f"{kept.where}: not a verdict ({error})")
    past = Past(plan=plan, verdict=verdict, heard=tuple(heard))
    try:
        list(evidence_of(past, promql_language()))
        list(deliveries_of(past))
    except (KeyError, TypeError) as error:
        return StoreError(f"{kept.where}: an event of the record lacks {error}")
    return past


def _drills(folders: Sequence[str]) -> tuple[list[Drill], list[str]]:
    """Return every drill that was delivered, each once, and what cannot be read."""
    by_id: dict[str, Drill] = {}
    unread: list[str] = []
    for folder in (str(Path(home()) / "drills"), *folders):
        for drill in drills.below(folder):
            if isinstance(drill, StoreError):
                unread.append(str(drill))
            elif drill.delivered:
                by_id.setdefault(drill.name, drill)
    return list(by_id.values()), unread
