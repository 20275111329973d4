"""GENERIC: the message as documented, versioned JSON to any HTTP endpoint.

The body is `document`'s return value; its fields never change their meaning within one `version`. Times are ISO 8601
in UTC with `Z`. With a `signing_secret` the body is signed as `srvmaint.net.sign` describes. The header
`Idempotency-Key` is the same for every attempt at one message: who has seen it may answer 2xx and do nothing.
`truncated` is true when texts had to be shortened to keep the body below `MAX_BODY`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from srvmaint.clock import iso
from srvmaint.model import Alert, CheckResult, Message, Recommendation
from srvmaint.net.http import is_http_url, raise_for_status
from srvmaint.net.sign import SIGNATURE_HEADER, signature
from srvmaint.notify import Receipt, Tools
from srvmaint.notify._text import cut
from srvmaint.settings import Duration, Secret, setting

VERSION: Final = "1"
IDEMPOTENCY_HEADER: Final = "Idempotency-Key"
"""https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/"""
RESERVED_HEADERS: Final = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", IDEMPOTENCY_HEADER.lower(), SIGNATURE_HEADER.lower()}
)
MAX_BODY: Final = 1_000_000
"""What nginx takes unless it is told otherwise: a message refused for its size would be lost.

https://nginx.org/en/docs/http/ngx_http_core_module.html#client_max_body_size
"""
_SIZES: Final = ((MAX_BODY, 10_000), (4000, 200), (500, 50), (100, 40), (20, 40))
"""Characters per text and entries per list or table, tried in this order until the body fits. 40 > the fields of it."""
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""A header's name: https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2"""
_FIELD_VALUE: Final = re.compile(r"[\t\x20-\x7e\x80-\uffff]*")


@dataclass(frozen=True, slots=True)
class Config:
    """Where the JSON goes and how it proves where it came from."""

    endpoint_url: str = setting(
        help="http or https URL that receives the JSON", example="https://example.com/hooks/srvmaint"
    )
    headers: dict[str, Secret] = setting(
        {}, help="additional request headers", example={"Authorization": {"env": "SRVMAINT_CHANNEL_HOOK_TOKEN"}}
    )
    method: str = setting("POST", help="request method", choices=("POST", "PUT"))
    signing_secret: Secret | None = setting(
        None, help="signs every body: X-Srvmaint-Signature: t=<unix seconds>,v1=<HMAC-SHA256 of `t.body`>"
    )
    timeout: Duration = setting(
        Duration.parse("10s"), help="how long the endpoint may take to answer", minimum=0.1, maximum=300
    )

    def problems(self) -> list[str]:
        """Everything wrong with these settings that a type cannot say."""
        found = []
        if not is_http_url(self.endpoint_url):
            found.append("endpoint_url must be an http:// or https:// URL with a host")
        for name, value in self.headers.items():
            if not _TOKEN.fullmatch(name):
                found.append(f"headers: {name!r} cannot be the name of a header")
            elif name.lower() in RESERVED_HEADERS:
                found.append(f"headers.{name} is set by srvmaint itself. Remove it")
            if not _FIELD_VALUE.fullmatch(value.reveal()):
                found.append(f"headers.{name} has a character that a header cannot carry")
        return found


class Driver:
    """Sends the documented JSON."""

    def __init__(self, config: Config, tools: Tools) -> None:
        self._config = config
        self._http = tools.http
        self._clock = tools.clock
        self._secret = config.signing_secret.reveal() if config.signing_secret is not None else None
        self._headers = {name: value.reveal() for name, value in config.headers.items()}
        if "content-type" not in {name.lower() for name in config.headers}:
            self._headers["Content-Type"] = "application/json"

    async def send(self, message: Message, key: str) -> Receipt:
        """Send once; any 2xx means the endpoint has it."""
        body = encode(message)
        headers = {**self._headers, IDEMPOTENCY_HEADER: key}
        if self._secret is not None:
            headers[SIGNATURE_HEADER] = signature(self._secret, body, self._clock.now())
        config = self._config
        response = await self._http.request(
            config.method, config.endpoint_url, headers=headers, body=body, timeout_s=config.timeout
        )
        raise_for_status(response)
        return Receipt()


def encode(message: Message) -> bytes:
    """The body of a request: at most `MAX_BODY` bytes, whatever the alerts brought."""
    content = document(message)
    try:
        body = msgspec.json.encode(content)
    except UnicodeEncodeError:
        # Half a surrogate pair, from a command line or a careless sender: everything else still has to arrive.
        body = b""
    if body and len(body) <= MAX_BODY:
        return body
    content = msgspec.to_builtins(content)
    for characters, entries in _SIZES:
        body = msgspec.json.encode(_bounded(content, characters, entries) | {"truncated": characters < MAX_BODY})
        if len(body) <= MAX_BODY:
            break
    return body


def document(message: Message) -> dict[str, Any]:
    """Version 1 of what an endpoint receives."""
    return {
        "version": VERSION,
        "kind": message.kind,
        "title": message.title,
        "headline": message.headline,
        "severity": message.severity.value,
        "status": message.status,
        "host": message.host,
        "verdict": message.verdict.value,
        "verdict_reason": message.verdict_reason,
        "incident_id": message.incident_id,
        "run_id": message.run_id,
        "trace_id": message.trace_id,
        "pipeline": message.pipeline,
        "reason": message.reason,
        "started_at": iso(message.started_at),
        "resolved_at": iso(message.resolved_at),
        "sent_at": iso(message.sent_at),
        "alerts": [_alert(alert) for alert in message.alerts],
        "alerts_total": message.alerts_total,
        "evidence_host": message.evidence_host,
        "evidence": [_result(result) for result in message.evidence],
        "recommendations": [_recommendation(item) for item in message.recommendations],
        "analysis": message.analysis,
        "links": message.links,
        "truncated": False,
    }


def _alert(alert: Alert) -> dict[str, Any]:
    return {
        "name": alert.name,
        "status": alert.status.value,
        "severity": alert.severity.value,
        "description": alert.description,
        "labels": alert.labels,
        "annotations": alert.annotations,
        "starts_at": iso(alert.starts_at),
        "ends_at": iso(alert.ends_at),
        "source": alert.source,
        "fingerprint": alert.fingerprint,
        "generator_url": alert.generator_url,
    }


def _result(result: CheckResult) -> dict[str, Any]:
    return {
        "id": result.id,
        "checker": result.checker,
        "status": result.status.value,
        "message": result.message,
        "metrics": [
            {"name": each.name, "value": each.value, "unit": each.unit, "warn": each.warn, "crit": each.crit}
            for each in result.metrics
        ],
        "details": result.details,
        "at": iso(result.at or None),
    }


def _recommendation(item: Recommendation) -> dict[str, Any]:
    return {
        "type": item.type,
        "priority": item.priority.value,
        "title": item.title,
        "description": item.description,
        "actions": item.actions,
        "evidence": item.evidence,
    }


def _bounded(value: Any, characters: int, entries: int) -> Any:
    """`value` with every text cut, every list and table shortened, and only characters that UTF-8 can carry."""
    match value:
        case str():
            return cut(value, characters).encode("utf-8", "replace").decode()
        case dict():
            pairs = list(value.items())[:entries]
            return {_bounded(key, characters, entries): _bounded(item, characters, entries) for key, item in pairs}
        case list() | tuple():
            return [_bounded(item, characters, entries) for item in value[:entries]]
        case _:
            return value
