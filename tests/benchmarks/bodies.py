"""What the load generator sends: alerts told apart by one number, made into requests before the clock starts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

NAME: Final = "HighMemoryUsage"
NUMBER: Final = re.compile(rb"HighMemoryUsage(\d{8})")
"""Finds the number again in whatever is made of an alert."""

_LABELS: Final = (
    '{"alertname":"HighMemoryUsage%(n)08d","instance":"%(host)s:9100","job":"node","severity":"critical",'
    '"cluster":"eu-west-1","team":"platform"}'
)
_ANNOTATIONS: Final = (
    '{"summary":"Memory usage is above 95%% on %(host)s",'
    '"description":"%(host)s has had less than 5%% of its memory available for ten minutes"}'
)
_WEBHOOK_ALERT: Final = (
    '{"status":"firing","labels":' + _LABELS + ',"annotations":' + _ANNOTATIONS + ',"startsAt":"2026-03-02T10:02:17Z",'
    '"endsAt":"0001-01-01T00:00:00Z","generatorURL":"http://prometheus.example.com/graph?g0.expr=memory",'
    '"fingerprint":"%(n)016x"}'
)
_POSTED_ALERT: Final = (
    '{"labels":' + _LABELS + ',"annotations":' + _ANNOTATIONS + ',"generatorURL":"http://prometheus.example.com/graph"}'
)
_WEBHOOK: Final = (
    '{"version":"4","groupKey":"{}:{alertname=\\"HighMemoryUsage\\"}","truncatedAlerts":0,"status":"firing",'
    '"receiver":"srvmaint","groupLabels":{},"commonLabels":{},"commonAnnotations":{},'
    '"externalURL":"http://alertmanager.example.com","alerts":[%s]}'
)


def webhook(numbers: Sequence[int], host: str = "") -> bytes:
    """The body Alertmanager sends for these alerts. Each has its own name, and its own host unless one is given."""
    return (_WEBHOOK % _joined(_WEBHOOK_ALERT, numbers, host)).encode()


def posted(numbers: Sequence[int]) -> bytes:
    """The body Prometheus sends to Alertmanager for these alerts."""
    return f"[{_joined(_POSTED_ALERT, numbers, '')}]".encode()


def _joined(template: str, numbers: Sequence[int], host: str) -> str:
    return ",".join(template % {"n": number, "host": host or f"web-{number:08d}"} for number in numbers)


def request(kind: str, path: str, numbers: Sequence[int]) -> bytes:
    """A whole HTTP request.

    Kinds: `webhook`; `here`, the same about the host it is sent to; `posted`, for Alertmanager; `get`, without a body.
    """
    if kind == "get":
        return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    body = posted(numbers) if kind == "posted" else webhook(numbers, "localhost" if kind == "here" else "")
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    return f"{head}\r\n\r\n".encode() + body
