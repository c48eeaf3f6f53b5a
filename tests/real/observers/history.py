"""A Prometheus that knows the samples of some minutes of another day."""

import json
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.real.observers.lab import Server, free_port


@contextmanager
def remembering(
    programs: Mapping[str, str], folder: Path, samples: str
) -> Iterator[str]:
    """Serve samples that are written as OpenMetrics; give the address."""
    (folder / "prometheus.yaml").write_text("scrape_configs: []\n")
    (folder / "samples").write_text(samples)
    promtool = Path(programs["prometheus"]).with_name("promtool")
    make = [
        *(str(promtool), "tsdb", "create-blocks-from", "openmetrics"),
        *("samples", "data"),
    ]
    subprocess.run(make, cwd=folder, check=True, capture_output=True)
    port = free_port()
    server = Server(
        [
            programs["prometheus"],
            "--config.file=prometheus.yaml",
            f"--web.listen-address=127.0.0.1:{port}",
            "--storage.tsdb.path=data",
            "--storage.tsdb.retention.time=50y",
        ],
        folder,
        port,
    )
    try:
        server.start()
        yield server.url
    finally:
        server.stop()


def asked(url: str, path: str, **params: Any) -> Any:
    """Return the result of a query as Prometheus itself answers it."""
    address = f"{url}/api/v1/{path}?{urllib.parse.urlencode(params)}"
    with urllib.request.urlopen(address, timeout=10) as told:  # noqa: S310
        return json.load(told)["data"]["result"]
