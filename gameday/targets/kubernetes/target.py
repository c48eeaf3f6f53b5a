"""The port `Target` for a namespace of a Kubernetes cluster."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from gameday.model.faults.fault import FaultRequest, Proof, Undo, Undone
from gameday.model.faults.rights import Rule
from gameday.model.fingerprint import Fingerprint
from gameday.model.target import Instance, TargetRef
from gameday.ports import Clock, Emit
from gameday.targets.hand import Hand
from gameday.targets.kubernetes.client.access import access_of
from gameday.targets.kubernetes.client.api import Api, Forbidden
from gameday.targets.kubernetes.faults.own import own_hands
from gameday.targets.kubernetes.faults.process import Process, fit
from gameday.targets.kubernetes.inventory.fingerprint import take
from gameday.targets.kubernetes.inventory.pods import Namespace
from gameday.targets.kubernetes.ownership.lease import Lock
from gameday.targets.kubernetes.ownership.marks import Marks
from gameday.targets.kubernetes.rbac.permission import Permission
from gameday.targets.kubernetes.sidecars.helper import Helper
from gameday.targets.kubernetes.sidecars.host import KubernetesSidecars
from gameday.targets.kubernetes.sidecars.place import Place
from gameday.targets.kubernetes.watch.availability import Availability
from gameday.targets.kubernetes.watch.events import ClusterEvents
from gameday.targets.kubernetes.watch.watching import PodsWatch
from gameday.targets.marking import Holder, Left
from gameday.targets.sidecar_faults.driver import VERB, SidecarFaults
from gameday.targets.watched import Heard


class KubernetesTarget:
    """A namespace; `url` means the same wherever the context has the same name."""

    def __init__(self, ref: TargetRef, clock: Clock) -> None:
        self.url = ref.url
        access = access_of(ref)
        self.api = Api(access, clock)
        self._pods = Namespace(self.api, access.namespace)
        self._lock = Lock(self.api, access.namespace)
        image = ref.options.get("helper_image", "")
        self.helper = Helper(self.api, self._pods, image, self._lock.owner)
        self._place = Place(api=self.api, pods=self._pods, helper=self.helper)
        self._marks = Marks(self.api, access.namespace)
        self._permission = Permission(self.api, access.namespace)
        process = Process(self._place)
        self._sidecars = SidecarFaults(KubernetesSidecars(self._place))
        kinds, verbs = own_hands(self._place)
        self._by_kind: Mapping[str, Hand] = {"process": process, **kinds}
        self._by_verb: Mapping[str, Hand] = {
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

    def watch(self, heard: Heard) -> PodsWatch:
        """Tell the instances as they are, and again on every change."""
        return PodsWatch(self.api, self._pods, heard)

    def workloads(self, services: Mapping[str, str], emit: Emit) -> Availability:
        """Report `workload` events of these (`deployment/web` -> service)."""
        return Availability(self.api, self._pods.name, services, emit)

    def events(self, emit: Emit) -> ClusterEvents:
        """Report `cluster_event` events from now on."""
        return ClusterEvents(self.api, self._pods, emit)

    def fingerprint(self, touched: Collection[str] = ()) -> Fingerprint:
        """Return what has to be the same again when every fault is undone."""
        del touched
        return take(self.api, self._pods)

    def _hand(self, kind: str) -> Hand | None:
        if kind in self._sidecars.kinds:
            return self._sidecars
        return self._by_kind.get(kind) or self._by_kind.get(kind.partition(".")[0])

    def _sure_hand(self, kind: str) -> Hand:
        hand = self._hand(kind)
        if hand is None:
            raise KeyError(kind)  # the faults room asks `refusal` first
        return hand

    def refusal(self, kind: str) -> str:
        """Return why this cluster cannot do this fault; empty when it can."""
        hand = self._hand(kind)
        if hand is None:
            return f"kubernetes targets cannot do {kind} yet"
        return hand.refusal(kind) or self._permission.refusal(kind)

    def missing(self, kinds: Collection[str]) -> tuple[Rule, ...]:
        """Return the rights that these faults need and this account has not."""
        return self._permission.missing(kinds)

    def fit(
        self, request: FaultRequest, instances: Sequence[Instance]
    ) -> Sequence[Instance]:
        """Return those of a service's instances that this fault can hit."""
        return fit(request, instances)

    def how(self, request: FaultRequest) -> str:
        """Return in one sentence how this fault is done."""
        return self._sure_hand(request.kind).how(request)

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
        undo = self._sure_hand(request.kind).prepare(request, victim, mark)
        return replace(undo, target=self.url)

    def inject(self, request: FaultRequest, victim: Instance, undo: Undo) -> None:
        """Change the target; FaultFailed when it did not work."""
        self._sure_hand(request.kind).inject(request, victim, undo)

    def bites(self, request: FaultRequest, victim: Instance, undo: Undo) -> Proof:
        """Return whether the fault is really there, as seen from outside of it."""
        return self._sure_hand(request.kind).bites(request, victim, undo)

    def undo(self, undo: Undo) -> Undone:
        """Undo, confirm, and say what was found; idempotent."""
        return self._by_verb[undo.verb].undo(undo)

    # What is ours in the namespace besides faults ---------------------------------

    def sweep(self, run: str) -> int:
        """Undo and remove all of a run, also what the ledger never had.

        Returns how many there were. What could not be undone keeps its mark.
        """
        left = [one for one in self.left() if one.run == run]
        for one in left:
            if one.undo is None or self.undo(one.undo).ok:
                self.drop(one)
        return len(left)

    def forget(self, undo: Undo) -> None:
        """Do nothing: the undo took its mark away with the fault."""
        del undo

    def left(self) -> list[Left]:
        """Return all that carries a mark in this namespace."""
        return self._marks.left()

    def drop(self, left: Left) -> None:
        """Remove a mark, or an object of ours that has nothing to undo."""
        self._marks.drop(left)

    def sweep_rules(self) -> list[tuple[str, int]]:
        """Return nothing: every fault in a pod's network has a helper with its undo."""
        return []

    def hold(self, holder: Holder) -> Holder | None:
        """Take the lock; return who has it where it is taken, None: it is ours."""
        return self._lock.hold(replace(holder, unseen=self._marks.unseen()))

    def gone(self) -> str:
        """Return why the namespace does not exist; empty: it may."""
        try:
            return self._pods.gone()
        except Forbidden:
            return ""

    def held(self, *, wait: bool = True, decide: bool = False) -> Holder | None:
        """Return who has the lock."""
        return self._lock.held(wait=wait, decide=decide)

    def release(self, run: str) -> None:
        """Let go of a run's lock; nothing happens where another has it."""
        self._lock.release(run)

    def lost(self) -> str:
        """Return why the lock is not ours any more; empty while it is."""
        return self._lock.lost()

    def how_to_free(self) -> str:
        """Return the command that frees it when its holder is known to be gone."""
        access = self.api.access
        where = ["--context", access.context, "--namespace", access.namespace]
        return " ".join(["gameday", "heal", *where])
