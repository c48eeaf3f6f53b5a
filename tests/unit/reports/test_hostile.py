"""Whatever labels and messages say: no markup, no code, no secret comes out."""

import json
import re
from html.parser import HTMLParser

import pytest

from gameday.reports import console, html, junit, markdown, verdict_json
from gameday.reports.chart import chart
from tests.unit.reports import example, hostile
from tests.unit.reports.reading import parse_xml

NAMES = tuple(example.variants())


def attacked(name: str) -> example.Run:
    return hostile.run(example.variants()[name])


class Page(HTMLParser):
    """Collects what a browser would act on."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: dict[str, int] = {}
        self.attributes: list[tuple[str, str]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Count it and keep its attributes."""
        self.tags[tag] = self.tags.get(tag, 0) + 1
        self.attributes += [(name, value or "") for name, value in attrs]


@pytest.mark.parametrize("name", NAMES)
def test_no_attack_becomes_markup_in_the_page(name: str) -> None:
    run = attacked(name)
    page = Page(html.render(run.plan, run.timeline, run.verdict))
    assert page.tags["script"] == 1
    assert page.tags["style"] == 1
    assert "img" not in page.tags
    assert not [
        attribute for attribute, _ in page.attributes if attribute.startswith("on")
    ]


@pytest.mark.parametrize("name", NAMES)
def test_the_attack_is_shown_as_text(name: str) -> None:
    run = attacked(name)
    text = html.render(run.plan, run.timeline, run.verdict)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "{{ 7*7 }}" in text


@pytest.mark.parametrize("name", ["passing", "inconclusive", "guardrail", "broken"])
def test_the_drawing_is_well_formed_and_holds_no_attack(name: str) -> None:
    run = attacked(name)
    root = parse_xml(chart.render(run.plan, run.timeline, run.verdict))
    tags = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert tags <= {
        *("svg", "title", "desc", "defs", "pattern", "rect", "line", "text", "path"),
        "g",
    }
    assert not [
        attribute
        for e in root.iter()
        for attribute in e.attrib
        if attribute.startswith("on")
    ]


@pytest.mark.parametrize("name", NAMES)
def test_no_password_of_a_url_is_printed_anywhere(name: str) -> None:
    run = attacked(name)
    texts = [
        html.render(run.plan, run.timeline, run.verdict),
        markdown.render(run.plan, run.timeline, run.verdict),
        junit.render(run.verdict),
        verdict_json.render(run.verdict),
        "\n".join(console.summary(run.verdict)),
    ]
    assert [text.count(hostile.SECRET) for text in texts] == [0] * 5


def test_lines_for_a_terminal_cannot_steer_it() -> None:
    lines = console.summary(attacked("passing").verdict)
    assert not re.search("[\x00-\x1f\x7f\u202e]", "".join(lines))


def test_junit_stays_xml() -> None:
    root = parse_xml(junit.render(attacked("wrong_receiver").verdict))
    cases = list(root.iter("testcase"))
    assert len(cases) == len(example.findings())
    assert "<script>" in cases[0].attrib["name"]


def test_markdown_keeps_its_table_and_calls_nobody() -> None:
    run = attacked("passing")
    text = markdown.render(run.plan, run.timeline, run.verdict)
    rows = [line for line in text.splitlines() if line.startswith(("| ✅", "| ❌"))]
    assert len(rows) == len(example.findings())
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {7}
    outside_code = re.sub(r"(`+).*?\1", "", text)
    assert "<script" not in outside_code


def test_verdict_json_stays_json() -> None:
    document = json.loads(verdict_json.render(attacked("passing").verdict))
    assert "<script>" in document["findings"][0]["because"]
