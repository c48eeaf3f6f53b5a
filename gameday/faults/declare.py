"""How a fault is declared: a signature and a docstring, and nothing else.

The signature is what an experiment may write; Chaos Toolkit reads it for validation,
for `chaos discover`, and to know that the function wants its configuration.
"""

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any, ParamSpec

from gameday.faults.flow import inject

Parameters = ParamSpec("Parameters")
Inject = Callable[[str, Mapping[str, Any], Mapping[str, Any] | None], dict[str, Any]]


def fault(
    kind: str, inject: Inject = inject
) -> Callable[[Callable[Parameters, None]], Callable[Parameters, dict[str, Any]]]:
    """Make a function inject this fault of the catalogue with the arguments it gets."""

    def declare(
        declared: Callable[Parameters, None],
    ) -> Callable[Parameters, dict[str, Any]]:
        signature = inspect.signature(declared).replace(
            return_annotation=dict[str, Any]
        )

        @functools.wraps(declared)
        def inject_it(
            *args: Parameters.args, **given: Parameters.kwargs
        ) -> dict[str, Any]:
            bound = signature.bind(*args, **given)
            bound.apply_defaults()
            arguments = dict(bound.arguments)
            configuration = arguments.pop("configuration")
            return inject(kind, arguments, configuration)

        inject_it.__annotations__["return"] = dict[str, Any]
        inject_it.__signature__ = signature  # type: ignore[attr-defined]
        return inject_it

    return declare
