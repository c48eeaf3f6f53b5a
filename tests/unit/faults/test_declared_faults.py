"""A declared fault: its signature is what an experiment may write."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import pytest

from gameday.faults.flow import fault
from gameday.model.faults.catalogue import CATALOGUE


@pytest.mark.parametrize("kind", CATALOGUE)
def test_a_function_takes_what_the_catalogue_says(kind: str) -> None:
    family, _, name = kind.partition(".")
    function = getattr(import_module(f"gameday.faults.{family}"), name)
    signature = inspect.signature(function)
    assert set(signature.parameters) == {*CATALOGUE[kind].takes, "configuration"}
    needed = {
        name
        for name, parameter in signature.parameters.items()
        if parameter.default is inspect.Parameter.empty
    }
    assert needed == {"service", *CATALOGUE[kind].required}
    assert signature.return_annotation == dict[str, Any]
    assert function.__annotations__["return"] == dict[str, Any]
    assert function.__module__ == f"gameday.faults.{family}"
    assert inspect.getdoc(function)


Call = tuple[str, Mapping[str, Any], Mapping[str, Any] | None]


@dataclass
class Recorder:
    """Keeps what is to be injected."""

    calls: list[Call] = field(default_factory=list)

    def __call__(self, *call: Any) -> dict[str, Any]:
        self.calls.append(call)
        return {"hits": []}


def slow(recorder: Recorder) -> Callable[..., dict[str, Any]]:
    @fault("network.delay", recorder)
    def delay(
        service: str,
        by: str,
        peers: str | None = None,
        configuration: dict[str, Any] | None = None,
    ) -> None:
        """Slow."""

    return delay


def test_arguments_are_bound_by_place_and_by_name() -> None:
    recorder, where = Recorder(), {"target": "docker://shop"}
    delay = slow(recorder)
    assert delay("web", "200ms", configuration=where) == {"hits": []}
    delay(by="1s", service="db", peers="web")
    assert recorder.calls == [
        ("network.delay", {"service": "web", "by": "200ms", "peers": None}, where),
        ("network.delay", {"service": "db", "by": "1s", "peers": "web"}, None),
    ]


def test_what_a_fault_does_not_take_is_refused_before_anything_happens() -> None:
    recorder = Recorder()
    with pytest.raises(TypeError, match="port"):
        slow(recorder)("web", "200ms", port=80)
    with pytest.raises(TypeError, match="by"):
        slow(recorder)("web")
    assert recorder.calls == []
