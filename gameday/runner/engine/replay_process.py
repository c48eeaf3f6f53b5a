"""Plays an experiment's rollbacks in a process of its own, for whoever heals.

Reads the experiment (JSON) from standard input, says {"failed": [sentences]} on
standard output. Needs nothing of the run that it belonged to.
"""

import json
import os
import sys
from collections.abc import Mapping
from typing import Any


class Collected:
    """Keeps what a relay says instead of sending it."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, Mapping[str, Any]]] = []

    def send(self, message: tuple[str, Mapping[str, Any]]) -> None:
        """Keep one message."""
        self.messages.append(message)

    @property
    def failed(self) -> list[str]:
        """What did not work, in sentences; empty when all rollbacks were played."""
        said = dict(self.messages)
        if "escaped" in said:
            return [str(said["escaped"]["because"])]
        if "rolled_back" not in said:
            return ["the rollbacks were not played"]
        return list(said["rolled_back"]["failed"])


def main() -> int:
    """Play, and tell."""
    document = json.load(sys.stdin)
    answer = os.dup(1)
    from gameday.runner.engine import child

    collected = Collected()
    child.play_alone(collected, document)
    os.write(answer, json.dumps({"failed": collected.failed}).encode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
