"""The format of `scenarios/*.yaml`: what is written in another way than the model.

Imported only when a scenario is read: pydantic costs half of a start.
"""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, Discriminator, Field, Tag

from gameday.files.scenario.model_wire import CONFIG, FileFormat, Into
from gameday.files.scenario.scenario_fields import Flag, Line, Namespace, Text, Word
from gameday.model import scenario as model
from gameday.model.experiment import Experiment
from gameday.model.slos.slo import Slo
from gameday.model.target import TARGET_KINDS, TargetRef


class Wire(BaseModel):
    """What all of them share."""

    model_config = CONFIG


class Docker(Wire):
    """Containers of a compose project; `host` or `context` name the engine."""

    project: Text
    host: Text = ""
    context: Text = ""


class Kubernetes(Wire):
    """A namespace of a cluster; `context: in-cluster` is the pod's own account.

    `consent`: the namespace's name again, where it is the cluster's own (`kube-…`).
    `helper_image`: the image of helper pods, as the nodes can pull it.
    """

    context: Line
    namespace: Namespace
    consent: Text = ""
    helper_image: Word = ""


class Local(Wire):
    """Processes under supervisord."""

    supervisor: Text


class Target(Wire):
    """Where the faults act; exactly one."""

    docker: Docker | None = None
    kubernetes: Kubernetes | None = None
    local: Local | None = None


def _target(read: Target) -> TargetRef:
    """Return the target; that exactly one is there is looked at elsewhere."""
    for name, kind in TARGET_KINDS.items():
        if (keys := getattr(read, name)) is not None:
            options = {key: value for key, value in keys.model_dump().items() if value}
            return TargetRef(
                kind=name,
                name=options.pop(kind.name_key, ""),
                namespace=options.pop(kind.namespace_key, ""),
                options=options,
            )
    return TargetRef(kind="local", name="")


def _is_flag(value: Any) -> str:
    return "flag" if isinstance(value, bool | str) else "mapping"


def _asked(read: bool | model.NoOtherAlerts) -> model.NoOtherAlerts:
    return model.NoOtherAlerts(asked=read) if isinstance(read, bool) else read


NoOtherAlerts = Annotated[
    Annotated[Flag, Tag("flag")]
    | Annotated[model.NoOtherAlerts, Into(), Tag("mapping")],
    Discriminator(_is_flag),
    AfterValidator(_asked),
]
Expect = Annotated[model.Expect, Into(no_other_alerts=NoOtherAlerts)]


def _unread(path: str) -> Experiment:
    """Return an experiment of which the path is known so far."""
    return Experiment(path=path, title="", document={})


Step = Annotated[
    model.Step,
    Into(
        experiment=Annotated[Text, AfterValidator(_unread)],
        settings=dict[str, Any],
        expect=Expect,
    ),
]


def _read_apart(_: list[str]) -> tuple[Slo, ...]:
    """Return no SLO: the files of which the paths are given are read later."""
    return ()


SCENARIO = FileFormat(
    model.Scenario,
    apiVersion=Literal["gameday/v1"],
    kind=Literal["Scenario"],
    target=Annotated[Target, AfterValidator(_target)],
    observe=Annotated[
        model.Observe, Into(files=Annotated[model.ObservedFiles, Into("Files")])
    ],
    slos=Annotated[list[Text], AfterValidator(_read_apart)],
    drift=Annotated[model.DriftProbes, Into("Drift")],
    steps=Annotated[list[Step], Field(min_length=1)],
)
