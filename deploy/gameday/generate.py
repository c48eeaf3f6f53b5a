"""Write the roles from the code: `python deploy/gameday/generate.py [--check]`.

One file for each capability, for kubectl and kustomize, the chart's table of the same,
and the table in the page on rights. With `--check` nothing is written; exits with 1
when a file is out of date.
"""

# ruff: noqa: INP001, T201 - a script, and one that says what it wrote

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from gameday.targets.kubernetes.rbac import rights

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PAGE = ROOT / "docs" / "explanation" / "rights.md"
BEGIN = "<!-- rights: made by deploy/gameday/generate.py from the code -->\n"
END = "<!-- rights: end -->"
MARK = "# Made by deploy/gameday/generate.py from the code; change that instead.\n"
NAME = "gameday"  # of the ServiceAccount, and its namespace
TARGET = "shop"  # the namespace that game days are held in
NAMES = ("read", "run", *rights.CAPABILITIES)
WIDE = "nodes"  # the one whose faults reach beyond the namespace
FOR = {
    "read": "What check, plan and doctor look at.",
    "run": "The lock and the heartbeat of a run.",
    WIDE: "Faults of nodes: meanwhile they take no new pods of any namespace.",
}


def binding(role: dict[str, Any]) -> dict[str, Any]:
    """Return what gives a role to gameday's ServiceAccount."""
    return {
        "apiVersion": role["apiVersion"],
        "kind": f"{role['kind']}Binding",
        "metadata": role["metadata"],
        "roleRef": {
            "apiGroup": "rbac.authorization.k8s.io",
            "kind": role["kind"],
            "name": role["metadata"]["name"],
        },
        "subjects": [{"kind": "ServiceAccount", "name": NAME, "namespace": NAME}],
    }


def manifests(name: str) -> str:
    """Return one capability's roles and bindings as YAML."""
    roles = rights.as_objects(rights.capability(name), f"{NAME}-{name}", TARGET)
    both = [made for role in roles for made in (role, binding(role))]
    said = FOR.get(name) or f"For {', '.join(rights.CAPABILITIES[name])}."
    return f"{MARK}# {said}\n" + "---\n".join(dump(one) for one in both)


def table() -> str:
    """Return the rules of all capabilities, as the chart reads them."""
    rules = {}
    for name in NAMES:
        roles = rights.as_objects(rights.capability(name), name, TARGET)
        rules[name] = {role["kind"]: role["rules"] for role in roles}
    return MARK + dump(rules)


def page(text: str) -> str:
    """Return the page on rights with its table written anew."""
    head, _, rest = text.partition(BEGIN)
    table = "\n".join(rows())
    return f"{head}{BEGIN}{table}\n{END}{rest.partition(END)[2]}"


def rows() -> Iterator[str]:
    """Yield the table: a role, its faults, its rules."""
    yield "| role | for | may |\n|---|---|---|"
    for name in NAMES:
        kinds = ", ".join(f"`{kind}`" for kind in rights.CAPABILITIES.get(name, ()))
        roles = rights.as_objects(rights.capability(name), name, TARGET)
        rules = "<br>".join(_row(role, one) for role in roles for one in role["rules"])
        yield f"| `{name}` | {kinds or 'every run'} | {rules} |"


def _row(role: dict[str, Any], rule: dict[str, Any]) -> str:
    what = ", ".join(f"`{one}`" for one in rule["resources"])
    where = " **of the cluster**" * (role["kind"] == "ClusterRole")
    return f"{', '.join(rule['verbs'])}: {what}{where}"


def dump(thing: Any) -> str:
    """Return YAML without anchors, short lists on one line."""
    dumper = yaml.SafeDumper
    dumper.ignore_aliases = lambda *_: True  # type: ignore[method-assign]
    return yaml.dump(
        thing, Dumper=dumper, sort_keys=False, default_flow_style=None, width=88
    )


def files() -> dict[Path, str]:
    """Return each file's text by its path."""
    made = {HERE / "chart" / "files" / "roles.yaml": table()}
    for name in NAMES:
        folder = "nodes" if name == WIDE else "rights"
        made[HERE / folder / f"{name}.yaml"] = manifests(name)
    made[PAGE] = page(PAGE.read_text(encoding="utf-8"))
    return made


def main(check: bool) -> int:
    """Write the files, or say which are out of date; return the exit code."""
    stale = [
        path
        for path, text in files().items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    for path in stale:
        if check:
            print(f"{path.relative_to(ROOT)} is out of date", file=sys.stderr)
        else:
            path.write_text(files()[path], encoding="utf-8")
            print(f"wrote {path.relative_to(ROOT)}")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
