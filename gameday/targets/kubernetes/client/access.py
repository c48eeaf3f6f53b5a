"""Which cluster: a context of the kubeconfig by name, or the pod's own account.

The kubeconfig's current context is never used: a fault in the wrong cluster is the
one mistake that nothing puts right.
"""

import logging
import os
import re
import threading
from pathlib import Path
from typing import Any

from gameday.errors import Refused, TargetNotFound
from gameday.frozen import frozen
from gameday.model.target import TargetRef
from gameday.model.values.namespace import EXPECTED, is_name, lacks_consent

IN_CLUSTER = "in-cluster"
_CONNECTIONS = 16  # kept open: watches and calls of several threads
_WORDS = 300  # characters of somebody else's words that a person is shown
# The client names an entry by its content, credentials and all, and an error by number.
_NOISE = re.compile(r"/\{.*\}|\[Errno \d+\] ")


@frozen
class Access:
    """A context and a namespace that may be touched."""

    context: str
    namespace: str


def access_of(ref: TargetRef) -> Access:
    """Return what the target names; Refused for no name, or one that is protected.

    A protected namespace (the cluster's own) needs `consent` with its name.
    """
    name = ref.namespace
    if not is_name(name):
        raise Refused(f"{name!r} is not a namespace's name; expected {EXPECTED}")
    if lacks_consent(name, ref.options.get("consent", "")):
        raise Refused(
            f"namespace {name!r} is the cluster's own and protected; if it is really "
            f"meant, say so: target: {{kubernetes: {{…, consent: {name}}}}}"
        )
    return Access(context=ref.name, namespace=name)


def configuration_of(context: str) -> Any:
    """Return the client's configuration; TargetNotFound where there is no such one."""
    import yaml

    from gameday.targets.kubernetes.client import library

    made = library.Configuration()
    made.retries = 0  # `Api` retries what is safe to be asked twice
    made.connection_pool_maxsize = _CONNECTIONS
    try:
        if context == IN_CLUSTER:
            library.load_incluster_config(client_configuration=made)
        else:
            _load(context, made)
    except (library.ConfigException, OSError) as wrong:
        raise TargetNotFound(_why(context, str(wrong))) from wrong
    except (
        # What the client does with entries of another shape than it expects.
        yaml.YAMLError,
        AttributeError,
        LookupError,
        TypeError,
        ValueError,
    ) as wrong:
        raise TargetNotFound(
            _why(context, f"it is not well formed: {wrong}")
        ) from wrong
    return made


def _load(context: str, made: Any) -> None:
    """Load a context; ConfigException also where its credential plugin fails."""
    from gameday.targets.kubernetes.client import library

    heard = _Heard()
    logging.getLogger().addHandler(heard)
    try:
        library.load_kube_config(
            config_file=kubeconfig(),
            context=context,
            client_configuration=made,
            persist_config=False,
        )
    finally:
        logging.getLogger().removeHandler(heard)
    if heard.said:
        message = f"its credential plugin failed: {heard.said[0]}"
        raise library.ConfigException(message)


class _Heard(logging.Handler):
    """Hears what the client only logs, and goes on: that a plugin did not work.

    While the root logger has a handler, the client's call prints nothing by itself.
    """

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.said: list[str] = []
        self._thread = threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        if record.module == "kube_config" and record.thread == self._thread:
            self.said.append(record.getMessage().removeprefix("exec: "))


def kubeconfig() -> str:
    """Return the path (or the list of paths) of the kubeconfig."""
    return os.environ.get("KUBECONFIG") or str(Path("~/.kube/config").expanduser())


# What is wrong ------------------------------------------------------------------------


def _why(context: str, wrong: str) -> str:
    told = _NOISE.sub("", " ".join(wrong.split()))[:_WORDS]
    if context == IN_CLUSTER:
        return f"this process has no service account of a pod: {told}"
    paths = [Path(name).expanduser() for name in kubeconfig().split(os.pathsep) if name]
    there = [path for path in paths if os.access(path, os.F_OK)]
    if not there:
        return f"there is no kubeconfig at {kubeconfig()} (KUBECONFIG names another)"
    known: list[str] = []
    for path in there:
        try:
            known += _contexts(path)
        except ValueError as error:
            return f"the kubeconfig {path} {error}"
    if context not in known:
        listed = ", ".join(sorted(set(known))) or "none"
        return f"no context {context!r} in the kubeconfig; it has: {listed}"
    return f"context {context!r} of the kubeconfig {kubeconfig()}: {told}"


def _contexts(path: Path) -> list[str]:
    """Return the names of a file's contexts; ValueError: what is wrong with it."""
    read = _parsed(path)
    if not isinstance(read, dict):
        wanted = "a mapping with contexts, clusters and users"
        raise ValueError(f"holds none: expected {wanted}")  # noqa: TRY004 - a file's
    for kind in ("contexts", "clusters", "users"):
        entries = read.get(kind) or []
        named = isinstance(entries, list) and all(
            isinstance(entry, dict) and "name" in entry for entry in entries
        )
        if not named:
            raise ValueError(f"is broken: {kind} is no list of entries with a name")
    return [str(context["name"]) for context in read.get("contexts") or []]


def _parsed(path: Path) -> Any:
    import yaml

    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as wrong:
        raise ValueError(f"cannot be read: {wrong.strerror}") from wrong
    except UnicodeDecodeError as wrong:
        raise ValueError("is not text") from wrong
    except yaml.YAMLError as wrong:
        mark = getattr(wrong, "problem_mark", None)
        where = f" in line {mark.line + 1}" if mark is not None else ""
        # Not str(wrong): that quotes the line, which may hold a token.
        what = getattr(wrong, "problem", None) or "it cannot be parsed"
        raise ValueError(f"is not YAML{where}: {what}") from wrong
