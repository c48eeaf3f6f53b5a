"""The register as text, JSON, Markdown and a badge."""

import json

import pytest

from gameday.coverage import render
from gameday.coverage.past import Past
from tests.builders import rule
from tests.unit.coverage.register_of import DAY, NAME, defined, found, past


def test_the_json_says_for_each_rule_what_is_known() -> None:
    told = json.loads(render.to_json(found(past())))
    assert told["proven"] == {"ratio": 1.0, "proven": 1, "of": 1}
    (row,) = told["rules"]
    assert row["rule"] == NAME
    assert row["state"] == "proven"
    assert row["method"] == "process.stop"
    assert row["last_proven"] == "2026-01-01T00:02:32.000Z"
    assert row["proven_by"]["run"] == "r1"
    assert row["testbed"] == "docker://shop"
    assert {"group", "file", "line"} <= row.keys()


def test_what_was_never_proven_has_no_time() -> None:
    (row,) = json.loads(render.to_json(found()))["rules"]
    assert (row["state"], row["last_proven"], row["method"]) == ("never", None, None)


def test_the_text_ends_with_the_share_and_never_says_more_than_it_is() -> None:
    rules = [rule(NAME), rule("A"), rule("B")]
    lines = list(render.text(found(past(), rules=defined(*rules))))
    assert lines[-1] == "1 of 3 alert rules proven (33%); 2 never"


def test_the_page_is_a_table_that_no_name_can_break() -> None:
    hostile = rule("A|B<script>")
    page = render.markdown(found(rules=defined(hostile)))
    assert "A\\|B&lt;script>" in page


@pytest.mark.parametrize(("runs", "said"), [([past()], "100%"), ([], "0%")])
def test_the_badge_is_an_image_that_says_the_share(runs: list[Past], said: str) -> None:
    svg = render.badge(found(*runs))
    assert svg.startswith("<svg ")
    assert f'aria-label="alerts proven: {said}"' in svg


def test_a_badge_without_rules_says_unknown() -> None:
    assert "alerts proven: unknown" in render.badge(found(rules=()))


def test_the_same_register_gives_the_same_bytes() -> None:
    assert render.to_json(found(past())) == render.to_json(found(past()))
    assert "30d" in render.markdown(found(past(), after=DAY))
