"""Fingerprints of problems: the same after lines were added above them."""

import hashlib
import re
from collections import Counter
from collections.abc import Sequence

from gameday.errors import Problem

_NUMBERED = re.compile(r"\[\d+\]|\bline \d+")  # places in lists, and lines, move


def fingerprints(problems: Sequence[Problem]) -> list[str]:
    """Return the fingerprint of each problem; those of twins are told apart."""
    seen: Counter[str] = Counter()
    made = []
    for problem in problems:
        message = _NUMBERED.sub("", problem.message)
        same = f"{problem.path}\0{problem.id}\0{message}"
        text = f"{same}\0{seen[same]}"
        seen[same] += 1
        made.append(hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest())
    return made
