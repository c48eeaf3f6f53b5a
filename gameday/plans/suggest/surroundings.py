"""Which service a rule's series speak of: by labels, scrape targets and names."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import field

from gameday.frozen import frozen
from gameday.model.alerting.expression import Selector
from gameday.model.scenario import BlastRadius
from gameday.model.target import Instance, on_loopback
from gameday.plans.blast_radius import protected

# Labels that say what a series speaks of, the surest first.
_LABELS = (
    *("server", "pod", "container", "deployment", "statefulset", "daemonset"),
    *("instance", "target", "service", "app", "name", "host", "job", "component"),
)
# Labels whose values are names of instances, or of what they belong to.
_OWN_LABELS = ("pod", "container", "name", "deployment", "statefulset", "daemonset")
_NAMESPACE = "namespace"
# What a game day watches with cannot be taken away meanwhile.
_MONITORING_NAMES = re.compile(
    r"(?i)prometheus|alert-?manager|thanos|mimir|cortex|vmalert|victoria|^(prom|am|pager)$"
)
_STORES = re.compile(
    r"(?i)database|(^|[-_])(db|sql)|postgres|(^|[-_])pg|mysql|maria|mongo|redis|valkey"
    r"|cache|memcache|etcd|cassandra|elastic|opensearch|clickhouse|rabbit|kafka|nats"
    r"|queue|broker|storage|minio"
)
_EXPORTER = re.compile(r"(?i)exporter")
_DATABASE = re.compile(r"(?i)database|db|sql|postgres|mongo")
_CONSUMERS = re.compile(
    r"(?i)worker|consumer|processor|indexer|sidekiq|celery|jobs?$|dispatch"
)
_ALIKE: tuple[frozenset[str], ...] = tuple(
    frozenset(words.split())
    for words in (
        "pg postgres postgresql database db",
        "mysql mariadb maria database db",
        "mongo mongodb database db",
        "redis valkey cache",
        "memcached memcache cache",
        "rabbitmq rabbit amqp broker queue",
        "kafka broker",
        "haproxy nginx envoy traefik balancer proxy lb gateway ingress",
        "elasticsearch opensearch elastic search",
    )
)
_DEPENDS = "com.docker.compose.depends_on"
_LOOPBACK = ("localhost", "127.", "::1", "0.0.0.0")  # noqa: S104 - not bound to


@frozen
class ScrapedTarget:
    """One scrape target: its labels, and its address.

    `probed`: what it is asked to probe; empty: it is asked about itself.
    """

    labels: Mapping[str, str]
    address: str = ""
    probed: str = ""


@frozen
class Surroundings:
    """What is known of the system that a suggestion is for.

    `behind`: of each balancer's job, the names of the servers that its metrics tell of.
    `protect`: names and labels of what may not be hit.
    """

    instances: tuple[Instance, ...]
    scraped: tuple[ScrapedTarget, ...] = ()
    feeds: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    behind: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    protect: tuple[str, ...] = ()

    @property
    def services(self) -> tuple[str, ...]:
        """Every service, in order of names."""
        return tuple(sorted({instance.service for instance in self.instances}))

    def of(self, service: str) -> list[Instance]:
        """Return the instances of a service."""
        return [instance for instance in self.instances if instance.service == service]

    def named(self, text: str) -> str:
        """Return the service that a text names: itself, an instance, an address."""
        bare = re.sub(r"^[a-z]+://", "", text).partition("/")[0]
        host = re.sub(r":\d+$", "", bare)
        port = bare.rpartition(":")[2] if bare != host else ""
        published = on_loopback(host, port)
        for word in (text, host, host.partition(".")[0], bare, published):
            for instance in self.instances:
                if word and word in (instance.service, *_names(instance)):
                    return instance.service
        if host.startswith(_LOOPBACK):
            return ""
        return next(
            (
                instance.service
                for instance in self.instances
                if host in instance.addresses
            ),
            "",
        )

    def of_labels(self, labels: Mapping[str, str]) -> str:
        """Return the service that labels name; empty: none."""
        services = (self.named(labels[name]) for name in _LABELS if labels.get(name))
        return next((service for service in services if service), "")

    def admitted(self, selector: Selector) -> list[str]:
        """Return the services that a selector's patterns name, as `pod=~"web-.*"`."""
        asked = [
            matcher.name
            for matcher in selector.matchers
            if matcher.op == "=~" and matcher.name in _OWN_LABELS
        ]
        services = [
            instance.service
            for instance in self.instances
            if asked and all(_admits(selector, name, instance) for name in asked)
        ]
        return list(dict.fromkeys(services))

    def elsewhere(self, service: str, selector: Selector) -> bool:
        """Whether a selector asks for another namespace than a service's."""
        return not any(
            selector.admits(_NAMESPACE, instance.labels.get(_NAMESPACE, ""))
            or _NAMESPACE not in instance.labels
            for instance in self.of(service)
        )

    def of_target(self, target: ScrapedTarget) -> str:
        """Return the service that a scrape target is; of a probe, what it probes."""
        asked = self.named(target.probed or target.address)
        return asked or self.of_labels(target.labels)

    def of_job(self, job: str) -> list[str]:
        """Return the services whose instances a job scrapes."""
        targets = [target for target in self.scraped if target.labels.get("job") == job]
        services = [self.of_target(target) for target in targets] or [self.named(job)]
        return list(dict.fromkeys(service for service in services if service))

    def selected(self, selector: Selector) -> list[str]:
        """Return the services whose own scrape targets a selector admits."""
        services = [
            self.of_target(target)
            for target in self.scraped
            if all(selector.admits(name, text) for name, text in target.labels.items())
        ]
        services += [self.of_labels(selector.fixed())]
        return list(dict.fromkeys(service for service in services if service))

    def probers(self, selector: Selector) -> list[str]:
        """Return the services that do the probing for what a selector admits."""
        services = [
            self.named(target.address)
            for target in self.scraped
            if target.probed
            and all(selector.admits(name, text) for name, text in target.labels.items())
        ]
        return list(dict.fromkeys(service for service in services if service))

    def exposing(self, selector: Selector) -> list[str]:
        """Return the services that expose a metric."""
        jobs = [
            job
            for job in self.feeds.get(selector.name, ())
            if selector.admits("job", job)
        ]
        services = [service for job in jobs for service in self.of_job(job)]
        return list(dict.fromkeys(services)) or _as_list(
            self.of_labels(selector.fixed())
        )

    def spoken_of(self, metric: str) -> list[str]:
        """Return the services that a metric's name speaks of, by its words."""
        whole = f"_{metric.lower()}_"
        exact = [
            name for name in self.services if f"_{_in_metric_form(name)}_" in whole
        ]
        if exact:
            return exact
        words = set(_name_parts(metric))
        alike = {word for group in _ALIKE for word in group if group & words}
        return [name for name in self.services if alike & set(_name_parts(name))]

    def servers(self, service: str) -> str:
        """Return the service behind a balancer; empty: it is none."""
        names = {
            self.named(server)
            for job, servers in self.behind.items()
            if service in self.of_job(job)
            for server in servers
        } - {"", service}
        return min(names) if len(names) == 1 else ""

    def needs(self, service: str) -> list[str]:
        """Return what Compose says that a service needs; nothing where it does not."""
        told = [instance.labels.get(_DEPENDS, "") for instance in self.of(service)]
        listed = [entry.partition(":")[0] for text in told for entry in text.split(",")]
        return [name for name in self.services if name in listed and name != service]

    def dependencies(self, service: str) -> list[str]:
        """Return what a service needs, stores first: by Compose, else by names."""
        told = [instance.labels.get(_DEPENDS) for instance in self.of(service)]
        known = any(text is not None for text in told)
        services = self.needs(service) if known else self._stores()
        others = [name for name in services if name != service and not self.sees(name)]
        return sorted(others, key=lambda name: (not _DATABASE.search(name), name))

    def _stores(self) -> list[str]:
        """Return the services that keep something for others, by their names."""
        stores = filter(_STORES.search, self.services)
        return [name for name in stores if not self.exports(name)]

    def exports(self, service: str) -> bool:
        """Whether a service tells of others, by its name."""
        return bool(_EXPORTER.search(service))

    def consumers(self) -> list[str]:
        """Return the services that take work from queues, by their names."""
        return [name for name in self.services if _CONSUMERS.search(name)]

    def sees(self, service: str) -> bool:
        """Whether it is what a game day watches with."""
        return bool(_MONITORING_NAMES.search(service))

    def monitoring(self) -> str:
        """Return the Prometheus among the services; empty: there is none."""
        return next(
            (name for name in self.services if "prometheus" in name.lower()), ""
        )

    def risks(self, service: str) -> list[str]:
        """Return why nobody should lose an instance of it unasked."""
        instances = self.of(service)
        radius = BlastRadius(protect=self.protect)
        kept = [why for instance in instances if (why := protected(radius, instance))]
        risks = [f"protected by {kept[0]!r}"] if kept else []
        if len(instances) == 1:
            risks.append("its only instance")
        if any(instance.labels.get("volumes") for instance in instances):
            risks.append("it keeps data in volumes")
        if any(
            instance.labels.get("workload", "").startswith("statefulset/")
            for instance in instances
        ):
            risks.append("it is a StatefulSet")
        return risks


def _as_list(service: str) -> list[str]:
    return [service] if service else []


def _names(instance: Instance) -> Iterator[str]:
    yield instance.name
    yield from instance.published
    for label in ("container", "pod", "app", "app.kubernetes.io/name"):
        if instance.labels.get(label):
            yield instance.labels[label]
    workload = instance.labels.get("workload", "")
    if workload:
        yield workload.rpartition("/")[2]


def _admits(selector: Selector, label: str, instance: Instance) -> bool:
    """Whether a selector may select series that have an instance's name as a label."""
    kind, _, workload = instance.labels.get("workload", "").rpartition("/")
    own = {
        "pod": instance.labels.get("pod", ""),
        "container": instance.labels.get("container", ""),
        "name": instance.labels.get("container", ""),
        kind: workload,
    }.get(label, "")
    return bool(own) and selector.admits(label, own)


def _in_metric_form(service: str) -> str:
    return service.lower().replace("-", "_")


def _name_parts(service: str) -> list[str]:
    return re.findall(r"[a-z]+", service.lower())
