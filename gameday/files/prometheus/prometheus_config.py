"""What gameday reads of a Prometheus configuration: timing and rule files."""

import glob
import os.path
from dataclasses import field

from gameday.errors import Problem
from gameday.files.prometheus import prometheus_fields
from gameday.files.text import source, yaml
from gameday.files.text.cursor import Cursor, top
from gameday.files.text.nodes import Document
from gameday.files.text.units import parse_prometheus_duration
from gameday.frozen import frozen
from gameday.model.timing.prometheus_settings import PrometheusSettings, settings_of


@frozen
class PrometheusConfig:
    """Times in seconds, the global ones.

    `jobs` has (name, interval, timeout) of each job. `rule_files` are paths that
    exist, `all_rules`: whether each pattern has one. `settings`: what the lint reads,
    as it reads it of a running Prometheus.
    """

    scrape_interval: float = 60.0
    scrape_timeout: float = 10.0
    evaluation_interval: float = 60.0
    rule_query_offset: float = 0.0
    rule_files: tuple[str, ...] = ()
    all_rules: bool = True
    jobs: tuple[tuple[str, float, float], ...] = ()
    settings: PrometheusSettings = field(
        default_factory=PrometheusSettings, compare=False
    )


def read(path: str) -> tuple[PrometheusConfig | None, list[Problem]]:
    """Return what a configuration file says, and every problem in it."""
    read = source.read(path)
    if read.problem is not None:
        return None, [read.problem]
    return parse(read.text, path)


def parse(text: str, path: str) -> tuple[PrometheusConfig | None, list[Problem]]:
    """Return what a configuration's text says, and every problem in it."""
    return parse_document(yaml.parse(text, path))


def parse_document(document: Document) -> tuple[PrometheusConfig | None, list[Problem]]:
    """Do what `parse` does for a text that was read already."""
    problems = document.problems_for_go()
    here = top(document, problems, family="prometheus", texts=True)
    if document.root is None and [problem.id for problem in problems] == ["file/empty"]:
        return PrometheusConfig(), []  # all defaults, as for Prometheus
    if document.root is None or here.mapping() is None:
        return None, problems
    if document.is_behind_empty:
        here.warn(
            "stands behind an empty document, which is all that Prometheus reads; "
            "remove the `---` before it",
            code="second-document",
        )
    prometheus_fields.judge(here)
    general = here.mapping("global") or Cursor(document, {}, problems, ("global",))
    interval = _duration(general, "scrape_interval", 60.0)
    timeout = _duration(general, "scrape_timeout", min(10.0, interval))
    if timeout > interval:
        general.error(
            "is longer than scrape_interval; shorten it", "scrape_timeout", code="value"
        )
    jobs = [_job(job, interval, timeout) for job in here.list_of("scrape_configs")]
    rule_files = _rule_files(here, document.path)
    config = PrometheusConfig(
        scrape_interval=interval,
        scrape_timeout=timeout,
        evaluation_interval=_duration(general, "evaluation_interval", 60.0),
        rule_query_offset=_duration(general, "rule_query_offset", 0.0),
        rule_files=tuple(name for names in rule_files for name in names),
        all_rules=all(rule_files),
        jobs=tuple(job for job in jobs if job is not None),
        settings=settings_of(here.value),
    )
    return config, problems


def _duration(here: Cursor, key: str, default: float) -> float:
    text = here.text(key)
    if not text:
        return default
    try:
        return parse_prometheus_duration(text) or default  # none is nothing said
    except ValueError:  # told by its field
        return default


def _job(
    here: Cursor, interval: float, timeout: float
) -> tuple[str, float, float] | None:
    if here.mapping() is None:
        return None
    name = here.text("job_name", required=True)
    own = _duration(here, "scrape_interval", interval)
    own_timeout = _duration(here, "scrape_timeout", min(timeout, own))
    if own_timeout > own:
        message = "is longer than scrape_interval; shorten it"
        here.error(message, "scrape_timeout", code="value")
    return name, own, own_timeout


def _rule_files(here: Cursor, path: str) -> list[list[str]]:
    """Return the files that there are of each pattern."""
    folder = os.path.dirname(path)  # noqa: PTH120 - paths stay as the user wrote them
    places: list[list[str]] = []
    for item in here.list_of("rule_files"):
        if not isinstance(item.value, str):
            if item.value is not None:
                item.error("is not text; expected a path", code="wrong-type")
            continue
        pattern = os.path.join(folder, item.value)  # noqa: PTH118
        there = sorted(glob.glob(pattern))  # noqa: PTH207
        places.append([os.path.normpath(file) for file in there])
    return places
