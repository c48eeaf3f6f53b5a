"""What Terraform says of the target: whether `terraform plan` would change anything.

Only the addresses of what it would change are taken from its words, never values.
The folder has to be initialised (`terraform init`); nothing in it is written to.
"""

import os
import re
import subprocess

from gameday.errors import GamedayError
from gameday.model.fingerprint import Fingerprint

INSTANCE = "terraform"
TAKES = 120.0  # seconds that a plan may take: it asks every provider
_COMMAND = (
    *("terraform", "plan", "-detailed-exitcode", "-input=false", "-lock=false"),
    "-no-color",
)
_CHANGES = 2  # its exit code where the plan is not empty
_SHOWN = 300  # characters of its complaint
# Each resource has a line: "# module.web.aws_instance.one[0] will be destroyed".
_ADDRESS = re.compile(r"^  # ([^\s(]\S*) (.+?)$", re.MULTILINE)
_SUMMARY = re.compile(r"^Plan: .*$", re.MULTILINE)


class TerraformFailed(GamedayError):
    """There is no plan: no terraform, not initialised, or a provider that is down."""


def fingerprint(folder: str, at_most: float = TAKES) -> Fingerprint:
    """Return whether and what a plan in this folder would change now."""
    try:
        done = subprocess.run(
            _COMMAND,
            cwd=folder,
            env={**os.environ, "TF_IN_AUTOMATION": "1"},
            capture_output=True,
            text=True,
            timeout=at_most,
            check=False,
            start_new_session=True,  # a Ctrl-C is the run's, not its
        )
    except FileNotFoundError as wrong:
        missing = wrong.filename or "terraform"
        raise TerraformFailed(f"drift.terraform: there is no {missing}") from wrong
    except (OSError, subprocess.TimeoutExpired) as wrong:
        raise TerraformFailed(f"drift.terraform: {wrong}") from wrong
    if done.returncode not in (0, _CHANGES):
        words = " ".join(done.stderr.split())[:_SHOWN]
        raise TerraformFailed(f"drift.terraform: terraform plan failed: {words}")
    return {INSTANCE: planned(done.stdout, changes=done.returncode == _CHANGES)}


def planned(text: str, *, changes: bool) -> dict[str, str]:
    """Return a plan as the keys of a fingerprint."""
    if not changes:
        return {"plan": "no changes"}
    summary = _SUMMARY.search(text)
    told: dict[str, str] = dict(_ADDRESS.findall(text))
    return {"plan": summary[0] if summary else "changes of outputs only", **told}
