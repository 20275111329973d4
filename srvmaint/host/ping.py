"""Whether a host answers, by the first way that this machine allows: an ICMP socket, the ping command, a connection.

The ICMP socket is the kind that needs no privilege where the group is in `net.ipv4.ping_group_range`; the command has
its own privilege, except in a unit with NoNewPrivileges; a connection needs nothing and proves life even by a refusal.
No thresholds here.
"""

from __future__ import annotations

import errno
import os
import re
import socket
import struct
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from srvmaint.host.child import Missing, ask
from srvmaint.host.sockets import Deadline, Endpoint, endpoints, is_ours, words

BY_SOCKET: Final = "icmp socket"
BY_COMMAND: Final = "ping command"
TCP_PORTS: Final = (443, 80, 22)
"""Asked one after another where no ICMP is to be had; a refusal is an answer as well."""
_REQUEST: Final = {socket.AF_INET: 8, socket.AF_INET6: 128}
"""ICMP types: https://www.rfc-editor.org/rfc/rfc792 and https://www.rfc-editor.org/rfc/rfc4443#section-4."""
_REPLY: Final = {socket.AF_INET: 0, socket.AF_INET6: 129}
_PROTOCOL: Final = {socket.AF_INET: socket.IPPROTO_ICMP, socket.AF_INET6: socket.IPPROTO_ICMPV6}
_HEADER: Final = struct.Struct("!BBHHH")
_TOKEN_BYTES: Final = 16
_LARGEST: Final = 2048
_APART_S: Final = 0.2
"""Between two requests of the command: the least it allows anybody but root."""
_COUNTS: Final = re.compile(r"(\d+) packets transmitted, (\d+) (?:packets )?received")
_TIME: Final = re.compile(r"time[=<]([0-9.]+) ms")


class Ping(NamedTuple):
    """How a host answered."""

    how: str
    """`icmp socket`, `ping command` or `tcp port 443`."""
    address: str
    sent: int
    times: tuple[float, ...] = ()
    """Seconds, one for every answer."""
    trouble: str = ""
    """Why nothing could be sent to it, or nothing came back; empty when something did."""
    passed: tuple[str, ...] = ()
    """Why the better ways could not be used."""

    @property
    def loss(self) -> float:
        """Percent without an answer."""
        return 100.0 * (self.sent - len(self.times)) / self.sent if self.sent else 100.0


def ping(host: str, count: int, seconds: float, monotonic: Callable[[], float]) -> Ping:
    """Ask a host `count` times, within so many seconds altogether.

    Raises:
        OSError: this machine could not ask in any way.
    """
    deadline = Deadline(seconds, monotonic)
    try:
        target = endpoints(host, 0)[0]
    except OSError as error:
        return Ping("", "", count, trouble=words(error, seconds))
    passed: list[str] = []
    for how in (_by_socket, _by_command):
        try:
            return how(target, count, deadline)._replace(passed=tuple(passed))
        except OSError as error:
            passed.append(error.strerror or str(error))
    return _by_tcp(target, deadline)._replace(passed=tuple(passed))


def _by_socket(target: Endpoint, count: int, deadline: Deadline) -> Ping:
    try:
        opened = socket.socket(target.family, socket.SOCK_DGRAM, _PROTOCOL[socket.AddressFamily(target.family)])
    except OSError as error:
        raise OSError("no icmp socket: this group is not in net.ipv4.ping_group_range") from error
    with opened:
        return _exchange(opened, target, count, deadline)


def _exchange(opened: socket.socket, target: Endpoint, count: int, deadline: Deadline) -> Ping:
    """Send, wait for the answer or its share of the time, send the next; late answers to earlier ones count too."""
    family = socket.AddressFamily(target.family)
    token = os.urandom(_TOKEN_BYTES)  # tells our answers from those to whoever else asks from here
    sent_at: dict[int, float] = {}
    times: dict[int, float] = {}
    trouble = ""
    for number in range(count):
        try:
            opened.connect(target.sockaddr)
            opened.send(_HEADER.pack(_REQUEST[family], 0, 0, 0, number) + token)
            sent_at[number] = deadline.spent
            _receive(opened, deadline, until=deadline.seconds * (number + 1) / count, seen=(token, sent_at, times))
        except OSError as error:
            if is_ours(error):
                raise
            trouble = words(error, deadline.seconds)
    answers = tuple(times[number] for number in sorted(times))
    if not answers:
        trouble = trouble or f"does not answer within {deadline.seconds:g} s"
    return Ping(BY_SOCKET, target.text, count, answers, "" if answers else trouble)


def _receive(
    opened: socket.socket, deadline: Deadline, until: float, seen: tuple[bytes, dict[int, float], dict[int, float]]
) -> None:
    """Read answers until that of the newest request is there, or its time is up."""
    token, sent_at, times = seen
    newest = max(sent_at)
    while newest not in times:
        left = until - deadline.spent
        if left <= 0:
            return
        opened.settimeout(left)
        try:
            packet = opened.recv(_LARGEST)
        except TimeoutError:
            return
        number = _answered(packet, opened.family, token)
        if number in sent_at:
            times.setdefault(number, deadline.spent - sent_at[number])


def _answered(packet: bytes, family: int, token: bytes) -> int:
    """The number of our request that this answers; -1 for anything else."""
    if len(packet) < _HEADER.size:
        return -1
    kind, _, _, _, number = _HEADER.unpack_from(packet)
    is_answer = kind == _REPLY[socket.AddressFamily(family)] and packet[_HEADER.size :] == token
    return int(number) if is_answer else -1


def _by_command(target: Endpoint, count: int, deadline: Deadline) -> Ping:
    left = deadline.left()
    wait = max(1, int(left - _APART_S * count))
    arguments = ["-n", "-c", str(count), "-i", str(_APART_S), "-W", str(wait)]
    try:
        answer = ask("ping", [*arguments, "-6" if target.family == socket.AF_INET6 else "-4", target.text], left)
    except Missing as error:
        raise OSError(str(error)) from error
    except TimeoutError:
        return Ping(BY_COMMAND, target.text, count, trouble=f"does not answer within {deadline.seconds:g} s")
    counts = _COUNTS.search(answer.out)
    if counts is None:
        raise OSError(f"ping does not work here: {_last_line(answer.err or answer.out)}")
    times = tuple(float(found) / 1000 for found in _TIME.findall(answer.out))[:count]
    trouble = "" if times else _refusal(answer.out) or f"does not answer within {deadline.seconds:g} s"
    return Ping(BY_COMMAND, target.text, count, times, trouble)


def _refusal(out: str) -> str:
    """What a router said, as the command shows it."""
    found = re.search(r"Destination (\w+) (?:Unreachable|Prohibited)|(Time to live) exceeded", out)
    return f"cannot be reached: {found[0].lower()}" if found else ""


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else "it says nothing"


def _by_tcp(target: Endpoint, deadline: Deadline) -> Ping:
    """One connection is one question: a host that takes or refuses it is there."""
    answers: Mapping[int, str] = {errno.ECONNREFUSED: "refused", errno.ECONNRESET: "reset"}
    trouble = ""
    for place, port in enumerate(TCP_PORTS):
        try:
            share = deadline.left() / (len(TCP_PORTS) - place)
        except TimeoutError:
            break
        began = deadline.spent
        with socket.socket(target.family, socket.SOCK_STREAM) as connection:
            connection.settimeout(share)
            try:
                connection.connect((target.text, port, *target.sockaddr[2:]))
            except OSError as error:
                if is_ours(error):
                    raise
                if error.errno not in answers:
                    trouble = words(error, deadline.seconds)
                    continue
        return Ping(f"tcp port {port}", target.text, 1, (deadline.spent - began,))
    ports = ", ".join(map(str, TCP_PORTS))
    return Ping(
        f"tcp ports {ports}", target.text, 1, trouble=trouble or f"does not answer within {deadline.seconds:g} s"
    )
