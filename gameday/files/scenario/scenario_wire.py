"""The format of `scenarios/*.yaml`: what is written in another way than the model.

Imported only when a scenario is read, since it makes all its keys.
"""

from dataclasses import asdict
from typing import Annotated, Any

from gameday.files.scenario.forms import (
    After,
    Anything,
    ByShape,
    ListOf,
    MapOf,
    OfKind,
    Word,
)
from gameday.files.scenario.model_keys import FileFormat, keys_of
from gameday.frozen import frozen
from gameday.model import scenario as model
from gameday.model.experiment import Experiment
from gameday.model.quoting import shown
from gameday.model.slos.slo import Slo
from gameday.model.target import TARGET_KINDS, TargetRef
from gameday.model.values.kinds import (
    FLAG,
    TEXT,
    ValueKind,
    read_line,
    read_text,
    written,
)
from gameday.model.values.namespace import EXPECTED, NAME, is_name


def _read_word(value: object) -> str:
    text = read_line(value)
    if " " in text:
        raise ValueError(f"{shown(value)} has a space in it; remove it")
    return text


def _read_namespace(value: object) -> str:
    text = read_text(value)
    if not is_name(text):
        message = f"{shown(value)} is not a namespace's name; expected {EXPECTED}"
        raise ValueError(message)
    return text


_LINE = ValueKind(meaning="one line of text", read=read_line, schema=TEXT.schema)
_WORD = ValueKind(meaning="one word", read=_read_word, schema=TEXT.schema)
_NAMESPACE = ValueKind(
    meaning="a namespace's name",
    read=_read_namespace,
    schema=written(f"^{NAME}$", "shop", "shop-staging"),
)


@frozen
class Docker:
    """Containers of a compose project; `host` or `context` name the engine."""

    project: Annotated[str, TEXT]
    host: Annotated[str, TEXT] = ""
    context: Annotated[str, TEXT] = ""


@frozen
class Kubernetes:
    """A namespace of a cluster; `context: in-cluster` is the pod's own account.

    `consent`: the namespace's name again, where it is the cluster's own (`kube-…`).
    `helper_image`: the image of helper pods, as the nodes can pull it.
    """

    context: Annotated[str, _LINE]
    namespace: Annotated[str, _NAMESPACE]
    consent: Annotated[str, TEXT] = ""
    helper_image: Annotated[str, _WORD] = ""


@frozen
class Local:
    """Processes under supervisord."""

    supervisor: Annotated[str, TEXT]


@frozen
class Target:
    """Where the faults act; exactly one."""

    docker: Docker | None = None
    kubernetes: Kubernetes | None = None
    local: Local | None = None


def _target(read: Target) -> TargetRef:
    """Return the target; that exactly one is there is looked at elsewhere."""
    for name, kind in TARGET_KINDS.items():
        if (keys := getattr(read, name)) is not None:
            options = {key: value for key, value in asdict(keys).items() if value}
            return TargetRef(
                kind=name,
                name=options.pop(kind.name_key, ""),
                namespace=options.pop(kind.namespace_key, ""),
                options=options,
            )
    return TargetRef(kind="local", name="")


def _flag_or_mapping(value: Any) -> str:
    return "flag" if isinstance(value, bool | str) else "mapping"


def _asked(read: bool | model.NoOtherAlerts) -> model.NoOtherAlerts:
    return model.NoOtherAlerts(asked=read) if isinstance(read, bool) else read


NO_OTHER_ALERTS = After(
    ByShape(_flag_or_mapping, flag=OfKind(FLAG), mapping=keys_of(model.NoOtherAlerts)),
    _asked,
)
EXPECT = keys_of(model.Expect, no_other_alerts=NO_OTHER_ALERTS)


def _unread(path: str) -> Experiment:
    """Return an experiment of which the path is known so far."""
    return Experiment(path=path, title="", document={})


STEP = keys_of(
    model.Step,
    experiment=After(OfKind(TEXT), _unread),
    settings=MapOf(Anything()),
    expect=EXPECT,
)


def _read_apart(_: tuple[str, ...]) -> tuple[Slo, ...]:
    """Return no SLO: the files of which the paths are given are read later."""
    return ()


SCENARIO = FileFormat(
    model.Scenario,
    apiVersion=Word("gameday/v1"),
    kind=Word("Scenario"),
    target=After(keys_of(Target), _target),
    observe=keys_of(model.Observe, files=keys_of(model.ObservedFiles, "Files")),
    slos=After(ListOf(OfKind(TEXT)), _read_apart),
    drift=keys_of(model.DriftProbes, "Drift"),
    steps=ListOf(STEP, fewest=1),
)
