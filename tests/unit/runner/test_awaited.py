"""What the aftermath waits for."""

from gameday.model.timeline import event
from gameday.runner.awaited import in_aftermath
from gameday.runner.board import Board
from tests.unit.runner.world import plan


def board() -> Board:
    """Return a board on which step s had a fault from 10 s to 20 s."""
    made = Board()
    started = {"step": "s", "id": "1", "fault": "process.stop", "service": "web"}
    ended = {"step": "s", "id": "1", "ok": True, "by": "run", "because": ""}
    made.see(event(10.0, "fault_started", instance="web-1", **started))
    made.see(event(20.0, "fault_ended", by_hand="", **ended))
    return made


def holds_again(seen: Board) -> bool:
    planned = plan()
    step = planned.scenario.steps[0]
    waited = list(in_aftermath(seen, step, planned.steps[0]))
    found = [one for one in waited if one.what == "the hypothesis holding again"]
    return found[0].kept


def test_the_hypothesis_has_to_be_probed_once_more_in_the_aftermath_itself() -> None:
    seen = board()
    said = {"step": "s", "ok": True, "because": ""}
    # Between the fault's end and the aftermath: the judge counts it as during.
    seen.see(event(20.05, "hypothesis", phase="during", **said))
    assert not holds_again(seen)
    seen.see(event(20.5, "hypothesis", phase="after", **said))
    assert holds_again(seen)
