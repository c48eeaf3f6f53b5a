"""How long something has to hold before it is back for good.

What was false in a share p of the looks during a fault is seen to be true n times in
a row by chance with (1 - p)^n. Below 5 % it is no chance any more.
"""

import math
from collections.abc import Iterable

CHANCE = 0.05
FEWEST = 5  # looks
LONGEST = 60.0  # seconds


def looks_in_a_row(false_share: float, fewest: int = FEWEST) -> int:
    """Return how many looks in a row have to hold."""
    if false_share >= 1.0:
        return fewest
    if false_share <= 0.0:
        return 1
    return max(fewest, math.ceil(math.log(CHANCE) / math.log(1.0 - false_share)))


def share_of_false(answers: Iterable[bool | None]) -> float:
    """Return the share of looks that did not hold; 0 where there was none."""
    known = list(answers)
    return known.count(False) / len(known) if known else 0.0
