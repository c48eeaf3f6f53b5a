"""The client's package is put in place without its models, and is whole for others."""

import subprocess
import sys

import pytest

OURS = "from gameday.targets.kubernetes.client import library\n"


def said(code: str) -> list[str]:
    """Return what a new process prints; what another test has imported is not there."""
    done = subprocess.run(
        [sys.executable, "-c", "import sys\n" + code],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_what_is_used_here_loads_no_model() -> None:
    code = (
        "import kubernetes.stream\n"
        "from gameday.targets.kubernetes import target\n"
        "from gameday.targets.kubernetes.client import exec\n"
        "library.ApiClient(library.Configuration())\n"
        "print(sum('.models.' in n or '.client.api.' in n for n in sys.modules))"
    )
    assert said(OURS + code) == ["0"]


@pytest.mark.parametrize(
    "asked",
    [
        "from kubernetes import client, config; client.CoreV1Api, config.load_config",
        "from kubernetes.client import V1Pod, CoreV1Api, ApiException",
        "from kubernetes import client; client.models.V1Pod, client.rest.ApiException",
        "import kubernetes; kubernetes.__version__, kubernetes.watch.Watch",
        "from kubernetes import *; client.V1Pod",
        "from kubernetes.client.api import core_v1_api; core_v1_api.CoreV1Api",
        "from kubernetes import dynamic; dynamic.DynamicClient",
        "import kubernetes.utils; kubernetes.utils.create_from_yaml",
        "import chaosk8s.pod.actions",
    ],
)
def test_everybody_else_finds_all_of_it(asked: str) -> None:
    same = "import kubernetes.client as c; print(c.ApiClient is library.ApiClient)"
    assert said(f"{OURS}{asked}\n{same}") == ["True"]


def test_whoever_has_imported_it_before_shares_it() -> None:
    same = "print(kubernetes.client.ApiClient is library.ApiClient)"
    assert said(f"import kubernetes.client\n{OURS}{same}") == ["True"]


def test_a_library_that_is_laid_out_otherwise_is_imported_whole() -> None:
    """As one of another version may be: what is expected of it is not there once."""
    code = (
        "class Missing:\n"
        "    def find_spec(self, name, path, target=None):\n"
        "        if name == 'kubernetes.client.rest':\n"
        "            sys.meta_path.remove(self)\n"
        "            raise ImportError(name)\n"
        "sys.meta_path.insert(0, Missing())\n"
    )
    whole = (
        "import kubernetes\n"
        "client = kubernetes.client\n"
        "print(type(client).__name__, 'CoreV1Api' in vars(client))"
    )
    assert said(code + OURS + whole) == ["module", "True"]


def test_an_answer_can_become_a_model() -> None:
    code = (
        "from kubernetes.client import ApiClient, Configuration\n"
        "made = ApiClient(Configuration())._ApiClient__deserialize(\n"
        "    {'metadata': {'name': 'web'}}, 'V1Pod')\n"
        "print(made.metadata.name)"
    )
    assert said(OURS + code) == ["web"]


def test_what_it_has_not_is_said_as_ever() -> None:
    code = (
        "from kubernetes import client\n"
        "print(hasattr(client, 'V1Nothing'), hasattr(client, '__nothing__'))"
    )
    assert said(OURS + code) == ["False", "False"]


def test_several_threads_get_all_of_it_at_once() -> None:
    code = (
        "from concurrent.futures import ThreadPoolExecutor\n"
        "from kubernetes import client\n"
        "def ask(number):\n"
        "    return getattr(client, ('CoreV1Api', 'V1Pod', 'AppsV1Api')[number % 3])\n"
        "with ThreadPoolExecutor(9) as pool:\n"
        "    print(len(set(pool.map(ask, range(9)))))"
    )
    assert said(OURS + code) == ["3"]
