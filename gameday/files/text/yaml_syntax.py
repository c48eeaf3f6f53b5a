"""What is told of a text that YAML's parser refuses."""

import contextlib
from typing import Any

import yaml

from gameday.errors import Problem

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_LONGEST = 200_000  # characters that are worth a second look
_QUOTED = "quoted text"
_BEGUN = {  # what the parser was in -> as a person calls it
    "while scanning a quoted scalar": _QUOTED,
    "while parsing a flow sequence": "list",
    "while parsing a flow mapping": "mapping",
}


def _long_quote(text: str, line: int) -> int:
    """Return where the quoted text begins that ends in a line; 0: none of several."""
    if len(text) > _LONGEST:
        return 0
    began = 0
    with contextlib.suppress(yaml.YAMLError):
        for token in yaml.scan(text, Loader=_LOADER):
            if token.end_mark.line + 1 > line:
                break
            is_quoted = isinstance(token, yaml.ScalarToken) and token.style in (
                "'",
                '"',
            )
            if is_quoted and token.start_mark.line < token.end_mark.line:
                began = (
                    token.start_mark.line + 1 if token.end_mark.line + 1 == line else 0
                )
    return began


def problem(error: yaml.YAMLError, text: str, path: str) -> Problem:
    """Return the problem of a text that is no YAML."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    line = mark.line + 1 if mark is not None else None
    what = getattr(error, "problem", None) or str(error).split("\n")[0]
    if isinstance(error, yaml.reader.ReaderError):
        line = text.count("\n", 0, error.position) + 1
        what = f"the character #x{error.character:04x} is not allowed"
    lines = text.split("\n", line) if line else []
    tabbed = line and len(lines) >= line and lines[line - 1].lstrip(" ")[:1] == "\t"
    hint = "; indent with spaces, not with a tab" if tabbed else ""
    begun = _BEGUN.get(str(getattr(error, "context", "")))
    start = getattr(error, "context_mark", None)
    began = start.line + 1 if start is not None else line
    if begun == _QUOTED and began != line:  # it ran on to the end of the file
        line, what = began, f"the {begun} that begins here does not end"
    elif begun and began != line:
        what = f"{what} in the {begun} that begins in line {began}"
    elif line and (opened := _long_quote(text, line)):
        hint = f"; the {_QUOTED} from line {opened} ends here: was it closed there?"
    message = f"is not valid YAML: {what}{hint}"
    return Problem(path, line, message, id="file/syntax")
