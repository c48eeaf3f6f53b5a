"""The format of `scenarios/*.yaml` as pydantic models: the one definition of it.

Imported only when a scenario is read: pydantic costs half of a start.
"""

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    Discriminator,
    Field,
    Tag,
)

from gameday.files.scenario.model_wire import CONFIG, Into
from gameday.files.scenario.scenario_fields import (
    Flag,
    Line,
    Namespace,
    PositiveDuration,
    Text,
    Word,
)
from gameday.model import scenario as model


class Wire(BaseModel):
    """What all of them share."""

    model_config = CONFIG


class Metadata(Wire):
    """Who the scenario is."""

    name: Text
    owner: Text = ""
    labels: dict[str, Text] = {}


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


Observe = Annotated[
    model.Observe, Into(files=Annotated[model.ObservedFiles, Into("Files")])
]


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


class Step(Wire):
    """One experiment, and what is expected of the system meanwhile."""

    name: Text = ""
    experiment: Text
    settings: dict[str, Any] = Field({}, alias="with")
    hold: PositiveDuration | None = None
    bites: Text = Field(
        "",
        description="a probe of the experiment that shows whether another extension's "
        "actions bite, where the target cannot show it: one of the method that answers "
        "within its tolerance, or one of the hypothesis that no longer does",
    )
    expect: Expect = Field(default_factory=model.Expect)


class Scenario(Wire):
    """A scenario file: what a game day asks."""

    apiVersion: Literal["gameday/v1"]  # noqa: N815 - the format's own name
    kind: Literal["Scenario"]
    metadata: Metadata
    target: Target
    observe: Observe = Field(default_factory=model.Observe)
    slos: list[Text] = []
    load: Annotated[model.Load, Into()] | None = None
    guardrails: list[Annotated[model.Guardrail, Into()]] = []
    blast_radius: Annotated[model.BlastRadius, Into()] = Field(
        default_factory=model.BlastRadius
    )
    drift: Annotated[model.DriftProbes, Into("Drift")] = Field(
        default_factory=model.DriftProbes
    )
    steps: list[Step] = Field(min_length=1)
