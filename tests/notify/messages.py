"""Messages as an operator would really get them; shared by the tests of every channel."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from srvmaint.model import (
    Alert,
    AlertStatus,
    CheckResult,
    CheckStatus,
    Message,
    Metric,
    Priority,
    Recommendation,
    Severity,
    Verdict,
)

NOW = 1_760_000_000_000
"""2025-10-09T08:53:20Z"""
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def alert(name: str = "DiskSpaceLow", **changes: Any) -> Alert:
    """One firing alert as Alertmanager sends it."""
    base = Alert(
        source="alertmanager",
        fingerprint="9c1f7a3be0d24411",
        name=name,
        status=AlertStatus.FIRING,
        severity=Severity.CRITICAL,
        description="Filesystem /var on db1 has 3.9 % left and fills up in about 2 hours.",
        labels={"alertname": name, "instance": "db1:9100", "mountpoint": "/var", "job": "node", "severity": "critical"},
        annotations={"runbook_url": "https://wiki.example.com/runbooks/disk?host=db1&page=2"},
        starts_at=NOW - 12 * 60_000,
        generator_url="https://prometheus.example.com/graph?g0.expr=node_filesystem_avail_bytes+%3C+5",
    )
    return replace(base, **changes)


EVIDENCE = (
    CheckResult(
        checker="cpu",
        status=CheckStatus.OK,
        message="7 % busy",
        metrics=(Metric("busy", 7.0, "%", 80, 95),),
        duration_ms=101.5,
        id="check-cpu",
        at=NOW - 900,
    ),
    CheckResult(
        checker="disk",
        status=CheckStatus.CRITICAL,
        message="/var is 96.1 % full, 1.9 GB of 49 GB left",
        metrics=(Metric("/var used", 96.1, "%", 80, 95), Metric("/var inodes used", 12.0, "%")),
        duration_ms=3.1,
        id="check-disk",
        at=NOW - 1000,
        details=("31.2 GB  /var/lib/postgresql/16/main/pg_wal", " 9.8 GB  /var/log/journal", " 2.1 GB  /var/cache/apt"),
    ),
    CheckResult(
        checker="memory",
        status=CheckStatus.WARNING,
        message="83 % used, 2.6 GB available",
        metrics=(Metric("used", 83.0, "%", 80, 95),),
        duration_ms=0.4,
        id="check-memory",
        at=NOW - 800,
        details=("6.1 GB  postgres (pid 812)",),
    ),
)

RECOMMENDATIONS = (
    Recommendation(
        type="disk",
        priority=Priority.HIGH,
        title="Find out why PostgreSQL keeps its write-ahead log",
        description="pg_wal holds 31.2 GB. The usual reason is a replication slot whose consumer is gone.",
        actions=("SELECT slot_name, active FROM pg_replication_slots;", "drop the slot that is not active any more"),
        evidence=("check-disk",),
    ),
    Recommendation(
        type="disk",
        priority=Priority.MEDIUM,
        title="Shrink the journal",
        description="",
        actions=("journalctl --vacuum-size=1G",),
        evidence=("check-disk",),
    ),
)


def message(**changes: Any) -> Message:
    """A critical disk alert, confirmed by the host itself."""
    base = Message(
        kind="firing",
        title="DiskSpaceLow /var",
        severity=Severity.CRITICAL,
        status="open",
        host="db1",
        verdict=Verdict.CONFIRMED,
        verdict_reason="the disk check is critical here as well",
        incident_id="01j9qf3m8vbn4k2x",
        run_id="01j9qf3m8vbn4k2y",
        trace_id=TRACE,
        pipeline="full",
        reason="first",
        started_at=NOW - 12 * 60_000,
        resolved_at=None,
        sent_at=NOW,
        alerts=(alert(),),
        alerts_total=1,
        evidence_host="db1",
        evidence=EVIDENCE,
        recommendations=RECOMMENDATIONS,
        analysis="local rules",
        links={"incident": "https://srvmaint.example.com/incidents/01j9qf3m8vbn4k2x/"},
    )
    return replace(base, **changes)


def storm() -> Message:
    """A hundred alerts in one message, of which it carries the worst twenty."""
    severities = [Severity.CRITICAL] * 3 + [Severity.WARNING] * 10 + [Severity.INFO] * 7
    alerts = tuple(
        alert(
            "TargetDown",
            severity=severity,
            description=f"web{number} has been unreachable for 5 minutes.",
            labels={"instance": f"web{number}:9100", "job": "node"},
            fingerprint=f"{number:016x}",
            status=AlertStatus.RESOLVED if number == 4 else AlertStatus.FIRING,
        )
        for number, severity in enumerate(severities)
    )
    return message(
        title="TargetDown (100 alerts)",
        host="",
        verdict=Verdict.NOT_THIS_HOST,
        verdict_reason="the alert is about other hosts",
        evidence_host="mon1",
        alerts=alerts,
        alerts_total=100,
        recommendations=(),
    )


HOSTILE = (
    "</script><b>bold</b> & <!channel> <@U123> @here *stars* _under_ `tick` ```fence``` [x](http://evil.example)\n"
    "second line\x1b[31mred\x1b[0m\x1b]0;owned\x07 \x07bell \x9b31m \u202egnp.exe\u202c \ud800half\r\nthird"
)


def hostile() -> Message:
    """Every text a payload can carry, made of what terminals, chats and browsers take for orders."""
    return message(
        title=HOSTILE,
        host=HOSTILE,
        verdict_reason=HOSTILE,
        alerts=(
            alert(HOSTILE, description=HOSTILE, labels={HOSTILE: HOSTILE}, annotations={"runbook_url": HOSTILE}),
            alert(HOSTILE, description="", generator_url="https://e.example/a|b><!channel>?q=1&r=2"),
        ),
        alerts_total=2,
        evidence_host=HOSTILE,
        evidence=(
            CheckResult(
                HOSTILE, CheckStatus.CRITICAL, HOSTILE, (Metric(HOSTILE, 1.0, HOSTILE),), id=HOSTILE, details=(HOSTILE,)
            ),
        ),
        recommendations=(Recommendation("disk", Priority.LOW, HOSTILE, HOSTILE, (HOSTILE,), (HOSTILE,)),),
        analysis=HOSTILE,
        links={HOSTILE: HOSTILE},
    )


def long() -> Message:
    """More of everything than any channel takes."""
    flood = "é𝔘<&👩\u200d👩\u200d👧 " * 400
    return message(
        title=flood,
        alerts=tuple(alert(flood, description=f"{flood}{number}", labels={"host": flood}) for number in range(20)),
        alerts_total=5000,
        evidence=tuple(
            CheckResult(flood, CheckStatus.WARNING, flood, id="x", details=(flood,) * 50) for _number in range(30)
        ),
        recommendations=tuple(
            Recommendation("disk", Priority.HIGH, flood, flood, (flood,) * 20) for _number in range(20)
        ),
        analysis=flood,
        links={f"{number}": f"https://example.com/{number}" for number in range(50)},
    )
