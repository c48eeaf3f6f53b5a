"""The JSON Schema of our formats, for editors; made from their one definition."""

import json
from typing import Any

KINDS = ("scenario", "gate")


def text(kind: str = "scenario") -> str:
    """Return the JSON Schema of a format, as it stands in `schema/`."""
    if kind == "gate":
        from gameday.files.scenario.gate_wire import GATE_POLICY

        return _schema(GATE_POLICY.json_schema(), "gate-policy")
    from gameday.files.scenario.scenario_wire import SCENARIO

    return _schema(SCENARIO.json_schema(), "scenario")


def _schema(schema: dict[str, Any], name: str) -> str:
    parts = schema["$defs"]
    for part in (schema, *parts.values()):
        properties = part.get("properties", {})
        for server in {"prometheus", "alertmanager"} & properties.keys():
            if "$ref" in properties[server]:
                url = parts["Endpoint"]["properties"]["url"]
                reference = {"$ref": properties[server].pop("$ref")}
                properties[server]["anyOf"] = [url, reference]
    top = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"https://gameday.invalid/{name}.schema.json",
    }
    return json.dumps({**top, **schema}, indent=2, sort_keys=True) + "\n"
