"""Calls that come after their fault was undone: an engine died while it made them.

Such a call may be held up for long, by an admission webhook or a slow etcd. All that
is sent holds the version of the object that was read, so that a newer version has the
API refuse it, however late it is.
"""

from gameday.targets.kubernetes.client.api import Api
from gameday.targets.kubernetes.inventory.pod_status import LABEL

# A label, since controllers copy a workload's annotations onto its revisions.
PASSING = f"{LABEL}passing"


def fence(api: Api, path: str) -> None:
    """Give an object a newer version and leave it as it is.

    A patch that changes nothing makes no version: so a label comes and goes.
    """
    for value in ("yes", None):
        api.merge(path, {"metadata": {"labels": {PASSING: value}}})
