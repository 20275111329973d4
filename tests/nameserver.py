"""A name server on loopback, UDP and TCP on one port: answers rightly, wrongly, late, or not at all, as a test says."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import struct
import threading
from collections.abc import Callable, Iterator

from srvmaint.host.dns import TYPES, encode_name
from tests.servers import tcp_server

Answer = Callable[[bytes], list[bytes]]
"""From a question to the packets that are sent back, in that order."""


def answer(
    question: bytes, *records: tuple[str, str], code: int = 0, number: int | None = None, truncated: bool = False
) -> bytes:
    """The answer with these records, each (type, value), all of the name that was asked for, by pointer."""
    flags = 0x8180 | code | (0x0200 if truncated else 0)
    head = question[:2] if number is None else number.to_bytes(2)
    body = head + struct.pack("!HHHHH", flags, 1, len(records), 0, 0) + question[12:]
    for kind, value in records:
        data = rdata(kind, value)
        body += struct.pack("!HHHIH", 0xC00C, TYPES[kind], 1, 60, len(data)) + data
    return body


def rdata(kind: str, value: str) -> bytes:
    """A record's value as it is on the wire."""
    if kind in ("A", "AAAA"):
        return ipaddress.ip_address(value).packed
    if kind == "MX":
        preference, _, host = value.partition(" ")
        return int(preference).to_bytes(2) + encode_name(host)
    if kind == "SOA":
        master, mail, serial = value.split()
        return encode_name(master) + encode_name(mail) + struct.pack("!IIIII", int(serial), 1, 2, 3, 4)
    if kind == "TXT":
        parts = [value.encode()[at : at + 200] for at in range(0, len(value.encode()), 200)]
        return b"".join(bytes([len(part)]) + part for part in parts)
    return encode_name(value)


def always(*records: tuple[str, str], code: int = 0) -> Answer:
    """The same records to every question."""
    return lambda question: [answer(question, *records, code=code)]


def silent(question: bytes) -> list[bytes]:
    """A server that is there and never answers."""
    del question
    return []


@contextlib.contextmanager
def name_server(udp: Answer, tcp: Answer | None = None, host: str = "127.0.0.1") -> Iterator[str]:
    """Serve; `host:port` is where."""

    def over_tcp(connection: socket.socket) -> None:
        size = int.from_bytes(connection.recv(2))
        for packet in (tcp or udp)(connection.recv(size)):
            connection.sendall(len(packet).to_bytes(2) + packet)

    with tcp_server(over_tcp, host) as port, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as opened:
        opened.bind((host, port))
        thread = threading.Thread(target=_serve, args=(opened, udp))
        thread.start()
        try:
            yield f"{host}:{port}"
        finally:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
                last.sendto(b"", (host, port))
            thread.join()


def _serve(opened: socket.socket, behave: Answer) -> None:
    while True:
        question, sender = opened.recvfrom(4096)
        if not question:
            return
        for packet in behave(question):
            opened.sendto(packet, sender)
