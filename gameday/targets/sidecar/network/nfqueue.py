"""A kernel packet queue (nfnetlink_queue): packets wait here until let through.

The messages are those of the kernel's `linux/netfilter/nfnetlink_queue.h`: a
netlink header, four bytes of nfgenmsg, attributes. Only metadata is copied (with one
byte of the packet where its size is asked for); the packet stays in the kernel until
its verdict. When the socket closes, by whatever
death, rules with `--queue-bypass` let everything pass.
"""

import errno
import random
import socket
import struct
from collections.abc import Iterator

from gameday.targets.sidecar.work import WorkFailed

QUEUED = "-j NFQUEUE"  # what a rule ends with that leads to a queue
_NETFILTER = 12  # NETLINK_NETFILTER
_SUBSYSTEM = 3 << 8  # NFNL_SUBSYS_QUEUE
_PACKET, _VERDICT, _CONFIG, _BATCH = 0, 1, 2, 3  # NFQNL_MSG_*
_REQUEST, _ACK = 1, 4  # NLM_F_*
_ERROR = 2  # NLMSG_ERROR
_CFG_CMD, _CFG_PARAMS, _CFG_MAXLEN, _CFG_MASK, _CFG_FLAGS = 1, 2, 3, 4, 5
_BIND = 1  # NFQNL_CFG_CMD_BIND
_COPY_META, _COPY_PACKET = 1, 2
_PAYLOAD, _WHOLE_SIZE = 10, 13  # NFQA_PAYLOAD, NFQA_CAP_LEN (where that is cut off)
_FAIL_OPEN, _GSO = 1, 4  # let pass what finds no room; do not split large packets
_PACKET_HEADER = 1  # NFQA_PACKET_HDR
_VERDICT_HEADER = 2  # NFQA_VERDICT_HDR
_DROP, _ACCEPT = 0, 1  # NF_DROP, NF_ACCEPT
_NO_ENOBUFS = 5  # NETLINK_NO_ENOBUFS
_SOL_NETLINK = 270
_ROOM = 65536  # packets
_TRIES = 16  # queue numbers to try


def _attribute(kind: int, value: bytes) -> bytes:
    padding = b"\0" * (-len(value) % 4)
    return struct.pack("=HH", len(value) + 4, kind) + value + padding


def _message(kind: int, queue: int, body: bytes, flags: int = _REQUEST) -> bytes:
    payload = struct.pack("!BBH", socket.AF_UNSPEC, 0, queue) + body
    size = 16 + len(payload)
    return struct.pack("=IHHII", size, _SUBSYSTEM | kind, flags, 0, 0) + payload


def _parts(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the kind and the payload of each netlink message."""
    while len(data) >= 16:  # noqa: PLR2004 - the header
        size, kind = struct.unpack_from("=IH", data)
        if size < 16:  # noqa: PLR2004 - the header
            return
        yield kind, data[16:size]
        data = data[(size + 3) & ~3 :]


def packets(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield id and size of the packets that a read from the socket announces.

    The size is 0 where the queue was not asked to tell it.
    """
    for kind, payload in _parts(data):
        if kind != _SUBSYSTEM | _PACKET:
            continue
        attributes = dict(_attributes(payload[4:]))
        if len(header := attributes.get(_PACKET_HEADER, b"")) < 4:  # noqa: PLR2004
            continue
        size = len(attributes.get(_PAYLOAD, b""))
        if _WHOLE_SIZE in attributes:
            size = struct.unpack_from("!I", attributes[_WHOLE_SIZE])[0]
        yield struct.unpack_from("!I", header)[0], size


def _attributes(rest: bytes) -> Iterator[tuple[int, bytes]]:
    while len(rest) >= 4:  # noqa: PLR2004 - an attribute's header
        size, kind = struct.unpack_from("=HH", rest)
        yield kind & 0x3FFF, rest[4:size]
        rest = rest[max(4, (size + 3) & ~3) :]


class Queue:
    """One numbered queue of this network namespace; OSError where it is taken.

    `sizes`: it tells how large its packets are.
    """

    def __init__(self, number: int, *, sizes: bool = False) -> None:
        self._number = number
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETFILTER)
        self._socket.setsockopt(_SOL_NETLINK, _NO_ENOBUFS, 1)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        flags = struct.pack("!I", _FAIL_OPEN | _GSO)
        self._configure(_attribute(_CFG_CMD, struct.pack("!BBH", _BIND, 0, 0)))
        copied = struct.pack("!IB", *((1, _COPY_PACKET) if sizes else (0, _COPY_META)))
        self._configure(_attribute(_CFG_PARAMS, copied))
        self._configure(_attribute(_CFG_MAXLEN, struct.pack("!I", _ROOM)))
        self._configure(_attribute(_CFG_FLAGS, flags) + _attribute(_CFG_MASK, flags))
        self._socket.setblocking(False)

    def _configure(self, body: bytes) -> None:
        message = _message(_CONFIG, self._number, body, _REQUEST | _ACK)
        self._socket.send(message)
        for kind, payload in _parts(self._socket.recv(65536)):
            code = struct.unpack_from("=i", payload)[0] if kind == _ERROR else 0
            if code:
                raise OSError(-code, f"NFQUEUE: {errno.errorcode.get(-code, code)}")

    def fileno(self) -> int:
        """Return what becomes readable when packets came."""
        return self._socket.fileno()

    def read(self) -> list[int]:
        """Return the ids of packets that came since the last time."""
        return [packet for packet, _ in self.read_sizes()]

    def read_sizes(self) -> list[tuple[int, int]]:
        """Return id and size of the packets that came since the last time."""
        waiting: list[tuple[int, int]] = []
        while True:
            try:
                waiting.extend(packets(self._socket.recv(65536)))
            except (BlockingIOError, InterruptedError):
                return waiting

    def accept(self, packet: int) -> None:
        """Let one packet go on."""
        self._verdict(_VERDICT, packet)

    def drop(self, packet: int) -> None:
        """Let one packet vanish."""
        self._verdict(_VERDICT, packet, _DROP)

    def accept_up_to(self, packet: int) -> None:
        """Let all packets up to this one go on."""
        self._verdict(_BATCH, packet)

    def _verdict(self, kind: int, packet: int, verdict: int = _ACCEPT) -> None:
        body = _attribute(_VERDICT_HEADER, struct.pack("!II", verdict, packet))
        self._socket.send(_message(kind, self._number, body))

    def close(self) -> None:
        """Give the queue up; what still waits in it is dropped."""
        self._socket.close()


def into_queue(number: int) -> str:
    """Return the end of a rule that leads to a queue, past it where it is not held."""
    return f"{QUEUED} --queue-num {number} --queue-bypass"


def any_queue(*, sizes: bool = False) -> tuple[Queue, int]:
    """Return a free queue and its number; WorkFailed: none could be opened."""
    first = random.SystemRandom().randrange(1024, 60000)
    problem = "no queue"
    for number in range(first, first + _TRIES):
        try:
            return Queue(number, sizes=sizes), number
        except OSError as wrong:
            problem = str(wrong)
    raise WorkFailed(f"no packet queue could be opened: {problem}")
