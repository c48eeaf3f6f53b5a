"""The indicator of Sloth's SLO: two queries of events, or a ratio; its templates."""

import re
from typing import NamedTuple

from gameday.files.promql import go_template, promql, promql_canonical
from gameday.files.text.cursor import Cursor
from gameday.files.text.suggest import among
from gameday.model.quoting import shown
from gameday.model.slos.slo import Term

_TEMPLATE = re.compile(r"\{\{ *\.window *\}\}")  # what Sloth looks for
_WINDOW = re.compile(r"\{\{(?:- )?\s*\.window\s*(?: -)?\}\}")


class Spelling(NamedTuple):
    """The names of the keys: the plain form's, or the Kubernetes form's."""

    error: str = "error_query"
    total: str = "total_query"
    ratio: str = "error_ratio_query"
    plugins: str = "slo_plugins"


KUBERNETES = Spelling("errorQuery", "totalQuery", "errorRatioQuery", "sloPlugins")


def counts(
    here: Cursor, spelling: Spelling
) -> tuple[tuple[Term, ...], tuple[Term, ...]] | None:
    """Return bad and total; NotCounted where the query is no count of events."""
    sli = here.mapping("sli")
    if sli is None:
        here.error(
            "sli is missing; expected events with two queries", code="missing-key"
        )
        return None
    kinds = [key for key in ("events", "raw", "plugin") if sli.get(key) is not None]
    if len(kinds) > 1 and "plugin" not in kinds:
        message = f"{among(kinds, 'and')} are both set; Sloth takes one kind of SLI"
        sli.error(message, code="exclusive-keys")
        return None
    plugin = sli.mapping("plugin")
    if plugin is not None:
        message = f"the plugin {plugin.text('id')!r} is code and not supported"
        plugin.error(f"{message}; write the queries out", code="plugin")
        return None
    raw = sli.mapping("raw")
    if raw is not None:
        return _ratio(raw, spelling.ratio)
    events = sli.mapping("events")
    if events is None:
        message = "events is missing; expected an error query and a total query"
        sli.error(message, code="missing-key")
        return None
    return _events(events, spelling)


def _events(
    here: Cursor, spelling: Spelling
) -> tuple[tuple[Term, ...], tuple[Term, ...]] | None:
    bad, total = (_query(here, key) for key in (spelling.error, spelling.total))
    if not (bad and total):
        return None
    counted = promql.terms(bad), promql.terms(total)
    if bad == total or promql_canonical.counts_alike(*counted):
        message = "the error query and the total query count the same events"
        here.error(message, spelling.error, code="same-query")
        return None
    return counted


def _ratio(here: Cursor, key: str) -> tuple[tuple[Term, ...], tuple[Term, ...]] | None:
    query = _query(here, key)
    if not query:
        return None
    try:
        return promql.ratio(query)
    except promql.NotCounted as reason:
        raise promql.NotCounted(f"raw.{key} is not supported: {reason}") from None


def _query(here: Cursor, key: str) -> str:
    """Return a query with a window in it; empty after an error.

    Sloth runs it as a Go template that knows nothing but `.window`.
    """
    query = here.text(key, required=True)
    if not query:
        return ""
    try:
        reads = go_template.parse(query, (), go_template.BUILT_IN)
    except go_template.TemplateError as error:
        message = f"Sloth cannot parse the template: {error}"
        here.error(message, key, code="template-syntax")
        return ""
    if not _TEMPLATE.search(query):
        message = "has no {{.window}} where Sloth puts each of its windows"
        here.error(message, key, code="template-window")
        return ""
    unknown = sorted(reads - {".window", "$"})
    if unknown:
        message = f"Sloth's templates know .window only, not {among(unknown)}"
        here.error(message, key, code="template-window")
        return ""
    filled = _WINDOW.sub("5m", query)
    if "{{" in filled:
        raise promql.NotCounted(f"{key} has template actions beside {{{{.window}}}}")
    severity, why = promql.judge(filled)
    if severity == "error":
        here.error(f"{shown(query)} {why}", key, code="promql-syntax")
        return ""
    return filled
