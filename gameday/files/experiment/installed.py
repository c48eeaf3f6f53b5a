"""Functions of installed packages, read from their source and never imported."""

import ast
import functools
import os
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_DEEPEST = 5  # modules that a name is followed through
_LARGEST = 2_000_000  # bytes of a module
_PLAIN = {"wraps", "contextmanager", "lru_cache", "cache"}  # keep what they decorate


class Signature(NamedTuple):
    """A function's parameters; `certain`: no decorator may have changed them.

    `required`: those without a default.
    """

    names: tuple[str, ...]
    required: tuple[str, ...]
    takes_any: bool
    certain: bool


Function = ast.FunctionDef | ast.AsyncFunctionDef


def signature(module: str, func: str) -> Signature | None:
    """Return the signature of a function; None where its source is not found."""
    function = _function(module, func, _DEEPEST)
    if function is None:
        return None
    given = function.args
    names = [*given.args, *given.kwonlyargs]
    optional = [None] * (len(given.args) - len(given.defaults)) + [*given.defaults]
    defaults = zip(names, [*optional, *given.kw_defaults], strict=True)
    return Signature(
        names=tuple(name.arg for name in names),
        required=tuple(name.arg for name, default in defaults if default is None),
        takes_any=given.kwarg is not None,
        certain=not given.posonlyargs and all(map(_is_plain, function.decorator_list)),
    )


def _is_plain(decorator: ast.expr) -> bool:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    name = called.attr if isinstance(called, ast.Attribute) else ast.unparse(called)
    return name in _PLAIN


def _function(module: str, func: str, depth: int) -> Function | None:
    tree, is_package = _tree(module)
    if tree is None or depth == 0:
        return None
    bound: Function | None = None
    for node in _statements(tree.body):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            bound = node if node.name == func else bound
        elif isinstance(node, ast.ImportFrom):
            name = _imported_as(node, func)
            if name:
                whence = _whence(node, module, is_package=is_package)
                bound = _function(whence, name, depth - 1) or bound
        elif func in _assigned(node):
            bound = None
    return bound


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Go through a module's statements, those below `if` and `try` too."""
    for node in body:
        yield node
        if isinstance(node, ast.If | ast.Try):
            yield from _statements(node.body)
            yield from _statements(node.orelse)
        if isinstance(node, ast.Try):
            for handler in node.handlers:
                yield from _statements(handler.body)


def _assigned(node: ast.stmt) -> set[str]:
    targets = node.targets if isinstance(node, ast.Assign) else []
    return {target.id for target in targets if isinstance(target, ast.Name)}


def _imported_as(node: ast.ImportFrom, func: str) -> str:
    """Return the name that an import binds to `func`, as its own module has it."""
    for alias in node.names:
        if (alias.asname or alias.name) == func:
            return alias.name
        if alias.name == "*":
            return func
    return ""


def _whence(node: ast.ImportFrom, module: str, *, is_package: bool) -> str:
    if not node.level:
        return node.module or ""
    parts = module.split(".")
    up = node.level - 1 if is_package else node.level
    base = parts[: len(parts) - up] if up else parts
    return ".".join([*base, *([node.module] if node.module else [])])


@functools.cache
def _tree(module: str) -> tuple[ast.Module | None, bool]:
    path = _path(module)
    if path is None:
        return None, False
    try:
        if path.stat().st_size > _LARGEST:
            return None, False
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about source that is not ours
            tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError):
        return None, False
    return tree, path.name == "__init__.py"


def _path(module: str) -> Path | None:
    parts = module.split(".")
    if not all(part.isidentifier() for part in parts):
        return None
    for entry in sys.path:
        base = Path(entry or ".").joinpath(*parts)
        for path in (base / "__init__.py", base.with_name(f"{base.name}.py")):
            if os.path.isfile(path):  # noqa: PTH113 - no error where a name is too long
                return path
    return None
