"""A scenario: what a game day promises. Times in seconds, shares as ratios."""

from collections.abc import Iterable, Mapping
from dataclasses import field, replace
from typing import Annotated, Any

from gameday.frozen import frozen
from gameday.model.experiment import Experiment
from gameday.model.promise import (
    DrawnAt,
    Since,
    at_most,
    declared,
    lasts_at_most,
    receivers,
    within,
)
from gameday.model.slos.slo import Slo
from gameday.model.target import TargetRef
from gameday.model.values import kinds
from gameday.model.values.file_form import (
    REQUIRED,
    FileDefault,
    Group,
    MappingOf,
    Meaning,
    WrittenAs,
)

# A field annotated with a kind of value is a key of the file; others the reader fills.
Text = Annotated[str, kinds.TEXT]
AnyText = Annotated[str, kinds.ANY_TEXT]
PathText = Annotated[str, kinds.PATH]


@frozen
class Secret:
    """Where a secret value is: an environment variable, or a file."""

    env: Text = ""
    file: PathText = ""


def _not_written_out(value: Any) -> Any:
    """Refuse a secret that is written out, without repeating it."""
    if not isinstance(value, Mapping):
        raise ValueError(  # noqa: TRY004 - as of every other value
            "a secret is never written into a scenario; "
            "write {env: NAME} or {file: PATH}"
        )
    if len(value) != 1:
        raise ValueError("expected exactly one of env and file")
    return value


SecretRef = Annotated[Secret, WrittenAs(_not_written_out)]


@frozen
class Auth:
    """How to log in: a user and a password, or a bearer token."""

    username: Text = ""
    password: SecretRef | None = None
    bearer: SecretRef | None = None


@frozen
class Tls:
    """Certificates (paths), and whether the server's is verified."""

    ca: PathText = ""
    cert: PathText = ""
    key: PathText = ""
    verify: Annotated[bool, kinds.FLAG] = True


@frozen
class Endpoint:
    """An HTTP server that is read."""

    url: Annotated[str, kinds.URL]  # without credentials
    auth: Annotated[Mapping[str, str | Secret], MappingOf(Auth)] = field(
        default_factory=dict
    )
    headers: Mapping[str, Text | SecretRef] = field(default_factory=dict)
    tls: Annotated[Mapping[str, str | bool], MappingOf(Tls)] = field(
        default_factory=dict
    )


def _url_alone(value: Any) -> Any:
    """Return the keys of a server of which only the URL is written."""
    return {"url": value} if isinstance(value, str) else value


Server = Annotated[Endpoint, WrittenAs(_url_alone)]


@frozen
class Pages:
    """Where pages arrive: here (`listen`), or at a `gameday pager` (`from`).

    `forward`: where pages are passed on to.
    """

    listen: Annotated[str, kinds.LISTEN] = ""
    source: Annotated[str, kinds.URL, kinds.FileKey("from")] = ""
    forward: Annotated[str, kinds.URL] = ""


@frozen
class ObservedFiles:
    """Paths that let `check` lint promises where no server runs."""

    rules: tuple[PathText, ...] = ()
    prometheus: PathText = ""
    alertmanager: PathText = ""


@frozen
class Observe:
    """What observes a run."""

    # Each may be absent, and then cannot answer.
    prometheus: Server | None = None
    alertmanager: Server | None = None
    pages: Pages | None = None
    files: ObservedFiles = field(default_factory=ObservedFiles)


@frozen
class Load:
    """Open-loop traffic: requests to `url` at `rate`, or a command.

    Every request is sent once, over `connections` that are kept open (`reuse`) or
    opened for each (`fresh`). `redirects`: whether they are followed. `feeds`: the SLOs
    that count these requests; none named: found out at warm-up.
    """

    url: Annotated[str, kinds.URL] = ""
    rate: Annotated[float, kinds.RATE] = 0.0
    method: Annotated[str, kinds.METHOD] = "GET"
    headers: Mapping[str, Text | SecretRef] = field(default_factory=dict)
    body: AnyText = ""
    timeout: Annotated[float, kinds.POSITIVE_DURATION] = 5.0
    connections: Annotated[str, kinds.one_of("reuse", "fresh")] = "reuse"
    redirects: Annotated[bool, kinds.FLAG] = False
    feeds: tuple[Text, ...] = ()
    command: tuple[Text, ...] = ()


_STOP_WHEN = Group(
    "stop_when",
    "StopWhen",
    "What of an SLO stops the run; exactly one.",
    meaning="goes with slo, and is required there",
)


@frozen
class Guardrail:
    """A condition that stops the run; exactly one of slo, promql, http, alert."""

    name: Annotated[
        Text,
        FileDefault(""),
        Meaning("what reports call it; default: its condition"),
    ]
    slo: Annotated[Text, Meaning("an SLO of `slos`; stop_when says how much of it")] = (
        ""
    )
    budget_spent: Annotated[float | None, kinds.POSITIVE_SHARE, _STOP_WHEN] = None
    burn_rate: Annotated[float | None, kinds.BURN_RATE, _STOP_WHEN] = None
    promql: Annotated[
        Text, Meaning("stops while it has a result, as an alert's expression fires")
    ] = ""
    http: Annotated[
        str,
        kinds.PROBED,
        Meaning("stops on a status of 400 or above, or without an answer"),
    ] = ""
    alert: Annotated[Text, Meaning("stops while an alert of this name fires")] = ""
    hold: Annotated[
        float,
        kinds.DURATION,
        kinds.FileKey("for"),
        Meaning(
            "goes with promql: how long it has to hold; default: 0s, at once",
        ),
    ] = 0.0
    every: Annotated[
        float | None,
        kinds.POSITIVE_DURATION,
        Meaning("the time between two looks; default: the scrape interval"),
    ] = None
    grace: Annotated[
        float,
        kinds.DURATION,
        Meaning(
            "how long it may be unanswerable before that stops the run as well; "
            "default: 60s"
        ),
    ] = 60.0


@frozen
class BlastRadius:
    """The most that may be hit per service, of the instances found."""

    at_most: Annotated[int | None, kinds.NUMBER] = None
    share: Annotated[float | None, kinds.POSITIVE_SHARE] = None
    protect: tuple[Text, ...] = ()  # NAME, or LABEL=VALUE
    foreign_actions: Annotated[bool, kinds.FLAG] = False


@frozen
class DriftProbes:
    """What tells of drift beside the target: a folder to run `terraform plan` in."""

    # It runs there before the first fault and after the last undo; empty: nowhere.
    terraform: Annotated[PathText, REQUIRED] = ""


@frozen
class AlertPromise:
    """What one alert must do; what is left out is not asked.

    `victims`: each (every instance that was hit must ring, where the alert's labels
    tell instances apart) or any. `reaches`: receivers that must all be told.
    """

    alert: Text
    labels: Mapping[str, AnyText] = field(default_factory=dict)
    victims: Annotated[str, kinds.one_of("each", "any")] = "each"
    fires_within: Annotated[float | None, within("alert", drawn=DrawnAt.ALERT)] = None
    reaches: Annotated[tuple[str, ...], receivers("alert")] = ()
    pages_within: Annotated[
        float | None, within("alert", of_pages=True, drawn=DrawnAt.RECEIVER)
    ] = None
    resets_within: Annotated[
        float | None, within("alert", Since.END, drawn=DrawnAt.ALERT)
    ] = None
    page_resolves_within: Annotated[
        float | None,
        within(
            "alert", Since.END, of_pages=True, drawn=DrawnAt.RECEIVER, words="page ends"
        ),
    ] = None
    line: int | None = None

    def __hash__(self) -> int:
        return hash((self.alert, self.reaches))  # labels have no hash

    @property
    def receiver(self) -> str | None:
        """The promised receiver; of several the first. None: any will do."""
        return self.reaches[0] if self.reaches else None

    def for_each_receiver(self) -> list["AlertPromise"]:
        """Return the promise once for each of its receivers."""
        if len(self.reaches) < 2:  # noqa: PLR2004 - one, or any
            return [self]
        return [replace(self, reaches=(name,)) for name in self.reaches]

    def subject(self, promises: Iterable["AlertPromise"]) -> str:
        """Return what findings call it among a step's promises.

        Several promises of one name carry their labels.
        """
        if sum(promise.alert == self.alert for promise in promises) == 1:
            return self.alert
        labels = sorted(self.labels.items())
        pairs = ", ".join(f'{key}="{text}"' for key, text in labels)
        return f"{self.alert}{{{pairs}}}"

    def fits(self, labels: Mapping[str, str]) -> bool:
        """Return whether an alert with these labels is the one promised."""
        wanted = {"alertname": self.alert, **self.labels}
        return all(labels.get(name) == value for name, value in wanted.items())


@frozen
class NoOtherAlerts:
    """Which alerts may not ring beside the promised ones.

    `matching` narrows it to alerts with these labels; `except` names those that may.
    """

    asked: bool = True
    matching: Mapping[str, AnyText] = field(default_factory=dict)
    except_: Annotated[tuple[Text, ...], kinds.FileKey("except")] = ()


@frozen
class SloPromise:
    """The most of an SLO's error budget that the step may spend."""

    slo: Text
    spends_at_most: Annotated[float, at_most("slo")]
    line: int | None = None


@frozen
class Condition:
    """A comparison as PromQL: `truth` answers 1 or 0 for each series.

    `operands`: what it compares, without what is constant.
    """

    truth: str
    operands: tuple[str, ...] = ()


@frozen
class MetricPromise:
    """A PromQL expression that has to hold, for each series that it has.

    `holds`: during the fault, after it (`within` a time from its end), or throughout.
    """

    promql: Text
    holds: Annotated[str, kinds.one_of("during", "after", "throughout")] = "throughout"
    within: Annotated[float | None, kinds.POSITIVE_DURATION] = None
    name: Text = ""
    conditions: tuple[Condition, ...] = ()  # the expression taken apart; all must hold
    line: int | None = None

    @property
    def subject(self) -> str:
        """What the finding calls it."""
        return self.name or self.promql


@frozen
class LoadPromise:
    """What the load's users may see, from the fault's start on."""

    fails_at_most: Annotated[float | None, at_most("load")] = None
    p99_within: Annotated[float | None, lasts_at_most("load")] = None
    line: int | None = None


@frozen
class Expect:
    """The promises of a step."""

    alerts: tuple[AlertPromise, ...] = ()
    no_other_alerts: NoOtherAlerts = field(default_factory=NoOtherAlerts)
    steady_state: Annotated[str, kinds.one_of("holds", "may_deviate")] = "holds"
    slos: tuple[SloPromise, ...] = ()
    metrics: tuple[MetricPromise, ...] = ()
    load: LoadPromise | None = None
    heals_within: Annotated[float | None, within("recovery", drawn=DrawnAt.FAULT)] = (
        None
    )
    recovers_within: Annotated[
        float | None, within("recovery", Since.END, drawn=DrawnAt.SLI, words="recovers")
    ] = None


OF_ALERT, OF_SLO = declared(AlertPromise), declared(SloPromise)
OF_LOAD, OF_STEP = declared(LoadPromise), declared(Expect)
PROMISES = {**OF_ALERT, **OF_SLO, **OF_LOAD, **OF_STEP}


@frozen
class Step:
    """One experiment, and what is expected of the system meanwhile."""

    name: Annotated[Text, FileDefault("")]  # default: the experiment file's stem
    experiment: Experiment  # the settings are applied already
    settings: Annotated[Mapping[str, Any], kinds.FileKey("with")] = field(
        default_factory=dict
    )
    # None: until the promises are kept or their time is over.
    hold: Annotated[float | None, kinds.POSITIVE_DURATION] = None
    bites: Annotated[
        Text,
        Meaning(
            "a probe of the experiment that shows whether another extension's "
            "actions bite, where the target cannot show it: one of the method that "
            "answers within its tolerance, or one of the hypothesis that no longer does"
        ),
    ] = ""
    expect: Expect = field(default_factory=Expect)
    line: int | None = None


_METADATA = Group("metadata", "Metadata", "Who the scenario is.")


@frozen
class Scenario:
    """A scenario file: what a game day asks."""

    # It is complete: everything that the file names is resolved.
    name: Annotated[Text, _METADATA]
    target: TargetRef
    steps: tuple[Step, ...]
    path: str = ""
    owner: Annotated[Text, _METADATA] = ""
    labels: Annotated[Mapping[str, Text], _METADATA] = field(default_factory=dict)
    observe: Observe = field(default_factory=Observe)
    slos: tuple[Slo, ...] = ()
    load: Load | None = None
    guardrails: tuple[Guardrail, ...] = ()
    blast_radius: BlastRadius = field(default_factory=BlastRadius)
    drift: DriftProbes = field(default_factory=DriftProbes)

    def slo(self, name: str) -> Slo | None:
        """Return the SLO of that name, or of that short name where unambiguous."""
        for slo in self.slos:
            if slo.name == name:
                return slo
        short = [slo for slo in self.slos if slo.short_name == name]
        return short[0] if len(short) == 1 else None
