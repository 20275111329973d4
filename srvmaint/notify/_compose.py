"""What a message says to a person, in which order and how much of it, before any channel gives it a form.

Every text here is safe (`_text`) but not escaped: markup belongs to the templates. Whether to send is not decided here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from srvmaint.clock import human_span, short_time
from srvmaint.model import CHECK_ORDER, Alert, AlertStatus, CheckResult, CheckStatus, Message, Recommendation, Verdict
from srvmaint.notify._text import one_line, paragraph, plain, row

MAX_ALERTS: Final = 10
MAX_EVIDENCE: Final = 8
MAX_DETAILS: Final = 6
MAX_RECOMMENDATIONS: Final = 5
MAX_ACTIONS: Final = 5
_HEADLINE, _DESCRIPTION, _LINE, _DETAIL, _LABELS, _LABEL, _ADDRESS = 300, 1000, 240, 160, 300, 40, 1500
_SAME_LINKS: Final = 3
_LINK_NAMES: Final = {"runbook_url": "runbook", "generator_url": "source"}
_SHOWN_ELSEWHERE: Final = frozenset({"alertname", "severity", "instance", "host", "hostname", "name"})
_HOST_LABELS: Final = ("instance", "host", "hostname")


def compose(message: Message) -> dict[str, Any]:
    """The variables of a template.

    `headline`; `facts`, the lines below it; `alerts_title`, `alerts` as (mark, text) and `alerts_more`;
    `evidence_title`, `evidence` as (mark, checker, text, details) and `evidence_more`; `recommendations` as (title,
    description, actions) and `recommendations_more`; `analysis`; `links` as (label, url); `trace_id`.
    """
    evidence = sorted(message.evidence, key=lambda result: CHECK_ORDER.index(result.status))
    return {
        "headline": headline(message, _HEADLINE),
        "facts": list(_facts(message)),
        **_alerts(message),
        "evidence_title": _evidence_title(message) if evidence else "",
        "evidence": [_result(result) for result in evidence[:MAX_EVIDENCE]],
        "evidence_more": len(evidence) - MAX_EVIDENCE,
        "recommendations": [_recommendation(item) for item in message.recommendations[:MAX_RECOMMENDATIONS]],
        "recommendations_more": len(message.recommendations) - MAX_RECOMMENDATIONS,
        "analysis": one_line(message.analysis, _LINE),
        "links": list(_links(message)),
        "trace_id": one_line(message.trace_id, _LINE),
    }


def headline(message: Message, limit: int) -> str:
    """The first line in at most `limit` characters; a long title gives way before the host and the verdict do."""
    whole = " ".join(plain(message.headline).split())
    if len(whole) <= limit:
        return whole
    host = one_line(message.host, limit // 3)
    frame = len(msgspec.structs.replace(message, title="", host=host).headline)
    title = one_line(message.title, max(limit - frame, limit // 3))
    return one_line(msgspec.structs.replace(message, title=title, host=host).headline, limit)


def _facts(message: Message) -> Iterator[str]:
    """What it is, since when, and how it stands: the lines that are read at once. What is new comes first."""
    standing = list(_standing(message))
    if message.kind == "firing":
        yield from _what(message)
        yield from standing
    else:
        yield from standing
        yield from _what(message)
    reason = one_line(message.verdict_reason, _LINE).rstrip(".")
    if reason and not message.evidence and message.status != "resolved":
        yield f"{message.verdict.value.capitalize()}: {reason}."


def _standing(message: Message) -> Iterator[str]:
    started, resolved = message.started_at, message.resolved_at
    firing = "Firing"
    if started is not None and started <= message.sent_at:
        firing = f"Firing since {short_time(started)} ({human_span((message.sent_at - started) / 1000)})"
    if message.kind == "test":
        yield "This is a test. Nothing is wrong."
    elif message.status == "resolved":
        if started is not None and resolved is not None:
            lasted = human_span(max(resolved - started, 0) / 1000)
            yield f"Resolved after {lasted}: fired {short_time(started)}, resolved {short_time(resolved)}."
        elif resolved is not None:
            yield f"Resolved {short_time(resolved)}."
    elif message.kind == "acknowledged":
        yield f"Acknowledged. {firing}."
    elif message.kind == "severity_changed":
        yield f"Severity is now {message.severity.value}. {firing}."
    elif started is not None:
        yield f"{firing}."


def _what(message: Message) -> Iterator[str]:
    """The sender's own description, where it speaks for the whole message; else each alert's line has its own."""
    alone = len(message.alerts) == 1
    texts = {_description(alert) for alert in message.alerts}
    if len(texts) == 1 and (text := paragraph(texts.pop(), _DESCRIPTION)) and text != message.title:
        yield f"It was: {text}" if message.status == "resolved" else text
    if alone:
        labels = message.alerts[0].labels
        pairs = (f"{key}={value}" for key, value in sorted(labels.items()) if key not in _SHOWN_ELSEWHERE)
        if text := one_line(", ".join(pairs), _LABELS):
            yield f"Labels: {text}"


def _description(alert: Alert) -> str:
    return alert.description or alert.annotations.get("description") or alert.annotations.get("summary", "")


def _alerts(message: Message) -> dict[str, Any]:
    total = max(message.alerts_total, len(message.alerts))
    if total <= 1:
        return {"alerts_title": "", "alerts": [], "alerts_more": 0}
    alerts = sorted(message.alerts, key=lambda alert: alert.status is AlertStatus.RESOLVED)
    shared = len({_description(alert) for alert in message.alerts}) == 1
    lines = [_alert(alert, described=not shared) for alert in alerts[:MAX_ALERTS]]
    over = sum(alert.status is AlertStatus.RESOLVED for alert in message.alerts)
    mixed = 0 < over < total == len(message.alerts)
    title = f"{total} alerts, {over} of them resolved" if mixed else f"{total} alerts"
    return {"alerts_title": title, "alerts": lines, "alerts_more": total - len(lines)}


def _alert(alert: Alert, *, described: bool) -> tuple[str, str]:
    mark = alert.severity.value if alert.status is AlertStatus.FIRING else alert.status.value
    where = next((alert.labels[name] for name in _HOST_LABELS if alert.labels.get(name)), "")
    text = " ".join(part for part in (alert.name, where) if part)
    if described and (description := _description(alert)):
        text = f"{text}: {description[: 2 * _LINE]}"
    return mark.upper(), one_line(text, _LINE)


def _evidence_title(message: Message) -> str:
    host = one_line(message.evidence_host, _LINE) or "srvmaint's own host"
    about = one_line(message.host, _LINE)
    if message.verdict is Verdict.NOT_THIS_HOST:
        return f"Evidence from {host}, where srvmaint runs, NOT from {about or 'the host of the alert'}"
    reason = one_line(message.verdict_reason, _LINE).rstrip(".")
    return f"Evidence on {host} ({reason})" if reason else f"Evidence on {host}"


def _result(result: CheckResult) -> tuple[str, str, str, list[str]]:
    details: list[str] = []
    if result.status not in {CheckStatus.OK, CheckStatus.SKIPPED}:
        details = [row(line, _DETAIL) for line in result.details[:MAX_DETAILS]]
    return result.status.value.upper(), one_line(result.checker, _DETAIL), one_line(result.message, _LINE), details


def _recommendation(item: Recommendation) -> tuple[str, str, list[str]]:
    actions = [one_line(action, _LINE) for action in item.actions[:MAX_ACTIONS]]
    return one_line(f"{item.title} ({item.priority.value})", _LINE), paragraph(item.description, _DESCRIPTION), actions


def _links(message: Message) -> Iterator[tuple[str, str]]:
    """Where to go next: what the message brings, then runbooks, then the senders' own pages; each address once."""
    wanted = [(_LINK_NAMES.get(name, name), address) for name, address in message.links.items()]
    wanted += [("runbook", alert.annotations.get("runbook_url", "")) for alert in message.alerts]
    wanted += [("source", alert.generator_url) for alert in message.alerts]
    seen: set[str] = set()
    times: dict[str, int] = {}
    for name, raw in wanted:
        address = one_line(raw, _ADDRESS + 1)
        # A shortened address leads nowhere; and of a hundred alerts' links nobody opens a fourth.
        if address and address not in seen and len(address) <= _ADDRESS and times.get(name, 0) < _SAME_LINKS:
            seen.add(address)
            times[name] = times.get(name, 0) + 1
            label = one_line(name, _LABEL)
            yield f"{label[:1].upper()}{label[1:]}", address
