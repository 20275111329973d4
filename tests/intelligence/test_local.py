from __future__ import annotations

import pytest

from srvmaint.intelligence import Subject
from srvmaint.intelligence.local import Config, Driver
from srvmaint.model import (
    Alert,
    AlertStatus,
    CheckResult,
    CheckStatus,
    Metric,
    Priority,
    Recommendation,
    Severity,
    Verdict,
)
from tests.intelligence.alerts import ELSEWHERE, alert, broken, cpu, disk, memory


async def advice(
    *alerts: Alert, evidence: tuple[CheckResult, ...] = (), verdict: Verdict = Verdict.UNVERIFIED
) -> tuple[Recommendation, ...]:
    return await Driver(Config()).analyze(Subject("title", alerts, verdict), evidence)


async def test_a_confirmed_alert_gets_what_to_do_and_the_evidence_it_rests_on() -> None:
    [found] = await advice(alert("HighMemoryUsage"), evidence=(memory(97), cpu(1)), verdict=Verdict.CONFIRMED)
    assert (found.type, found.priority) == ("memory", Priority.CRITICAL)
    assert found.evidence == ("memory-id",)
    assert "memory 97 % used" in found.description
    assert "java (pid 812, tomcat.service)" in found.actions[0]


async def test_a_warning_is_less_urgent_than_a_critical_result() -> None:
    [found] = await advice(alert("HighMemoryUsage"), evidence=(memory(90),))
    assert found.priority is Priority.HIGH


async def test_an_alert_about_another_machine_never_gets_this_machines_processes() -> None:
    there = alert("HighMemoryUsage", labels={"instance": ELSEWHERE}, severity=Severity.WARNING)
    [found] = await advice(there, evidence=(memory(99), cpu(99)), verdict=Verdict.NOT_THIS_HOST)
    assert "db-2" in found.title
    assert "java" not in repr(found)
    assert found.evidence == ()
    assert found.priority is Priority.MEDIUM
    assert found.actions[0] == "On db-2: free -h"


async def test_another_machines_alert_of_no_known_family_gets_nothing() -> None:
    there = alert("PostgresDown", labels={"instance": ELSEWHERE})
    assert await advice(there, evidence=(memory(99),), verdict=Verdict.NOT_THIS_HOST) == ()


async def test_a_contradicted_alert_gets_a_hint_to_look_at_its_rule() -> None:
    [found] = await advice(alert("HighMemoryUsage"), evidence=(memory(31),), verdict=Verdict.CONTRADICTED)
    assert found.priority is Priority.LOW
    assert "memory 31 % used" in found.description


async def test_when_no_family_matches_whatever_is_not_ok_is_used() -> None:
    found = await advice(alert("PostgresDown"), evidence=(memory(31), disk(root=99), broken("cpu")))
    assert [(item.type, item.priority) for item in found] == [("disk", Priority.CRITICAL), ("cpu", Priority.MEDIUM)]


async def test_when_nothing_matches_and_all_is_well_there_is_nothing_to_say() -> None:
    assert await advice(alert("PostgresDown"), evidence=(memory(31), disk(root=9))) == ()
    assert await advice(evidence=()) == ()


async def test_without_an_alert_the_host_itself_is_the_subject() -> None:
    [found] = await advice(evidence=(memory(31), disk(root=85)))
    assert (found.type, found.priority) == ("disk", Priority.HIGH)


async def test_what_is_more_urgent_comes_first_and_the_alerts_own_subject_before_others() -> None:
    found = await advice(alert("HighMemoryUsage"), evidence=(cpu(99), memory(99), disk(root=85)))
    assert [item.type for item in found] == ["memory", "cpu", "disk"]


async def test_an_alert_that_is_over_gets_advice_only_while_the_host_is_still_sick() -> None:
    over = alert("HighMemoryUsage", status=AlertStatus.RESOLVED)
    assert await advice(over, evidence=(memory(31),)) == ()
    assert len(await advice(over, evidence=(memory(99),))) == 1


async def test_a_skipped_check_is_no_advice() -> None:
    assert await advice(alert("HighMemoryUsage"), evidence=(broken("memory", CheckStatus.SKIPPED),)) == ()


@pytest.mark.parametrize(
    ("metrics", "title", "action"),
    [
        ((Metric("used:/data", 97, "%", 80, 95),), "Make room", "du -xh --max-depth=2 /data"),
        (
            (Metric("used:/data", 1, "%", 80, 95), Metric("inodes:/data", 99, "%", 80, 95)),
            "Make room",
            "du --inodes -xS /data",
        ),
        ((Metric("readonly:/data", 1, "", None, 1),), "read-only", "journalctl -k"),
    ],
)
async def test_each_way_to_lose_a_filesystem_has_its_own_first_step(
    metrics: tuple[Metric, ...], title: str, action: str
) -> None:
    result = CheckResult("disk", CheckStatus.CRITICAL, "bad", metrics, id="d")
    [found] = await advice(alert("DiskFull"), evidence=(result,))
    assert title in found.title
    assert action in found.actions[0]
