"""A kind of Alertmanager's integrations: its keys, and which of them it needs."""

from typing import NamedTuple

from gameday.files.text import http_client
from gameday.files.text.shapes import Fields, Shape, flag, secret_url, text


class IntegrationKind(NamedTuple):
    """A kind of integration.

    `needs`: of each group of keys one has to be set. `inherits`: of each pair of
    groups one of the first has to be set, or one of the second in `global`.
    """

    fields: Fields
    needs: tuple[tuple[str, ...], ...] = ()
    inherits: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = ()


def fields(**shapes_of: Shape | str) -> Fields:
    """Return fields by their shapes; `texts` lists the names of those of text."""
    made: dict[str, Shape] = {
        "send_resolved": flag,
        "http_config": http_client.CLIENT,
    }
    for key, shape in shapes_of.items():
        if isinstance(shape, str):
            made.update(dict.fromkeys(shape.split(), text))
        else:
            made[key] = shape
    return made


WEBHOOK_URL = {"webhook_url": secret_url}
URL_OR_FILE = (("webhook_url", "webhook_url_file"),)
