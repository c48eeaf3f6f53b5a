"""Terraform's own word on drift: what a plan would change, without any value."""

import shutil
import subprocess
from pathlib import Path

import pytest

from gameday.model.fingerprint import differences
from gameday.targets.terraform import TerraformFailed, fingerprint, planned

CONFIGURATION = """\
variable "size" { default = "hunter1" }
resource "terraform_data" "one" { input = var.size }
"""
TEXT = """\
terraform_data.one: Refreshing state... [id=1]

Terraform will perform the following actions:

  # terraform_data.one will be updated in-place
  ~ resource "terraform_data" "one" {
      ~ input  = "hunter1" -> "hunter2"
        # (1 unchanged attribute hidden)
    }

  # data.external.x will be read during apply
  # (config refers to values not yet known)

Plan: 0 to add, 1 to change, 0 to destroy.
"""


def test_the_addresses_of_a_plan_are_taken_and_no_value() -> None:
    assert planned(TEXT, changes=True) == {
        "plan": "Plan: 0 to add, 1 to change, 0 to destroy.",
        "terraform_data.one": "will be updated in-place",
        "data.external.x": "will be read during apply",
    }
    assert planned("whatever", changes=False) == {"plan": "no changes"}
    outputs = "Changes to Outputs:\n  + x = 1\n"
    assert planned(outputs, changes=True) == {"plan": "changes of outputs only"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder where all that is configured is applied; no provider is needed."""
    if shutil.which("terraform") is None:
        pytest.skip("no terraform")
    (tmp_path / "main.tf").write_text(CONFIGURATION)
    for words in (["init"], ["apply", "-auto-approve"]):
        subprocess.run(
            ["terraform", *words, "-no-color", "-input=false"],
            cwd=tmp_path,
            capture_output=True,
            check=True,
            timeout=60,
        )
    return tmp_path


def test_nothing_to_do_before_and_after_is_no_difference(folder: Path) -> None:
    before = fingerprint(str(folder))
    assert before == {"terraform": {"plan": "no changes"}}
    assert differences(before, fingerprint(str(folder))) == []


def test_what_somebody_changed_meanwhile_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = fingerprint(str(folder))
    monkeypatch.setenv("TF_VAR_size", "hunter2")
    after = fingerprint(str(folder))
    assert [difference.key for difference in differences(before, after)] == [
        "plan",
        "terraform_data.one",
    ]
    assert "hunter" not in str(after)
    assert differences(after, fingerprint(str(folder))) == []  # pending all along


def test_what_it_complains_about_is_said(folder: Path) -> None:
    (folder / "main.tf").write_text("resource {")
    with pytest.raises(TerraformFailed, match="terraform plan failed: "):
        fingerprint(str(folder))


def test_no_folder_and_no_terraform(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(TerraformFailed, match="there is no "):
        fingerprint(str(tmp_path / "nowhere"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(TerraformFailed, match="there is no terraform"):
        fingerprint(str(tmp_path))


def test_one_that_takes_too_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = tmp_path / "terraform"
    slow.write_text("#!/bin/sh\nexec sleep 60\n")
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(TerraformFailed, match="timed out"):
        fingerprint(str(tmp_path), 0.2)
