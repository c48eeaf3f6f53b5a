"""Write the reference pages from the code: `python docs/generate.py [--check]`.

With `--check` nothing is written; exits with 1 when a committed page is out of date.
"""

import inspect
import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import MISSING, Field
from pathlib import Path
from typing import Any

import click

from gameday import errors
from gameday.checks.doubt import CHAINS, Turns
from gameday.checks.judge import CHECKS, RUN_CHECKS
from gameday.cli import main as command_line
from gameday.files import problem_ids
from gameday.files.scenario import schema
from gameday.model import events as event_kinds
from gameday.model.events.codec import declared_fields, default_of
from gameday.model.faults import catalogue
from gameday.model.faults.request import kind_of
from gameday.model.verdict import Ending, ExitCode, Outcome

HERE = Path(__file__).resolve().parent
MARK = "<!-- Made by docs/generate.py from the code; change that instead. -->"
END_MARK = "<!-- As far as it is made. -->"
JUDGEMENT = HERE / "explanation" / "judgement.md"
WIDTH = 88
TURNS = {
    Turns.BOTH: "a pass and a fail",
    Turns.PASS: "a pass",
    Turns.FAIL: "a fail",
    Turns.FAIL | Turns.EARLIER: "a fail; what passed may have been earlier",
    Turns.FAIL | Turns.EARLIER | Turns.BROKEN: (
        "a fail, and a pass that had to last; what passed may have been earlier"
    ),
    Turns.NOTHING: "nothing",
}
COMMON = {
    "service": "the service whose instances are hit",
    "count": "how many of them",
    "share": "which share of them, rounded down, at least one: `34%`",
    "instances": "which ones, by name (`SERVICE-N`)",
    "duration": "the longest it may last, after which it ends by itself",
}


def commands() -> Iterator[str]:
    """Yield the page of the commands, each as its `--help` has it."""
    yield "# Commands\n"
    yield (
        "Each command says this with `--help`. What it exits with is in "
        "[Exit codes](exit-codes.md).\n"
    )
    for verb in command_line.VERBS:
        command = command_line.cli.get_command(click.Context(command_line.cli), verb)
        if command is not None:
            yield from _help(command, f"gameday {verb}")


def _help(command: click.Command, name: str) -> Iterator[str]:
    """Yield the help of a command, and of those below it."""
    command.epilog = None  # the exit codes, which are the same for all
    context = click.Context(
        command,
        info_name=name,
        terminal_width=WIDTH,
        max_content_width=WIDTH,
        help_option_names=["-h", "--help"],
    )
    yield f"## {name}\n"
    yield f"```text\n{command.get_help(context).rstrip()}\n```\n"
    if isinstance(command, click.Group):
        for word, below in command.commands.items():
            yield from _help(below, f"{name} {word}")


def exit_codes() -> Iterator[str]:
    """Yield the page of the exit codes, outcomes and endings."""
    source = inspect.getsource(ExitCode)
    meanings = dict(re.findall(r"(\w+) = \d+  #: (.+)", source))
    yield "# Exit codes\n"
    yield "| code | means |\n|---|---|"
    for code in ExitCode:
        yield f"| `{int(code)}` | {meanings[code.name]} |"
    yield "\nThe worst of several wins, in the order 5, 130, 4, 2, 1, 3, 0. No other"
    yield "code, and no traceback, reaches you. `gameday run --inconclusive pass` makes"
    yield "a 3 a 0.\n"
    yield "A verdict has two axes that never mix. Its **outcome**, what was proven, is"
    yield f"{_listed(one.value for one in Outcome)}: the worst finding wins (fail, then"
    yield "inconclusive, then pass). Its **ending**, how the run came to its end, is"
    yield f"{_listed(one.value for one in Ending)}."


def faults() -> Iterator[str]:
    """Yield the page of the faults."""
    yield "# Faults\n"
    yield (
        "Plain functions that Chaos Toolkit calls: `module: gameday.faults.FAMILY`, "
        "`func: FUNCTION`. `gameday.faults.undo()` as a rollback ends every fault that "
        "the experiment has open, newest first; it may be called again and again.\n"
    )
    yield "| fault | is | its own arguments |\n|---|---|---|"
    for entry in catalogue.CATALOGUE.values():
        own = [
            f"`{name}`{' (required)' if name in entry.required else ''}"
            for name in entry.own
        ]
        yield f"| `{entry.name}` | {entry.summary} | {', '.join(own) or 'none'} |"
    yield "\nEvery fault takes `service`, one of `count`, `share` or `instances`, and"
    yield "`duration`. Arguments may arrive as strings.\n"
    yield "| argument | is |\n|---|---|"
    for name in catalogue.COMMON_ARGUMENTS:
        yield f"| `{name}` | {COMMON[name]} |"
    meanings: dict[str, dict[str, None]] = {}  # one name may be of several kinds
    for entry in catalogue.CATALOGUE.values():
        for name in entry.own:
            meanings.setdefault(name, {})[kind_of(entry, name).meaning] = None
    for name, several in meanings.items():
        yield f"| `{name}` | {'; or '.join(several)} |"
    healing = [
        f"`{fault.name}`"
        for fault in catalogue.CATALOGUE.values()
        if fault.heals_itself
    ]
    yield f"\n{_listed(healing)} end by themselves when the instance is back."
    whole = [f"`{fault.name}`" for fault in catalogue.CATALOGUE.values() if fault.whole]
    yield f"{_listed(whole)} change the workload itself: they take none of `count`,"
    yield "`share` and `instances`, and count as hitting every instance."


def questions() -> Iterator[str]:
    """Yield the page of the questions that a verdict answers."""
    yield "# Questions\n"
    yield (
        "A verdict holds one finding for each question that its scenario asks, in the "
        "scenario's own words. The first sentence is the check's own.\n"
    )
    yield "| question | how it is answered | module |\n|---|---|---|"
    for name, check in {**CHECKS, **RUN_CHECKS}.items():
        said = " ".join((inspect.getdoc(check) or "").split("\n\n")[0].split())
        module = check.__module__.removeprefix("gameday.")
        yield f"| `{name}` | {_cell(said)} | `{module}` |"
    yield "\nAsked without being written: `before`, `during`, `after` where the"
    yield "experiment has a steady-state hypothesis; `bites` and `undone` for each"
    yield "fault;"
    yield "`stays_firing` for each promised alert; `no_other_alerts` unless it is"
    yield "switched off; `agrees_with_load` where there is a load; `drift` once a run."


def events() -> Iterator[str]:
    """Yield the page of the timeline's events."""
    yield "# Timeline\n"
    yield (
        "`timeline.ndjson` holds every event of a run in order, one JSON object a "
        'line, with `at` (RFC 3339, UTC, milliseconds) and `kind`: `{"at": '
        '"2026-01-01T00:00:00.000Z", "kind": "fault_started", …}`. Times inside of '
        "other fields are seconds since the epoch.\n"
    )
    yield (
        "A reader passes over fields and kinds that it does not know. Fields in "
        "brackets are left out where they say nothing, or were not written by earlier "
        "versions.\n"
    )
    yield "| kind | fields | meaning |\n|---|---|---|"
    for kind, known in event_kinds.KINDS.items():
        shown = ", ".join(_field(one) for one in declared_fields(known))
        meaning = " ".join((known.__doc__ or "").split())
        yield f"| `{kind}` | {shown} | {_cell(meaning)} |"


def _field(one: Field[Any]) -> str:
    """Return a field as the page names it: its unit, in brackets where it may lack."""
    units = {"Seconds": " (s)", "Instant": " (s since the epoch)", "Ratio": " (share)"}
    unit = next((said for word, said in units.items() if word in str(one.type)), "")
    named = f"`{one.name}`{unit}"
    return named if default_of(one) is MISSING else f"[{named}]"


def scenario() -> Iterator[str]:
    """Yield the page of a scenario's keys, from its JSON Schema."""
    whole = json.loads(schema.text())
    yield "# Scenario\n"
    yield (
        "The keys of a scenario file. `gameday schema` prints the JSON Schema for "
        "editors, `gameday check` judges a file. `${NAME}`, or `${NAME:-default}`, in "
        "any value is taken from the environment or from `--env FILE`; relative paths "
        "start at the file.\n"
    )
    yield from _keys("A scenario", whole)
    for name, part in whole["$defs"].items():
        yield from _keys(name, part)


def gate_policy() -> Iterator[str]:
    """Yield the page of a gate policy's keys, from its JSON Schema."""
    whole = json.loads(schema.text("gate"))
    yield "# Gate policy\n"
    yield (
        "The keys of a policy for [`gameday gate`](../how-to/gate-a-release.md). "
        "`gameday schema gate` prints the JSON Schema for editors.\n"
    )
    yield from _keys("A gate policy", whole)
    for name, part in whole["$defs"].items():
        yield from _keys(name, part)


def _keys(title: str, part: Mapping[str, Any]) -> Iterator[str]:
    yield f"## {title}\n"
    if "description" in part:
        yield " ".join(part["description"].split()) + "\n"
    properties = part.get("properties", {})
    said = any("description" in value for value in properties.values())
    more = (" is |", "---|") if said else ("", "")
    yield f"| key | value | required |{more[0]}\n|---|---|---|{more[1]}"
    for key, value in properties.items():
        needed = "yes" if key in part.get("required", ()) else ""
        meaning = f" {_cell(value.get('description', ''))} |" if said else ""
        yield f"| `{key}` | {_cell(_value(value))} | {needed} |{meaning}"
    yield ""


def _value(value: Mapping[str, Any]) -> str:
    """Say what a value may be, in one phrase."""
    for key, say in SAYINGS.items():
        if key in value:
            return say(value[key])
    if str(value.get("pattern", "")).startswith("(^https"):
        return "an `http://` or `https://` address"
    if value.get("type") == "array":
        return f"a list: {_value(value.get('items', {}))}"
    return TYPES[value["type"]]


def _either(choices: Sequence[Mapping[str, Any]]) -> str:
    """Say the choices; that `${NAME}` may stand anywhere is said once, above."""
    said = [_value(one) for one in choices if one.get("pattern") != r"\$\{"]
    return " or ".join(dict.fromkeys(said))


def _link(reference: str) -> str:
    name = reference.rpartition("/")[2]
    return f"[{name}](#{name.lower()})"


SAYINGS: Mapping[str, Callable[[Any], str]] = {
    "$ref": _link,
    "anyOf": _either,
    "oneOf": _either,
    "const": lambda value: f"`{value}`",
    "enum": lambda values: _listed((f"`{one}`" for one in values), "or"),
    "examples": lambda values: "such as " + ", ".join(f"`{one}`" for one in values),
}
TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "`true` or `false`",
    "object": "a mapping",
}


def exceptions() -> Iterator[str]:
    """Yield the page of the exceptions."""
    tree = (errors.__doc__ or "").split("::\n", 1)[1]
    yield "# Exceptions\n"
    yield (
        "For those who use gameday from Python: one tree, of which only the command "
        "line makes messages and exit codes.\n"
    )
    yield f"```text\n{inspect.cleandoc(tree)}\n```"


def problems() -> Iterator[str]:
    """Yield the page of the problems that files can have."""
    yield "# Problems\n"
    yield (
        "What `gameday check` finds has an id, `FAMILY/KIND`. An id keeps its meaning "
        "for good: `# gameday disable-next-line ID` on the line before accepts a "
        "problem (`FAMILY/*`: any of a family), and tools that compare reports rely "
        "on it.\n"
    )
    yield "| family | is about |\n|---|---|"
    for family, about in problem_ids.FAMILIES.items():
        yield f"| `{family}` | {about} |"
    yield "\nAny family may have these:\n"
    yield "| id | means |\n|---|---|"
    for code, meaning in problem_ids.COMMON.items():
        yield f"| `…/{code}` | {_cell(meaning)} |"
    yield "\nThese stand for themselves:\n"
    yield "| id | means |\n|---|---|"
    for problem_id, meaning in problem_ids.OWN.items():
        yield f"| `{problem_id}` | {_cell(meaning)} |"


def doubt() -> Iterator[str]:
    """Yield the table of doubt: which kind may change which question's answer."""
    for number, (name, chain) in enumerate(CHAINS.items()):
        kinds = chain.kinds()
        if number == 0:
            yield "| question | kind of doubt | may change |"
            yield "|---|---|---|"
        for turns, said in TURNS.items():
            found = [kind.value for kind in kinds if chain.turns[kind] == turns]
            if found:
                yield f"| {_asked(name)} | {'; '.join(found)} | {said} |"
        if not kinds:
            yield f"| {_asked(name)} | (its own answer says it) | |"


def _asked(name: str) -> str:
    question, _, way = name.partition(" ")
    return f"`{question}` {way}".rstrip()


def _listed(words: Any, last: str = "and") -> str:
    *first, final = words
    return f"{', '.join(first)} {last} {final}" if first else str(final)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("->", "→")


PAGES = {
    "commands.md": commands,
    "exit-codes.md": exit_codes,
    "faults.md": faults,
    "questions.md": questions,
    "scenario.md": scenario,
    "gate-policy.md": gate_policy,
    "timeline.md": events,
    "exceptions.md": exceptions,
    "problems.md": problems,
}


def pages() -> dict[Path, str]:
    """Return each page's text by its path."""
    made = {
        HERE / "reference" / name: f"{MARK}\n\n" + "\n".join(page()).rstrip() + "\n"
        for name, page in PAGES.items()
    }
    return {**made, JUDGEMENT: _with_table(JUDGEMENT.read_text(), doubt())}


def _with_table(text: str, lines: Iterator[str]) -> str:
    """Return a written page with the made table between its marks."""
    before, _, rest = text.partition(f"{MARK}\n")
    _, _, after = rest.partition(f"{END_MARK}\n")
    return f"{before}{MARK}\n\n" + "\n".join(lines) + f"\n\n{END_MARK}\n{after}"


def main(check: bool) -> int:
    """Write the pages, or say which are out of date; return the exit code."""
    stale = [
        path
        for path, text in pages().items()
        if not path.exists() or path.read_text() != text
    ]
    for path in stale:
        if check:
            print(f"{path.relative_to(HERE.parent)} is out of date", file=sys.stderr)
        else:
            path.parent.mkdir(exist_ok=True)
            path.write_text(pages()[path])
            print(f"wrote {path.relative_to(HERE.parent)}")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
