"""The format of `scenarios/*.yaml` as pydantic models: the one definition of it.

Imported only when a scenario is read: pydantic costs half of a start.
"""

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Discriminator,
    Field,
    Tag,
)

from gameday.files.scenario.model_wire import CONFIG, Into
from gameday.files.scenario.scenario_fields import (
    Duration,
    Flag,
    Line,
    Namespace,
    PositiveDuration,
    PositiveShare,
    Probed,
    Text,
    Times,
    Url,
    Word,
)
from gameday.model import scenario as model
from gameday.model.scenario import Secret


class Wire(BaseModel):
    """What all of them share."""

    model_config = CONFIG


def _secret(value: Any) -> Any:
    """Refuse a secret that is written out, without repeating it."""
    if not isinstance(value, dict):
        raise ValueError(  # noqa: TRY004 - pydantic wants a ValueError
            "a secret is never written into a scenario; "
            "write {env: NAME} or {file: PATH}"
        )
    if len(value) != 1:
        raise ValueError("expected exactly one of env and file")
    return value


SecretRef = Annotated[Secret, Into(), BeforeValidator(_secret)]


def _is_mapping(value: Any) -> str:
    return "mapping" if isinstance(value, dict | Secret) else "text"


Header = Annotated[
    Annotated[Text, Tag("text")] | Annotated[SecretRef, Tag("mapping")],
    Discriminator(_is_mapping),
]


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


class Auth(Wire):
    """How to log in: a user and a password, or a bearer token."""

    username: Text = ""
    password: SecretRef | None = None
    bearer: SecretRef | None = None


class Tls(Wire):
    """Certificates (paths), and whether the server's is verified."""

    ca: Text = ""
    cert: Text = ""
    key: Text = ""
    verify: Flag = True


class Endpoint(Wire):
    """An HTTP server that is read."""

    url: Url
    auth: Auth | None = None
    tls: Tls | None = None
    headers: dict[str, Header] = {}


def _endpoint(value: Any) -> Any:
    return {"url": value} if isinstance(value, str) else value


Server = Annotated[Endpoint, BeforeValidator(_endpoint)]


Pages = Annotated[model.Pages, Into()]


class Files(Wire):
    """Paths that let `check` lint promises where no server runs."""

    rules: list[Text] = []
    prometheus: Text = ""
    alertmanager: Text = ""


class Observe(Wire):
    """What observes a run."""

    prometheus: Server | None = None
    alertmanager: Server | None = None
    pages: Pages | None = None
    files: Files | None = None


class StopWhen(Wire):
    """What of an SLO stops the run; exactly one."""

    budget_spent: PositiveShare | None = None
    burn_rate: Times | None = None


class Guardrail(Wire):
    """A condition that stops the run; exactly one of slo, promql, http, alert."""

    name: Text = Field("", description="what reports call it; default: its condition")
    slo: Text = Field("", description="an SLO of `slos`; stop_when says how much of it")
    stop_when: StopWhen | None = Field(
        None, description="goes with slo, and is required there"
    )
    promql: Text = Field(
        "", description="stops while it has a result, as an alert's expression fires"
    )
    http: Probed = Field(
        "", description="stops on a status of 400 or above, or without an answer"
    )
    alert: Text = Field("", description="stops while an alert of this name fires")
    hold: Duration = Field(
        0.0,
        alias="for",
        description="goes with promql: how long it has to hold; default: 0s, at once",
    )
    every: PositiveDuration | None = Field(
        None, description="the time between two looks; default: the scrape interval"
    )
    grace: Duration = Field(
        60.0,
        description="how long it may be unanswerable before that stops the run as "
        "well; default: 60s",
    )


class Drift(Wire):
    """What tells of drift beside the target: a folder to run `terraform plan` in."""

    terraform: Text


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
    observe: Observe = Field(default_factory=Observe.model_construct)
    slos: list[Text] = []
    load: Annotated[model.Load, Into(headers=dict[str, Header])] | None = None
    guardrails: list[Guardrail] = []
    blast_radius: Annotated[model.BlastRadius, Into()] = Field(
        default_factory=model.BlastRadius
    )
    drift: Drift | None = None
    steps: list[Step] = Field(min_length=1)
