"""The format of `scenarios/*.yaml` as pydantic models: the one definition of it.

Imported only when a scenario is read: pydantic costs half of a start.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag

from gameday.files.scenario.scenario_fields import (
    Body,
    Count,
    Duration,
    Flag,
    Line,
    Listen,
    Method,
    Namespace,
    PositiveDuration,
    PositiveShare,
    Probed,
    Rate,
    Receivers,
    Share,
    Text,
    Times,
    Url,
    Word,
)


class Wire(BaseModel):
    """What all of them share: unknown keys are errors, nothing is coerced."""

    model_config = ConfigDict(
        extra="forbid", defer_build=True, hide_input_in_errors=True, frozen=True
    )


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


class Secret(Wire):
    """Where a secret value is: an environment variable, or a file."""

    env: Text = ""
    file: Text = ""


SecretRef = Annotated[Secret, BeforeValidator(_secret)]


def _is_mapping(value: Any) -> str:
    return "mapping" if isinstance(value, dict | BaseModel) else "text"


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


class Pages(Wire):
    """Where pages arrive: here (`listen`), or at a `gameday pager` (`from`)."""

    listen: Listen = ""
    source: Url = Field("", alias="from")
    forward: Url = ""


class Files(Wire):
    """Paths that let `check` lint promises where no server runs."""

    rules: list[Text] = []
    prometheus: Text = ""
    alertmanager: Text = ""


class Observe(Wire):
    """The eyes of a run."""

    prometheus: Server | None = None
    alertmanager: Server | None = None
    pages: Pages | None = None
    files: Files | None = None


class Load(Wire):
    """Open-loop traffic: requests to `url` at `rate`, or a command.

    Every request is sent once, over `connections` that are kept open (`reuse`) or
    opened for each (`fresh`). `feeds`: the SLOs that count these requests.
    """

    url: Url = ""
    rate: Rate | None = None
    method: Method = "GET"
    headers: dict[str, Header] = {}
    body: Body = ""
    timeout: PositiveDuration = 5.0
    connections: Literal["reuse", "fresh"] = "reuse"
    redirects: Flag = False
    feeds: list[Text] = []
    command: list[Text] = []


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


class BlastRadius(Wire):
    """The most that may be hit per service, of the instances found."""

    at_most: Count | None = None
    share: PositiveShare | None = None
    protect: list[Text] = []
    foreign_actions: Flag = False


class Drift(Wire):
    """What tells of drift beside the target: a folder to run `terraform plan` in."""

    terraform: Text


class AlertPromise(Wire):
    """What one alert must do."""

    alert: Text
    labels: dict[str, Body] = {}
    victims: Literal["each", "any"] = "each"
    fires_within: PositiveDuration | None = None
    reaches: Receivers = ()
    pages_within: PositiveDuration | None = None
    resets_within: PositiveDuration | None = None
    page_resolves_within: PositiveDuration | None = None


class NoOtherAlerts(Wire):
    """Which alerts may not ring beside the promised ones."""

    matching: dict[str, Body] = {}
    except_: list[Text] = Field([], alias="except")


class SloPromise(Wire):
    """The most of an error budget that the step may spend."""

    slo: Text
    spends_at_most: Share


class MetricPromise(Wire):
    """A PromQL expression that has to hold, for each series that it has.

    `holds`: during the fault, after it (`within` a time from its end), or throughout.
    """

    promql: Text
    name: Text = ""
    holds: Literal["during", "after", "throughout"] = "throughout"
    within: PositiveDuration | None = None


class LoadPromise(Wire):
    """What the load's users may see, from the fault's start on."""

    fails_at_most: Share | None = None
    p99_within: PositiveDuration | None = None


def _is_flag(value: Any) -> str:
    return "flag" if isinstance(value, bool | str) else "mapping"


class Expect(Wire):
    """The promises of a step."""

    alerts: list[AlertPromise] = []
    no_other_alerts: Annotated[
        Annotated[Flag, Tag("flag")] | Annotated[NoOtherAlerts, Tag("mapping")],
        Discriminator(_is_flag),
    ] = True
    steady_state: Literal["holds", "may_deviate"] = "holds"
    slos: list[SloPromise] = []
    metrics: list[MetricPromise] = []
    load: LoadPromise | None = None
    heals_within: PositiveDuration | None = None
    recovers_within: PositiveDuration | None = None


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
    expect: Expect = Field(default_factory=Expect.model_construct)


class Scenario(Wire):
    """A scenario file: what a game day asks."""

    apiVersion: Literal["gameday/v1"]  # noqa: N815 - the format's own name
    kind: Literal["Scenario"]
    metadata: Metadata
    target: Target
    observe: Observe = Field(default_factory=Observe.model_construct)
    slos: list[Text] = []
    load: Load | None = None
    guardrails: list[Guardrail] = []
    blast_radius: BlastRadius = Field(default_factory=BlastRadius.model_construct)
    drift: Drift | None = None
    steps: list[Step] = Field(min_length=1)
