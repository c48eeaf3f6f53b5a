"""What holds of every module: who imports whom, how long, how it opens."""

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "gameday"
MODULES = sorted(PACKAGE.rglob("*.py"))
LONGEST = 450  # lines of any module
LONG = 300  # lines; a module is one noun, which rarely needs more
MAY_BE_LONG = 1 / 15  # of all modules
MOST = 15  # modules of a folder, besides its `__init__`
# Questions that a function may ask. ruff's C901 counts statements only: to it a
# condition of many parts, or a comprehension with filters, asks nothing more.
QUESTIONS = 14
OF_FORMATS = 18  # in `files`: a format has many cases, which stand best side by side

# What must not be in a repository that strangers read. Put together here, so that
# this file does not hold it either.
MACHINE = re.compile(
    r"(?<![\w.-])/(?:wo{r}k|ro{o}t|ho{m}e)/\w".replace("{", "").replace("}", "")
)
WORDS = re.compile(
    "|".join(
        (
            "sub" + "agents?",
            "large " + "language model",
            r"\bLL" + r"Ms?\b",
            "Chat" + "GPT",
            "Cl" + "aude",
            "Anth" + "ropic",
            "Open" + "AI",
            "Co" + "pilot",
        )
    )
)
REGISTRIES = re.compile(
    r"https?://[\w.-]*(?:pypi|pythonhosted|debian|docker|golang|npmjs|quay|ghcr)"
    r"\.(?:org|io|com)"
)


# A loop variable says what it holds; these hold anything.
NAMELESS = {"one", "it", "found", "thing"}
# A function is named by what it does or returns, in words of the field.
CONVERSATION = {
    "tell",
    "told",
    "untold",
    "say",
    "said",
    "hear",
    "heard",
    "unheard",
    "word",
    "words",
} | {"one", "mine", "ours", "theirs", "whose", "dear", "cheap", "thing", "found", "it"}


def tracked() -> list[Path]:
    """Return the files that git knows."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        timeout=30,
    )
    paths = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    return [path for path in paths if path.is_file()]


def texts() -> list[tuple[str, str]]:
    readable = []
    for path in tracked():
        try:
            readable.append((str(path.relative_to(ROOT)), path.read_text()))
        except UnicodeDecodeError:  # a test's own broken file
            continue
    return readable


def offenders(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{name}:{number}: {line.strip()}"
        for name, text in texts()
        for number, line in enumerate(text.splitlines(), start=1)
        if pattern.search(line)
    ]


@pytest.fixture(scope="module", autouse=True)
def _in_a_checkout() -> None:
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")


def test_the_import_contracts_hold() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [lint, "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_no_module_is_too_long() -> None:
    lengths = {path: len(path.read_text().splitlines()) for path in MODULES}
    assert {str(p): n for p, n in lengths.items() if n > LONGEST} == {}
    long = [str(path) for path, lines in lengths.items() if lines > LONG]
    assert len(long) <= MAY_BE_LONG * len(lengths), long


def test_every_room_opens_with_pure_or_edge() -> None:
    rooms = [path for path in MODULES if path.name == "__init__.py"]
    first = {
        str(path.relative_to(ROOT)): ast.get_docstring(ast.parse(path.read_text()))
        or ""
        for path in rooms
        if path.parent != PACKAGE
    }
    wrong = [
        name for name, text in first.items() if not re.match(r"(Pure|Edge)\. ", text)
    ]
    assert wrong == []


def test_a_room_says_what_its_sub_rooms_are_for() -> None:
    unnamed = [
        f"{room.parent.relative_to(PACKAGE)}: {below.parent.name}"
        for room in PACKAGE.glob("*/**/__init__.py")
        for below in room.parent.glob("*/__init__.py")
        if f"``{below.parent.name}``" not in room.read_text()
    ]
    assert unnamed == []


def test_the_floor_plan_names_every_room() -> None:
    plan = (PACKAGE / "__init__.py").read_text()
    rooms = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    rooms |= {path.stem for path in PACKAGE.glob("*.py")} - {"__init__", "__main__"}
    assert sorted(room for room in rooms if f"``{room}``" not in plan) == []


def test_the_architecture_page_names_every_room() -> None:
    page = (ROOT / "docs" / "explanation" / "architecture.md").read_text()
    contributing = (ROOT / "CONTRIBUTING.md").read_text()
    rooms = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    for text in (page, contributing):
        assert sorted(room for room in rooms if f"`{room}`" not in text) == []


def test_a_room_with_many_modules_has_sub_rooms() -> None:
    crowded = {
        folder.relative_to(PACKAGE).as_posix(): modules
        for folder in PACKAGE.rglob("*")
        if folder.is_dir() and (modules := len([*folder.glob("[!_]*.py")])) > MOST
    }
    assert not crowded


def test_there_is_no_room_for_leftovers() -> None:
    words = {"util", "utils", "helpers", "common", "base", "manager", "misc"}
    assert [str(p) for p in PACKAGE.rglob("*") if p.stem in words] == []


def test_nothing_prints_or_exits_but_the_command_line() -> None:
    rest = [path for path in MODULES if "cli" not in path.parts]
    calls = {
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in rest
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ("exit", "quit", "breakpoint")
    }
    assert calls == set()


def test_no_path_of_a_machine_is_in_the_repository() -> None:
    assert offenders(MACHINE) == []


def test_no_registry_is_named_in_the_repository() -> None:
    assert offenders(REGISTRIES) == []


def test_no_word_of_how_it_was_made_is_in_the_repository() -> None:
    assert offenders(WORDS) == []


def test_only_ci_knows_what_lies_beside_the_repository() -> None:
    beside = re.compile(r"\.\./sha" + "red")
    files_that_know = {line.partition(":")[0] for line in offenders(beside)}
    assert files_that_know <= {".ci/run"}


def modules_of(room: str) -> list[Path]:
    modules = [path for path in tracked() if path.suffix == ".py"]
    return [path for path in modules if path.is_relative_to(ROOT / room)]


@pytest.mark.parametrize("room", ["gameday", "tests", "bench"])
def test_a_loop_variable_says_what_it_holds(room: str) -> None:
    names = NAMELESS | {"each"} if room == "gameday" else NAMELESS
    nameless = [
        f"{path.relative_to(ROOT)}:{name.lineno}: {name.id}"
        for path in modules_of(room)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.For | ast.AsyncFor | ast.comprehension)
        for name in ast.walk(node.target)
        if isinstance(name, ast.Name) and name.id in names
    ]
    assert not nameless


@pytest.mark.parametrize("room", ["tests", "bench"])
def test_a_parameter_says_what_it_holds(room: str) -> None:
    nameless = [
        f"{path.relative_to(ROOT)}:{node.lineno}: {node.arg}"
        for path in modules_of(room)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.arg) and node.arg in NAMELESS
    ]
    assert not nameless


def test_a_function_is_named_by_what_it_does_or_returns() -> None:
    spoken = [
        f"{path.relative_to(ROOT)}:{node.lineno}: {node.name}"
        for path in modules_of("gameday")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.strip("_") in CONVERSATION
    ]
    assert not spoken


def questions_of(function: ast.AST) -> int:
    """Return McCabe's complexity, with each part of a condition, and each filter."""
    questions, nodes = 1, list(ast.iter_child_nodes(function))
    while nodes:
        node = nodes.pop()
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                continue
            case ast.BoolOp():
                questions += len(node.values) - 1
            case ast.comprehension():
                questions += 1 + len(node.ifs)
            case (ast.If() | ast.IfExp() | ast.For() | ast.AsyncFor() | ast.While()) | (
                ast.ExceptHandler() | ast.Assert() | ast.match_case()
            ):
                questions += 1
        nodes += ast.iter_child_nodes(node)
    return questions


def test_a_function_of_conditions_and_filters_is_counted_by_all_of_them() -> None:
    source = (
        "def f(a, b):\n"
        "    if a and b or not a:\n"
        "        return [x for x in a if x if b]\n"
        "    return lambda: 1 if a else 2\n"
    )
    assert questions_of(ast.parse(source).body[0]) == 1 + 3 + 3 + 1


def test_no_function_asks_too_much() -> None:
    """It would mix several questions: cut it where a part has a name of its own."""
    formats = PACKAGE / "files"
    over = [
        f"{path.relative_to(ROOT)}:{node.lineno}: {node.name}: {asked}"
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (asked := questions_of(node))
        > (OF_FORMATS if path.is_relative_to(formats) else QUESTIONS)
    ]
    assert not over, "\n".join(over)
