"""report.html: one file, nothing from outside, readable by everyone, bounded."""

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import replace
from html.parser import HTMLParser
from importlib import resources

import pytest

from gameday.model.events import Probe, event
from gameday.model.timeline import Timeline
from gameday.model.verdict import Outcome
from gameday.reports import html
from tests.unit.reports import example

NAMES = tuple(example.variants())
VOID = {"meta", "link", "br", "hr", "img", "input"}


def rendered(run: example.Run) -> str:
    return html.render(run.plan, run.timeline, run.verdict)


class Outline(HTMLParser):
    """Checks that tags nest, and keeps headings, ids and references."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.ids: list[str] = []
        self.refers: list[str] = []
        self.levels: list[int] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep what it opens, names and refers to."""
        given = dict(attrs)
        if tag not in VOID:
            self.open.append(tag)
        if given.get("id"):
            self.ids.append(str(given["id"]))
        self.refers += str(given.get("aria-labelledby") or "").split()
        href = str(given.get("href") or "")
        self.refers += [href[1:]] if href.startswith("#") else []
        if re.fullmatch("h[1-6]", tag):
            self.levels.append(int(tag[1]))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Ignore it: it is closed at once."""

    def handle_endtag(self, tag: str) -> None:
        """Note it where it does not close what was opened last."""
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


@pytest.mark.parametrize("name", NAMES)
def test_the_page_is_well_formed(name: str) -> None:
    outline = Outline(rendered(example.variants()[name]))
    assert outline.wrong == []
    assert outline.open == []
    assert len(outline.ids) == len(set(outline.ids))
    assert set(outline.refers) <= set(outline.ids)
    assert outline.levels[0] == 1
    steps = zip(outline.levels, outline.levels[1:], strict=False)
    assert all(b - a <= 1 for a, b in steps)


@pytest.mark.parametrize("name", NAMES)
def test_the_page_asks_for_nothing_from_outside(name: str) -> None:
    text = rendered(example.variants()[name])
    assert not re.search(r'(src|href|action)\s*=\s*"(?!#|data:,)', text)
    assert not re.search(r"@import|url\((?!#)", text)
    assert "default-src 'none'" in text


def test_the_policy_allows_just_the_one_script() -> None:
    text = rendered(example.passing())
    script = re.search(r"<script>(.*?)</script>", text, re.DOTALL)
    assert script
    digest = base64.b64encode(hashlib.sha256(script[1].encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in text


def test_the_verdict_comes_first_then_the_worst_findings() -> None:
    text = rendered(example.wrong_receiver())
    places = [
        text.index(excerpt)
        for excerpt in (
            "<span>Fail</span>",
            "paged chat, but oncall was promised",
            'id="findings"',
            "oncall was not paged within 45 s",
            "The hypothesis held at the gate",
            'id="measured"',
            'id="budget"',
            'id="timeline"',
            'id="hit"',
            'id="warnings"',
            'id="provenance"',
            'id="evidence"',
        )
    ]
    assert places == sorted(places)
    assert "<title>Fail: checkout-survives-a-lost-replica" in text


def test_what_is_broken_is_said_before_everything() -> None:
    text = rendered(example.broken())
    assert text.index('role="alert"') < text.index('id="verdict"')
    assert "docker start shop-web-2" in text
    assert 'role="alert"' not in rendered(example.passing())


def test_every_outcome_has_its_word_beside_its_colour() -> None:
    text = rendered(example.inconclusive())
    rows = re.findall(r'<li class="finding (\w+)">\s*<span.*?</svg>(\w+)</span>', text)
    assert len(rows) == len(example.findings())
    assert all(kind == word.lower() for kind, word in rows)


def test_promised_measured_and_error_are_in_the_table() -> None:
    text = re.sub(r"<[^>]+>", " ", rendered(example.passing()))
    text = " ".join(text.split())
    assert "fires within WebReplicaDown 12.314 s ± 0.001 s 30 s Pass" in text
    assert "spends at most checkout-availability 0.0037% ± 0.0001% 2% Pass" in text


def test_bars_stand_for_shares_of_the_promise() -> None:
    text = rendered(example.wrong_receiver())
    limit = 100 / 1.5
    assert f'style="left:{limit:.2f}%"' in text
    assert f"width:{12.314 / 30 * limit:.2f}%" in text
    assert f"width:{131.2 / 120 * limit:.2f}%" in text
    assert "not measured" in text


def test_with_several_steps_the_table_names_them() -> None:
    run = example.passing()
    assert 'scope="rowgroup"' not in rendered(run)
    more = tuple(replace(finding, step="again") for finding in example.findings())
    both = replace(run.verdict, findings=(*run.verdict.findings, *more))
    text = rendered(replace(run, verdict=both))
    steps = re.findall(r'scope="rowgroup".*?</span> ([\w-]+)<', text)
    assert steps == ["lose-a-replica", "again"] * 2


def test_a_run_that_measured_nothing_shows_no_empty_bars() -> None:
    text = rendered(example.refused())
    assert 'id="measured"' not in text
    assert "Nothing is drawn" in text
    assert "No fault was injected; there is nothing to undo." in text
    assert "held by run 20260115-115501-a7fq" in text


def test_without_findings_the_page_says_so() -> None:
    run = example.refused()
    text = rendered(replace(run, verdict=replace(run.verdict, findings=())))
    assert "There are no findings" in text
    assert "There is none beyond the sentences above." in text


def test_proof_and_undo_are_told() -> None:
    text = " ".join(re.sub(r"<[^>]+>", " ", rendered(example.passing())).split())
    assert "Bites the container is exited and its process is gone" in text
    assert "45.412 s 0.412 s Undone by rollback: was stopped; started again" in text


def test_evidence_is_tables_with_times_in_utc() -> None:
    text = rendered(example.passing())
    assert re.search(r"<th[^>]*>firing</th><td>12:00:22.314 \(\+12.314 s\)</td>", text)
    assert "<caption>samples</caption>" in text


OK = (False, True, None)


def long_run(minutes: int) -> example.Run:
    """Return a run with everything many times over."""
    seconds = minutes * 60
    run = example.passing()
    extra = []
    for n in range(seconds):
        at = example.FAULT + n
        extra += [
            Probe(
                at=at,
                step=example.STEP,
                phase="during",
                name="p",
                ok=OK[n % 3],
                value=n,
            ),
            event(at, "load", since=at - 1, until=at, ok=50, failed=n % 2, sent=50),
            event(at, "alert_firing", alert=f"A{n}", labels={"n": n}, starts=at),
            event(at, "page", receiver=f"r{n % 50}", status="firing", alerts=[]),
            event(at, "note", text="x" * 5000),
        ]
    values = [[example.FAULT + n, float(n * 50)] for n in range(seconds)]
    extra.append(
        event(
            example.FAULT,
            "sample",
            slo=example.SLO,
            side="total",
            sign=1.0,
            series={"code": "299"},
            values=values,
        )
    )
    evidence = {"rows": [{"n": n, "text": "y" * 900} for n in range(5000)]}
    findings = tuple(
        replace(finding, evidence=evidence) for finding in example.findings()
    )
    return example.Run(
        plan=run.plan,
        timeline=Timeline([*run.timeline, *extra]),
        verdict=replace(run.verdict, findings=findings),
    )


def test_a_long_run_makes_a_bounded_page_that_says_where_the_rest_is() -> None:
    text = rendered(long_run(30))
    assert len(text) < 3_000_000
    assert "more are in <code>timeline.ndjson</code>" in text
    assert "4960 more rows are in <code>verdict.json</code>" in text


def test_zero_promises_have_bars_too() -> None:
    run = example.passing()
    spent = replace(
        next(f for f in example.findings() if f.question == "spends_at_most"),
        promised=0.0,
        measured=0.01,
        outcome=Outcome.FAIL,
    )
    text = rendered(replace(run, verdict=replace(run.verdict, findings=(spent,))))
    assert 'class="bar cut" style="width:100.0%"' in text


def _colours(block: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block))


def _light(colour: str) -> float:
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(a: str, b: str) -> float:
    high, low = sorted((_light(a), _light(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _themes() -> Mapping[str, dict[str, str]]:
    style = resources.files("gameday.reports") / "templates" / "report.css"
    text = style.read_text(encoding="utf-8")
    blocks = re.findall(r":root \{(.*?)\}", text, re.DOTALL)
    light = _colours(blocks[0])
    return {"light": light, "dark": light | _colours(blocks[1])}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_contrast_is_wcag_aa(theme: str) -> None:
    colours = _themes()[theme]
    grounds = ("paper", "card", "soft")
    words = ("ink", "muted", "pass", "fail", "inconclusive")
    pairs = [(word, ground) for word in words for ground in grounds]
    pairs += [("on", "fail"), ("on", "accent"), ("ink", "inconclusive-soft")]
    low = {
        pair: round(_contrast(colours[pair[0]], colours[pair[1]]), 2)
        for pair in pairs
        if _contrast(colours[pair[0]], colours[pair[1]]) < 4.5
    }
    assert low == {}
