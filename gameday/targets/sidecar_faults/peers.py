"""Other ends that are neither a service nor an instance: addresses."""

import ipaddress

from gameday.errors import FaultFailed


def literal(peer: str) -> list[str]:
    """Return the address, or the network, that a peer is; FaultFailed: it is none."""
    try:
        return [str(ipaddress.ip_network(peer, strict=False)).removesuffix("/32")]
    except ValueError:
        raise FaultFailed(
            f"peer {peer!r} is no service or instance of this target and no address"
        ) from None
