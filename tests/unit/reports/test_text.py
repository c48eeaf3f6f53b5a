"""Console and Markdown: the verdict first, what is broken before it."""

from dataclasses import replace

from gameday.model.events import event
from gameday.model.timeline import Timeline
from gameday.model.verdict import Ending
from gameday.reports import console, markdown
from gameday.reports.headline import main_sentence
from tests.unit.reports import example


def rendered(run: example.Run) -> str:
    return markdown.render(run.plan, run.timeline, run.verdict)


def test_the_console_says_the_worst_first() -> None:
    lines = console.summary(example.wrong_receiver().verdict)
    assert lines[0] == (
        "Fail: checkout-survives-a-lost-replica (ran to its end, 2m40s)"
    )
    assert "oncall was promised" in lines[1]
    assert lines[3].startswith("  FAIL          reaches WebReplicaDown: ")
    assert lines[-1] == "3 fail, 12 pass"
    assert (
        "  pass          fires_within WebReplicaDown: 12.314 s ± 0.001 s of 30 s"
        in lines
    )


def test_the_console_begins_with_what_is_broken() -> None:
    lines = console.summary(example.broken().verdict)
    assert lines[0].startswith("STILL BROKEN: web-2 is still stopped")
    assert "docker start shop-web-2" in lines[0]


def test_the_sentence_that_matters() -> None:
    verdict = example.verdict()
    assert main_sentence(verdict) == (
        "Every promise was kept: 15 questions, 15 answers."
    )
    assert main_sentence(replace(verdict, findings=verdict.findings[:1])) == (
        "The one question asked was answered, and the promise was kept."
    )
    assert "held by run" in main_sentence(example.refused().verdict)
    assert "still broken" in main_sentence(example.broken().verdict)
    assert "Nothing was asked" in main_sentence(replace(verdict, findings=()))


def test_how_a_run_ended_is_not_what_it_proved() -> None:
    line = console.summary(example.guardrail().verdict)[0]
    assert "stopped by a guardrail; everything was undone" in line
    line = console.summary(example.refused().verdict)[0]
    assert "refused; no fault was injected" in line
    crashed = replace(example.broken().verdict, ending=Ending.CRASHED)
    assert "something is still broken" in console.summary(crashed)[1]


def test_markdown_tells_the_story() -> None:
    text = rendered(example.passing())
    assert text.startswith("# ✅ Pass: checkout-survives-a-lost-replica")
    assert (
        "| ✅ Pass | `fires_within` | `WebReplicaDown` | 30 s | 12.314 s ± 0.001 s | "
    ) in text
    assert "- `+17.550 s` page to oncall (pagerduty): WebReplicaDown firing" in text
    assert "- `+2.314 s` WebReplicaDown{" in text
    assert (
        "- `process.stop` on `web-2` at +0.000 s: bit, the container is exited and its "
        "process is gone; undone by rollback after 45.412 s (the undo took 0.412 s)"
    ) in text
    assert "not guaranteed; a group that is alive already" in text
    assert "- alert rules: `sha256:5b1f0c8e4a27d913`" in text


def test_markdown_of_something_broken_says_what_to_do() -> None:
    text = rendered(example.broken())
    assert "Still broken. Put right by hand" in text
    assert "**not undone**" in text
    assert "by hand: docker start shop-web-2" in text


def test_markdown_of_a_refusal_has_no_timeline() -> None:
    text = rendered(example.refused())
    assert "## Timeline" not in text
    assert "## What was hit" not in text
    assert text.startswith("# ❔ Inconclusive")


def test_a_long_story_is_cut_and_says_where_the_rest_is() -> None:
    run = example.passing()
    flood = [
        event(example.FAULT + n, "alert_firing", alert=f"A{n}", labels={}, starts=0)
        for n in range(500)
    ]
    story = replace(run, timeline=Timeline([*run.timeline, *flood]))
    assert "more in `timeline.ndjson`" in rendered(story)
    assert len(rendered(story)) < 20_000


def test_a_fault_that_was_not_injected_is_told() -> None:
    run = example.passing()
    failed = event(
        example.FAULT,
        "fault_failed",
        step=example.STEP,
        fault="process.stop",
        service="web",
        instance="web-2",
        because="no such container",
    )
    text = rendered(replace(run, timeline=Timeline([failed])))
    assert "`process.stop` on `web-2`: not injected: no such container" in text
