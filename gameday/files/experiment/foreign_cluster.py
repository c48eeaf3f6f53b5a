"""Which cluster chaosk8s would act on, against the scenario's target.

chaosk8s takes the context from the experiment's secrets, else from the environment
(which `gameday run` sets), and "default" for a namespace that is not given.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from gameday.files.experiment.activities import ReadActivity
from gameday.files.experiment.configuration import GivenConfiguration, Values
from gameday.files.experiment.foreign import Call, calls
from gameday.files.text.cursor import Cursor
from gameday.model.faults.foreign_kubernetes import MODULE, NAMESPACED
from gameday.model.quoting import shown
from gameday.model.target import TargetRef, parse_target
from gameday.model.values.namespace import is_protected

CONTEXT = "KUBERNETES_CONTEXT"


def check(
    here: Cursor,
    activities_read: Sequence[ReadActivity | None],
    values: Values,
    given: GivenConfiguration,
) -> None:
    """Refuse another cluster than the scenario's; warn of another namespace."""
    target = _target(given)
    if target is None:
        return
    theirs = [call for call in calls(activities_read, values) if _is_theirs(call)]
    contexts = list(_contexts(here, given))
    if target.kind == "kubernetes":
        for place, context in contexts:
            _same_context(place, context, target)
        for call in theirs:
            _same_namespace(call, target)
    elif theirs and not contexts:
        theirs[0].activity.here.warn(
            "chaosk8s would act on the kubeconfig's current context, which nobody "
            f"named; give the experiment a secret {CONTEXT}",
            code="cluster",
        )


def _target(given: GivenConfiguration) -> TargetRef | None:
    try:
        return parse_target(given.target_url) if given.target_url else None
    except ValueError:
        return None


def _is_theirs(call: Call) -> bool:
    return call.name.split(".", maxsplit=1)[0] == MODULE


def _contexts(here: Cursor, given: GivenConfiguration) -> Iterator[tuple[Cursor, Any]]:
    """Yield each context that the secrets name; None where only a run knows it."""
    groups = here.get("secrets")
    if groups is None or not isinstance(groups.value, dict):
        return
    for _, group in groups.entries():
        context = group.get(CONTEXT) if isinstance(group.value, dict) else None
        if context is None:
            continue
        value = context.value
        if isinstance(value, dict):
            known = value.get("type") == "env"
            value = given.env.get(str(value.get("key"))) if known else None
        yield context, value


def _same_context(place: Cursor, context: Any, target: TargetRef) -> None:
    if context is None:
        place.warn(
            f"not checked: only a run knows this context; it must be {target.name!r}, "
            "the scenario's",
            code="cluster",
        )
    elif context != target.name:
        place.error(
            f"names the context {shown(context)}, the scenario's target is "
            f"{target.name!r}; chaosk8s would act on another cluster, remove it",
            code="cluster",
        )


def _same_namespace(call: Call, target: TargetRef) -> None:
    family = call.name.split(".")[1]
    if family not in NAMESPACED or (".crd." in call.name and "cluster" in call.name):
        return
    if call.name.rpartition(".")[2].startswith("apply_from_"):
        return
    asked = call.arguments.get("ns", "default")
    if asked == target.namespace or "${" in str(asked):
        return
    message = (
        f"{call.name} acts on the namespace {shown(asked)}, the scenario's is "
        f"{target.namespace!r}; give it ns"
    )
    action = call.activity.kind == "action"
    if action and is_protected(str(asked)):
        call.activity.here.error(
            f"{message} (what runs the cluster is protected)", code="cluster"
        )
    else:
        call.activity.here.warn(message, code="cluster")
