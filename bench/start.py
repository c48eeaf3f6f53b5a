"""What the command line costs to start, beside Chaos Toolkit's own.

`python bench/start.py [ROUNDS]`: the three commands take turns, so that whatever
else the machine does meets all of them alike.
"""

import sys

from cost import BIN, ROOT, Bar, Cost, measure, middle, verdict

SCENARIO = ROOT / "scenarios" / "lost-replica.yaml"
COMMANDS = {
    "chaos --version": [BIN / "chaos", "--version"],
    "gameday --help": [BIN / "gameday", "--help"],
    "gameday check": [BIN / "gameday", "check", SCENARIO],
}
AT_MOST = {"gameday --help": 0.5, "gameday check": 1.0}


def main(rounds: int) -> int:
    """Measure in turns, print the table, return the exit code."""
    costs: dict[str, list[Cost]] = {name: [] for name in COMMANDS}
    for turn in range(rounds + 1):
        for name, command in COMMANDS.items():
            cost = measure(command)
            if cost.code != 0:
                print(f"{name} exits with {cost.code}", file=sys.stderr)
                return 1
            if turn > 0:  # the first fills the page cache and __pycache__
                costs[name].append(cost)
    base = middle(costs["chaos --version"])
    return verdict(
        [
            Bar(
                what=name,
                value=middle(costs[name]) / base,
                at_most=limit,
                unit="x",
                detail=(
                    f"{middle(costs[name]) * 1000:.0f} ms of CPU; "
                    f"chaos --version {base * 1000:.0f} ms; median of {rounds}"
                ),
            )
            for name, limit in AT_MOST.items()
        ]
    )


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 15))
