"""What is told of a text that YAML's parser refuses."""

import yaml

from gameday.errors import Problem

_QUOTED = "quoted text"
_BEGUN = {  # what the parser was in -> as a person calls it
    "while scanning a quoted scalar": _QUOTED,
    "while parsing a flow sequence": "list",
    "while parsing a flow mapping": "mapping",
}


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
    message = f"is not valid YAML: {what}{hint}"
    return Problem(path, line, message, id="file/syntax")
