"""The pipelines that `gameday ci init` writes: short files, each its reader's own."""

from collections.abc import Mapping
from importlib.resources import files

# CI server -> (template, where it is written)
SERVERS: Mapping[str, tuple[str, str]] = {
    "github": ("github.yml", ".github/workflows/gameday.yml"),
    "gitlab": ("gitlab.yml", "gameday.gitlab-ci.yml"),
    "jenkins": ("jenkins.groovy", "Jenkinsfile"),
}
REQUIREMENT = "git+https://github.com/ORGANISATION/gameday@TAG"


def texts(server: str, scenarios: str, requirement: str) -> dict[str, str]:
    """Return the files for a CI server, by their paths."""
    template, path = SERVERS[server]
    text = (files("gameday.files") / "templates" / template).read_text("utf-8")
    values = {"SCENARIOS": scenarios, "REQUIREMENT": requirement}
    for name, value in values.items():
        text = text.replace(f"@@{name}@@", value)
    return {path: text}
