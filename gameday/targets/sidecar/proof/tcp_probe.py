"""Is somebody there, and how far away: one TCP handshake, on any port.

A closed port answers as fast as an open one (with a reset), so that no service
has to be known. Only silence says nothing.
"""

import errno
import socket

from gameday.clock import SystemClock

PORT = 9  # discard: as good as any
_CLOCK = SystemClock()


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def round_trip(address: str, timeout: float) -> float | None:
    """Return the seconds until the address answered; None: it kept silent."""
    with socket.socket(_family(address), socket.SOCK_STREAM) as door:
        door.settimeout(timeout)
        began = _CLOCK.monotonic()
        try:
            answer = door.connect_ex((address, PORT))
        except OSError:
            return None
        took = _CLOCK.monotonic() - began
    return took if answer in (0, errno.ECONNREFUSED) else None


def send_away(address: str) -> str:
    """Send one datagram; return `sent`, `dropped` (by a local rule) or an error."""
    with socket.socket(_family(address), socket.SOCK_DGRAM) as door:
        try:
            door.sendto(b"gameday", (address, PORT))
        except PermissionError:
            return "dropped"
        except OSError as wrong:
            return errno.errorcode.get(wrong.errno or 0, "error")
    return "sent"
