"""Why an experiment ended by itself, before its hold was over."""

from collections.abc import Iterable

from gameday.model.events import Engine

# What the engine calls an experiment that did not come to its end.
CUT_SHORT = {
    "interrupted": "was interrupted before its end",
    "aborted": "was aborted by the engine",
    "escaped": "broke the engine",
}


def interruption(engines: Iterable[Engine], before: float) -> str:
    """Return how the engine cut an experiment short by then; empty: it did not."""
    for engine in engines:
        how = CUT_SHORT.get(str(engine.status))
        if how and engine.at <= before:
            because = engine.because
            return f"the experiment {how}{f' ({because})' if because else ''}"
    return ""
