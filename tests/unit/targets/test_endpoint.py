"""Which engine a docker target means."""

import hashlib
import json
from pathlib import Path

import pytest

from gameday.errors import TargetNotFound
from gameday.model.target import parse_target
from gameday.targets.docker.endpoint import LOCAL, EngineAddress, endpoint_of


def store(folder: Path, name: str, host: str, *, tls: bool = False) -> None:
    key = hashlib.sha256(name.encode()).hexdigest()
    meta = folder / "contexts" / "meta" / key
    meta.mkdir(parents=True)
    endpoint = {"Host": host, "SkipTLSVerify": False}
    content = {"Name": name, "Endpoints": {"docker": endpoint}}
    (meta / "meta.json").write_text(json.dumps(content))
    if tls:
        (folder / "contexts" / "tls" / key / "docker").mkdir(parents=True)


def found(url: str, folder: Path, **environment: str) -> EngineAddress:
    env = {"DOCKER_CONFIG": str(folder), "HOME": str(folder), **environment}
    return endpoint_of(parse_target(url), env)


def test_without_anything_it_is_the_local_socket(tmp_path: Path) -> None:
    assert found("docker://shop", tmp_path) == EngineAddress(host=LOCAL)


def test_the_url_wins_over_the_environment(tmp_path: Path) -> None:
    url = "docker://shop?host=tcp://10.0.0.1:2375"
    assert found(url, tmp_path, DOCKER_HOST="tcp://elsewhere:1").host == (
        "tcp://10.0.0.1:2375"
    )
    store(tmp_path, "prod", "ssh://ops@far")
    url = "docker://shop?context=prod"
    assert found(url, tmp_path, DOCKER_HOST="tcp://elsewhere:1").host == "ssh://ops@far"


def test_the_environment_counts_where_the_url_is_silent(tmp_path: Path) -> None:
    store(tmp_path, "prod", "tcp://far:2376", tls=True)
    (tmp_path / "config.json").write_text('{"currentContext": "prod"}')
    current = found("docker://shop", tmp_path)
    assert current.host == "tcp://far:2376"
    assert current.certificates.endswith("/docker")
    host = found("docker://shop", tmp_path, DOCKER_HOST="10.0.0.2:2375").host
    assert host == "tcp://10.0.0.2:2375"
    assert found("docker://shop", tmp_path, DOCKER_CONTEXT="default").host == LOCAL


def test_certificates_go_with_the_environments_host(tmp_path: Path) -> None:
    env = {"DOCKER_HOST": "tcp://far:2376", "DOCKER_TLS_VERIFY": "1"}
    assert found("docker://shop", tmp_path, **env).certificates == str(tmp_path)
    env["DOCKER_CERT_PATH"] = "/certs"
    assert found("docker://shop", tmp_path, **env).certificates == "/certs"


def test_a_resolved_url_means_the_same_everywhere(tmp_path: Path) -> None:
    first = found("docker://shop", tmp_path, DOCKER_HOST="tcp://far:2375")
    ref = parse_target("docker://shop")
    again = parse_target(
        type(ref)(kind="docker", name="shop", options=first.options).url
    )
    assert endpoint_of(again, {"DOCKER_HOST": "tcp://elsewhere:1"}) == first


def test_a_context_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(TargetNotFound, match="no Docker context 'prod'"):
        found("docker://shop?context=prod", tmp_path)
