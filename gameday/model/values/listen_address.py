"""Where something listens: HOST:PORT, an IPv6 address in brackets."""

import re

from gameday.model.quoting import shown

_WRITTEN = re.compile(r"(\[[0-9a-fA-F:.]*\]|[A-Za-z0-9_.-]*):([0-9]{1,5})")
_HIGHEST_PORT = 65535


def host_and_port(value: object) -> tuple[str, int]:
    """Return host and port, without brackets; ValueError where it is no address."""
    text = value if isinstance(value, str) else ""
    match = _WRITTEN.fullmatch(text)
    if match is None or int(match[2]) > _HIGHEST_PORT:
        bare = text.count(":") > 1 and not text.startswith("[")
        such = "[::1]:9099" if bare else "0.0.0.0:9099"
        raise ValueError(f'{shown(value)} is not HOST:PORT, such as "{such}"')
    return match[1].strip("[]"), int(match[2])
