"""Talking with a helper: wait for a word of its, give it the word, use it once."""

from collections.abc import Iterator, Mapping
from typing import Any

from gameday.errors import FaultFailed
from gameday.targets.sidecar_faults.host import GO, Line, SidecarHost, SidecarOrder


def wait_for_line(lines: Iterator[Line], word: str) -> Line:
    """Return the line with this word; FaultFailed where it fails, or never says it."""
    last: Any = "nothing"
    for line in lines:
        if line["say"] == word:
            return line
        if line["say"] == "failed":
            raise FaultFailed(line["because"])
        last = line.get("because", line["say"])
    raise FaultFailed(f"the helper did not say {word!r}; it last said: {last}")


def start_work(host: SidecarHost, helper: str) -> Line:
    """Give a helper the word and wait until its work is done; return what it says."""
    return wait_for_line(host.signal(helper, GO), "applied")


def run(host: SidecarHost, order: SidecarOrder) -> Mapping[str, Any]:
    """Start a helper, give the word, take the answer, remove it.

    Empty where it did its work and its answer could not be read.
    """
    helper = host.start(order)
    try:
        return start_work(host, helper)
    except FaultFailed:
        if not host.end(helper).clean:
            raise
        return {}
    finally:
        host.remove(helper)
