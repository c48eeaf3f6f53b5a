"""Functions of installed packages: read, never imported."""

import sys
from pathlib import Path

import pytest

from gameday.files.experiment import experiment, installed
from tests.unit.files.shop import Shop

NAME = "experiments/foreign.yaml"
MODULE = """\
raise SystemExit("nobody may import this")
from .deeper import moved as renamed
from .star import *

def plain(a, b=1, *, c, d=2, configuration=None, secrets=None): ...

def anything(a, **rest): ...

def injected(configuration, *, secrets): ...

def optional(a=None, *, b=None): ...

@decorated
def wrapped(a): ...

try:
    import fast
except ImportError:
    def fallback(a): ...

replaced = None
def replaced(a): ...
replaced = decorated(replaced)
"""


@pytest.fixture(autouse=True)
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install a package of an extension that must not be imported."""
    folder = tmp_path / "installed" / "chaosthing"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("raise SystemExit")
    (folder / "actions.py").write_text(MODULE)
    (folder / "deeper.py").write_text("from chaosthing.deepest import moved\n")
    (folder / "deepest.py").write_text("async def moved(x): ...\n")
    (folder / "star.py").write_text("def starred(y): ...\n")
    (folder / "broken.py").write_text("def broken(:\n")
    monkeypatch.syspath_prepend(str(folder.parent))
    installed._tree.cache_clear()


@pytest.mark.parametrize(
    ("func", "names", "required", "takes_any", "certain"),
    [
        ("plain", "a b c d configuration secrets", "a c", False, True),
        ("anything", "a", "a", True, True),
        ("wrapped", "a", "a", False, False),
        ("renamed", "x", "x", False, True),
        ("starred", "y", "y", False, True),
        ("fallback", "a", "a", False, True),
        ("injected", "configuration secrets", "configuration secrets", False, True),
        ("optional", "a b", "", False, True),
    ],
)
def test_signatures(
    func: str, names: str, required: str, takes_any: bool, certain: bool
) -> None:
    assert installed.signature("chaosthing.actions", func) == installed.Signature(
        tuple(names.split()), tuple(required.split()), takes_any, certain
    )
    assert "chaosthing" not in sys.modules


@pytest.mark.parametrize(
    "name",
    [
        "chaosthing.actions.replaced",
        "chaosthing.actions.nothing",
        "chaosthing.broken.broken",
        "chaosthing.nowhere.func",
        "nowhere.func",
        "os.path.basename",
        "../etc.passwd",
        "chaosthing." + "pod" * 1000 + ".func",
    ],
)
def test_what_is_not_known(name: str) -> None:
    module, _, func = name.rpartition(".")
    assert installed.signature(module, func) is None


@pytest.mark.parametrize(
    ("func", "arguments", "told"),
    [
        ("plain", "{a: 1, c: 2}", []),
        (
            "plain",
            "{a: 1, c: 2, cc: 3}",
            ["error: cc: chaosthing.actions.plain has no"],
        ),
        (
            "plain",
            "{a: 1}",
            ["error: : chaosthing.actions.plain needs the argument 'c'"],
        ),
        (
            "plain",
            "{}",
            [
                "error: : chaosthing.actions.plain needs the argument 'a', which",
                "error: : chaosthing.actions.plain needs the argument 'c', which",
            ],
        ),
        ("injected", "{}", []),
        ("optional", "{}", []),
        ("wrapped", "{}", ["warning: : chaosthing.actions.wrapped needs the argument"]),
        ("anything", "{a: 1, z: 2}", []),
        ("wrapped", "{a: 1, z: 2}", ["warning: z: chaosthing.actions.wrapped has no"]),
        ("nothing", "{z: 1}", []),
    ],
)
def test_arguments_are_compared(
    shop: Shop, func: str, arguments: str, told: list[str]
) -> None:
    call = f"{{type: python, module: chaosthing.actions, func: {func}, "
    shop.write(
        NAME,
        "title: a\ndescription: b\nmethod:\n  - type: probe\n    name: a\n"
        f"    provider: {call} arguments: {arguments}}}\n",
    )
    problems = experiment.read(str(shop.folder / NAME), env={})[1]
    place = "method[0].provider.arguments"
    seen = [
        f"{problem.severity}: {problem.message.removeprefix(place).removeprefix('.')}"
        for problem in problems
        if problem.id == "experiment/argument"
    ]
    assert len(seen) == len(told)
    for message, start in zip(seen, told, strict=True):
        assert message.startswith(start)
