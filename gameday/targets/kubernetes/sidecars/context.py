"""What Kubernetes' fault drivers share: a namespace's API, pods and helpers."""

from collections.abc import Callable

from gameday.errors import FaultFailed, GamedayError
from gameday.frozen import frozen
from gameday.model.faults.fault import Undo, Undone
from gameday.model.target import Instance
from gameday.targets.kubernetes.client.access import IN_CLUSTER, Access
from gameday.targets.kubernetes.client.api import Api, ApiRefused, Json, passes
from gameday.targets.kubernetes.inventory.pods import Namespace
from gameday.targets.kubernetes.sidecars.helper import Helper


@frozen
class NamespaceContext:
    """What every driver needs."""

    api: Api
    pods: Namespace
    helper: Helper

    @property
    def namespace(self) -> str:
        """The namespace's name."""
        return self.pods.name

    def kubectl(self, *words: str, node: bool = False) -> str:
        """Return the command that a person would type."""
        return kubectl_of(self.api.access, *words, namespaced=not node)

    def pod_of(self, victim: Instance) -> Json:
        """Return the victim's pod; FaultFailed where it is another by now."""
        pod = self.pods.pod(victim.labels["pod"])
        if pod is None or pod["metadata"]["uid"] != victim.identity["id"]:
            raise FaultFailed(f"{victim.name} was replaced by another pod")
        if victim.state != "running":
            raise FaultFailed(f"{victim.name} is {victim.state}, not running")
        return pod

    def same_pod(self, undo: Undo) -> Json | None:
        """Return the undo's own pod as it is now; None: it is not there any more."""
        pod = self.pods.pod(str(undo.arguments["pod"]))
        if pod is None or pod["metadata"]["uid"] != undo.identity["id"]:
            return None
        return pod


def kubectl_of(access: Access, *words: str, namespaced: bool = True) -> str:
    """Return the command that a person would type."""
    inside = access.context == IN_CLUSTER
    where = [] if inside else ["--context", access.context]
    space = ["--namespace", access.namespace] if namespaced else []
    return " ".join(["kubectl", *where, *space, *words])


REPLACED = Undone(ok=True, found="the pod is gone; the fault went with it")


def undone_or_why(by_hand: str, act: Callable[[], Undone]) -> Undone:
    """Do an undo; what goes wrong becomes a sentence, never an exception.

    That something is gone (404) confirms nothing here: a driver whose own object may be
    gone says so itself. What may pass by itself counts as no answer yet.
    """
    try:
        return act()
    except GamedayError as wrong:
        said = f"the API refused: {wrong}" if isinstance(wrong, ApiRefused) else wrong
        later = passes(wrong)
        return Undone(ok=False, found=str(said), by_hand=by_hand, unanswered=later)
