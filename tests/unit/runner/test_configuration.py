"""A configuration that asks probes: asked once, for the prober and for the engine."""

import json
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

SCRIPT = """\
import json, multiprocessing, sys
from gameday.runner.engine.child import conduct, probe
from gameday.runner.engine.jobs import Job

context = multiprocessing.get_context("fork")
document = json.loads(sys.argv[1])

def play(work, *given):
    ours, theirs = context.Pipe()
    process = context.Process(target=work, args=(theirs, *given))
    process.start()
    theirs.close()
    said = []
    while True:
        try:
            said.append(ours.recv())
        except (EOFError, OSError):
            break
        if [name for name, _ in said].count("hypothesis") == 1:
            ours.send("go on")
    process.join(20)
    return said

looks = play(probe, Job(document=document), 0.1)
values = dict(looks)["configuration"]["values"]
engine = play(conduct, Job(document=document, configuration=values, hold=False))
print(json.dumps({"looks": looks, "engine": engine}, default=str))
"""


def shell(command: str) -> dict[str, Any]:
    return {"type": "process", "path": "sh", "arguments": f"-c {shlex.quote(command)}"}


def played(tmp_path: Path) -> dict[str, Any]:
    asked, method = tmp_path / "asked", tmp_path / "method"
    ask = shell(f"echo x >> {asked}; wc -l < {asked}")
    document = {
        "title": "t",
        "description": "d",
        "configuration": {
            "number": {"type": "probe", "name": "count", "provider": ask},
            "plain": "as it is",
        },
        "steady-state-hypothesis": {
            "title": "the number is the first",
            "probes": [
                {
                    "type": "probe",
                    "name": "say",
                    "tolerance": {"type": "regex", "target": "stdout", "pattern": "^1"},
                    "provider": shell("echo ${number}"),
                }
            ],
        },
        "method": [
            {
                "type": "action",
                "name": "say",
                "provider": shell(f"echo ${{number}} ${{plain}} > {method}"),
            },
            *(
                {
                    "type": "probe",
                    "name": f"is {number}",
                    "tolerance": {
                        "type": "regex",
                        "target": "stdout",
                        "pattern": f"^{number}",
                    },
                    "provider": shell("echo ${number}"),
                }
                for number in (1, 2)
            ),
        ],
    }
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, json.dumps(document)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    outcome: dict[str, Any] = json.loads(done.stdout)
    return outcome


def test_a_probe_of_the_configuration_is_asked_once_for_all(tmp_path: Path) -> None:
    report = played(tmp_path)
    (values,) = [fields for name, fields in report["looks"] if name == "configuration"]
    assert values == {"values": {"number": "1"}}
    looked, *_ = [fields for name, fields in report["looks"] if name == "hypothesis"]
    assert looked["ok"] is True, looked
    assert (tmp_path / "asked").read_text() == "x\n"
    assert (tmp_path / "method").read_text() == "1 as it is\n"


def test_its_value_is_not_in_the_journal(tmp_path: Path) -> None:
    report = played(tmp_path)
    (journal,) = [fields for name, fields in report["engine"] if name == "journal"]
    configuration = json.loads(journal["text"])["experiment"]["configuration"]
    assert configuration["number"]["type"] == "probe"


def test_the_engines_report_says_whether_a_probe_of_the_method_answers_yes(
    tmp_path: Path,
) -> None:
    told = [fields for name, fields in played(tmp_path)["engine"] if name == "activity"]
    method = {
        entry["name"]: entry.get("ok") for entry in told if entry["phase"] == "method"
    }
    assert method == {"say": None, "is 1": True, "is 2": False}
