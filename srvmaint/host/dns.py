"""Asking name servers, one at a time and without the system's resolver, which would hide which of them is ill.

As much of RFC 1035 as a question and its answer take: UDP, once more when nothing comes, TCP when an answer does not
fit. The names of /etc/hosts are not known here. No thresholds, no expectations.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

from srvmaint.host.linux import read_text
from srvmaint.host.sockets import Deadline, is_ours, words

PORT: Final = 53
TYPES: Final = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28}
"""https://www.iana.org/assignments/dns-parameters."""
_CODES: Final = {1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED"}
_MEANS: Final = {
    "SERVFAIL": "it could not find out (SERVFAIL)",
    "NXDOMAIN": "there is no such name (NXDOMAIN)",
    "REFUSED": "it refuses to answer this machine (REFUSED)",
}
_IN: Final = 1
_RECURSION_DESIRED: Final = 0x0100
_IS_RESPONSE: Final = 0x8000
_TRUNCATED: Final = 0x0200
_HEADER: Final = struct.Struct("!HHHHHH")
_RECORD: Final = struct.Struct("!HHIH")
_LONGEST_LABEL: Final = 63
_LONGEST_NAME: Final = 255
_POINTER: Final = 0xC0
_UDP_BYTES: Final = 4096
_MOST_RECORDS: Final = 1000
_ATTEMPTS: Final = 2


class Reply(NamedTuple):
    """What one server said about one name."""

    seconds: float
    records: tuple[str, ...] = ()
    """Addresses, names, `10 mail.example.org`, texts: sorted; none where the name has none of that type."""
    trouble: str = ""
    """What went wrong; empty when it answered, if only to say that there are no records."""


def system_servers(path: str = "/etc/resolv.conf") -> tuple[str, ...]:
    """The servers this machine asks.

    Raises:
        OSError: it cannot be told.
    """
    found = [
        line.split()[1]
        for line in read_text(path).splitlines()
        if line.split()[:1] == ["nameserver"] and line.split()[1:]
    ]
    if not found:
        raise OSError(f"{path} names no server")
    return tuple(dict.fromkeys(found))


def resolve(server: tuple[str, int], name: str, kind: str, deadline: Deadline) -> Reply:
    """Ask one server one question.

    Args:
        server: its address (not a name) and port.
        name: what is asked about.
        kind: one of TYPES.
        deadline: for everything.

    Raises:
        OSError: this machine could not even ask.
    """
    number = int.from_bytes(os.urandom(2))  # not to be guessed by whoever would like to answer in the server's place
    question = query(number, name, kind)
    try:
        answer = _by_udp(server, question, deadline)
        if int.from_bytes(answer[2:4]) & _TRUNCATED:
            answer = _by_tcp(server, question, deadline)
        code, records = decode(answer, question)
    except OSError as error:
        if is_ours(error):
            raise
        return Reply(deadline.spent, trouble=words(error, deadline.seconds))
    except ValueError as error:
        return Reply(deadline.spent, trouble=f"gives an answer that cannot be read: {error}")
    if code:
        name_of = _CODES.get(code, f"code {code}")
        return Reply(deadline.spent, trouble=_MEANS.get(name_of, f"it answers {name_of}"))
    return Reply(deadline.spent, records)


def _by_udp(server: tuple[str, int], question: bytes, deadline: Deadline) -> bytes:
    family = socket.AF_INET6 if ":" in server[0] else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as opened:
        opened.connect(server)  # from then on packets of others are dropped by the kernel
        for attempt in range(1, _ATTEMPTS + 1):
            opened.send(question)
            until = deadline.seconds * attempt / _ATTEMPTS
            while (left := until - deadline.spent) > 0:
                opened.settimeout(left)
                try:
                    answer = opened.recv(_UDP_BYTES)
                except TimeoutError:
                    break
                if _answers(answer, question):
                    return answer
    raise TimeoutError


def _by_tcp(server: tuple[str, int], question: bytes, deadline: Deadline) -> bytes:
    with socket.create_connection(server, deadline.left()) as opened:
        opened.sendall(len(question).to_bytes(2) + question)
        size = int.from_bytes(_exactly(opened, 2, deadline))
        answer = _exactly(opened, size, deadline)
    if not _answers(answer, question):
        raise ValueError("it answers another question")
    return answer


def _exactly(opened: socket.socket, size: int, deadline: Deadline) -> bytes:
    data = b""
    while len(data) < size:
        opened.settimeout(deadline.left())
        more = opened.recv(size - len(data))
        if not more:
            raise ValueError("it breaks off")
        data += more
    return data


def _answers(answer: bytes, question: bytes) -> bool:
    """Whether this is an answer to that question: same number, a response, and the question repeated in it."""
    if len(answer) < _HEADER.size or answer[:2] != question[:2] or not answer[2] & _IS_RESPONSE >> 8:
        return False
    asked = question[_HEADER.size :]
    repeated = answer[_HEADER.size : _HEADER.size + len(asked)]
    # an answer about a format error may leave the question out
    return repeated.lower() == asked.lower() or int.from_bytes(answer[4:6]) == 0


def query(number: int, name: str, kind: str) -> bytes:
    """The question as it goes out.

    Raises:
        ValueError: this cannot be a name.
    """
    return (
        _HEADER.pack(number, _RECURSION_DESIRED, 1, 0, 0, 0) + encode_name(name) + struct.pack("!HH", TYPES[kind], _IN)
    )


def encode_name(name: str) -> bytes:
    """A name as labels.

    Raises:
        ValueError: a label is empty or too long, or all of it is.
    """
    encoded = b""
    for label in name.removesuffix(".").split(".") if name != "." else ():
        raw = label.encode("ascii") if label.isascii() else label.encode("idna")
        if not 0 < len(raw) <= _LONGEST_LABEL:
            raise ValueError(f"{name!r} is no name: a part of it is empty or longer than {_LONGEST_LABEL} bytes")
        encoded += bytes([len(raw)]) + raw
    if len(encoded) >= _LONGEST_NAME:
        raise ValueError(f"{name!r} is no name: it is longer than {_LONGEST_NAME} bytes")
    return encoded + b"\0"


def decode(answer: bytes, question: bytes) -> tuple[int, tuple[str, ...]]:
    """The response code, and the records of the type that was asked for, sorted. Total: any bytes give a ValueError.

    The name's own aliases are followed by the server, so records of other names in the answer section are its too.

    Raises:
        ValueError: it is no answer.
    """
    try:
        _, flags, questions, answers, _, _ = _HEADER.unpack_from(answer)
        at = _HEADER.size
        for _ in range(min(questions, _MOST_RECORDS)):
            _, at = _name(answer, at)
            at += 4
        wanted = int.from_bytes(question[-4:-2])
        found = [text for kind, text in _records(answer, at, min(answers, _MOST_RECORDS)) if kind == wanted]
    except (struct.error, IndexError) as error:
        raise ValueError("it breaks off") from error
    return flags & 0x0F, tuple(sorted(found))


def _records(data: bytes, at: int, count: int) -> Iterator[tuple[int, str]]:
    for _ in range(count):
        _, at = _name(data, at)
        kind, family, _, length = _RECORD.unpack_from(data, at)
        at += _RECORD.size
        if at + length > len(data):
            raise ValueError("it breaks off")
        if family == _IN:
            yield kind, _text(data, at, length, kind)
        at += length


def _text(data: bytes, at: int, length: int, kind: int) -> str:
    """One record's value as people write it."""
    raw = data[at : at + length]
    if kind in (TYPES["A"], TYPES["AAAA"]):
        if length != (4 if kind == TYPES["A"] else 16):
            raise ValueError("an address has the wrong length")
        return str(ipaddress.ip_address(raw))
    if kind in (TYPES["NS"], TYPES["CNAME"], TYPES["PTR"]):
        return _name(data, at)[0]
    if kind == TYPES["MX"]:
        return f"{int.from_bytes(raw[:2])} {_name(data, at + 2)[0]}"
    if kind == TYPES["SOA"]:
        first, after = _name(data, at)
        second, after = _name(data, after)
        return f"{first} {second} {struct.unpack_from('!I', data, after)[0]}"
    if kind == TYPES["TXT"]:
        return _strings(raw)
    return raw.hex()


def _strings(raw: bytes) -> str:
    """A TXT record's strings, joined, as SPF and DKIM have it (RFC 7208, 3.3)."""
    parts, at = [], 0
    while at < len(raw):
        size = raw[at]
        parts.append(raw[at + 1 : at + 1 + size])
        at += 1 + size
    return b"".join(parts).decode(errors="replace")


def _name(data: bytes, at: int) -> tuple[str, int]:
    """A name, and where it ends. Pointers only ever go back, so that they cannot go round in circles."""
    labels: list[str] = []
    end, limit, size = -1, at, 0
    while True:
        length = data[at]
        if length & _POINTER == _POINTER:
            target = (length & ~_POINTER) << 8 | data[at + 1]
            end = at + 2 if end < 0 else end
            if target >= limit:
                raise ValueError("a name in it points forwards or at itself")
            at = limit = target
            continue
        if length & _POINTER:
            raise ValueError("a name in it is of an unknown kind")
        if not length:
            return ".".join(labels) or ".", at + 1 if end < 0 else end
        size += length + 1
        if size > _LONGEST_NAME:
            raise ValueError("a name in it is too long")
        labels.append(data[at + 1 : at + 1 + length].decode("ascii", "backslashreplace"))
        if at + 1 + length > len(data):
            raise ValueError("it breaks off")
        at += length + 1
