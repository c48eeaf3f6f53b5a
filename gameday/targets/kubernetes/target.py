"""The port `Target` for a namespace of a Kubernetes cluster."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from gameday.model.faults.fault import FaultRequest, Proof, Undo, Undone
from gameday.model.fingerprint import Fingerprint
from gameday.model.target import Instance, TargetRef
from gameday.ports import Clock
from gameday.targets.kubernetes.client.access import access_of
from gameday.targets.kubernetes.client.api import Api
from gameday.targets.kubernetes.faults.config import Config
from gameday.targets.kubernetes.faults.eviction import Evict
from gameday.targets.kubernetes.faults.nodes import HOW as HOW_NODES
from gameday.targets.kubernetes.faults.nodes import Nodes
from gameday.targets.kubernetes.faults.policy import Isolate
from gameday.targets.kubernetes.faults.process import Process, fit
from gameday.targets.kubernetes.faults.rollout import HOW as HOW_ROLLOUT
from gameday.targets.kubernetes.faults.rollout import Rollout
from gameday.targets.kubernetes.inventory.fingerprint import take
from gameday.targets.kubernetes.inventory.pods import Namespace
from gameday.targets.kubernetes.ownership.lease import Lock
from gameday.targets.kubernetes.ownership.marks import Marks
from gameday.targets.kubernetes.rbac.permission import Permission
from gameday.targets.kubernetes.sidecars.context import NamespaceContext
from gameday.targets.kubernetes.sidecars.helper import Helper
from gameday.targets.kubernetes.sidecars.host import KubernetesSidecars
from gameday.targets.kubernetes.watch.stream import Stream
from gameday.targets.opened import FaultDriver
from gameday.targets.sidecar_faults.driver import VERB, SidecarFaults


class KubernetesTarget:
    """A namespace; `url` means the same wherever the context has the same name."""

    def __init__(self, ref: TargetRef, clock: Clock) -> None:
        self.url = ref.url
        access = access_of(ref)
        self.api = Api(access, clock)
        self._pods = Namespace(self.api, access.namespace)
        self.marks = Marks(self.api, self._pods, self.undo)
        self.lock = Lock(self.api, access.namespace, self.marks.unseen)
        self.stream = Stream(self.api, self._pods)
        self.rights = Permission(self.api, access.namespace)
        image = ref.options.get("helper_image", "")
        self.helper = Helper(self.api, self._pods, image, self.lock.owner)
        self._context = NamespaceContext(
            api=self.api, pods=self._pods, helper=self.helper
        )
        process = Process(self._context)
        self._sidecars = SidecarFaults(KubernetesSidecars(self._context))
        kinds, verbs = _own_drivers(self._context)
        self._by_kind: Mapping[str, FaultDriver] = {"process": process, **kinds}
        self._by_verb: Mapping[str, FaultDriver] = {
            VERB: self._sidecars,
            "scale_back": process,
            "wait_back": process,
            **verbs,
        }

    def instances(self, service: str | None = None) -> list[Instance]:
        """Return the instances (of a service or a label selector), by number."""
        return self._pods.instances(service)

    def clock_offset(self) -> tuple[float, float]:
        """Return the cluster's clock minus ours, and how far that may be off (s).

        It is the API server's. Nodes are kept with it: leases and tokens need that.
        """
        return self.api.clock_offset()

    def fingerprint(self, touched: Collection[str] = ()) -> Fingerprint:
        """Return what has to be the same again when every fault is undone."""
        del touched
        return take(self.api, self._pods)

    def _driver(self, kind: str) -> FaultDriver | None:
        if kind in self._sidecars.kinds:
            return self._sidecars
        return self._by_kind.get(kind) or self._by_kind.get(kind.partition(".")[0])

    def _driver_of(self, kind: str) -> FaultDriver:
        driver = self._driver(kind)
        if driver is None:
            raise KeyError(kind)  # the faults room asks `refusal` first
        return driver

    def refusal(self, kind: str) -> str:
        """Return why this cluster cannot do this fault; empty when it can."""
        driver = self._driver(kind)
        if driver is None:
            return f"kubernetes targets cannot do {kind} yet"
        return driver.refusal(kind) or self.rights.refusal(kind)

    def fit(
        self, request: FaultRequest, instances: Sequence[Instance]
    ) -> Sequence[Instance]:
        """Return those of a service's instances that this fault can hit."""
        return fit(request, instances)

    def how(self, request: FaultRequest) -> str:
        """Return in one sentence how this fault is done."""
        return self._driver_of(request.kind).how(request)

    def holds_deadline(self, kind: str) -> bool:
        """Return whether the fault ends by itself inside the cluster."""
        return kind in self._sidecars.kinds

    def needs(self, kind: str) -> str:
        """Return nothing: the nodes pull the helper's image themselves."""
        del kind
        return ""

    def make_ready(self, kind: str) -> None:
        """Do nothing; see `needs`."""
        del kind

    def prepare(self, request: FaultRequest, victim: Instance, mark: str) -> Undo:
        """Return the undo as data; nothing is changed that can be felt."""
        undo = self._driver_of(request.kind).prepare(request, victim, mark)
        return replace(undo, target=self.url)

    def inject(self, request: FaultRequest, victim: Instance, undo: Undo) -> None:
        """Change the target; FaultFailed when it did not work."""
        self._driver_of(request.kind).inject(request, victim, undo)

    def verify(self, request: FaultRequest, victim: Instance, undo: Undo) -> Proof:
        """Return whether the fault is really there, as seen from outside of it."""
        return self._driver_of(request.kind).verify(request, victim, undo)

    def undo(self, undo: Undo) -> Undone:
        """Undo, confirm, and say what was found; idempotent."""
        return self._by_verb[undo.verb].undo(undo)


def _own_drivers(
    context: NamespaceContext,
) -> tuple[Mapping[str, FaultDriver], Mapping[str, FaultDriver]]:
    """Return what does the cluster's own faults: by kind of fault, by verb of undo.

    The verb `wait_back` is the process family's.
    """
    nodes, rollout = Nodes(context), Rollout(context)
    config, isolate = Config(context), Isolate(context)
    kinds: dict[str, FaultDriver] = {
        "kubernetes.evict": Evict(context),
        **dict.fromkeys(HOW_NODES, nodes),
        **dict.fromkeys(HOW_ROLLOUT, rollout),
        "kubernetes.config_removed": config,
        "kubernetes.isolate": isolate,
    }
    verbs: dict[str, FaultDriver] = {
        "uncordon": nodes,
        "untaint": nodes,
        "restore_workload": rollout,
        "restore_config": config,
        "join_again": isolate,
    }
    return kinds, verbs
