"""The format of gate policies: what a file has beside the keys of `GatePolicy`."""

from typing import Literal

from gameday.files.scenario.model_wire import FileFormat
from gameday.model.gate import GatePolicy

GATE_POLICY = FileFormat(
    GatePolicy, apiVersion=Literal["gameday/v1"], kind=Literal["GatePolicy"]
)
