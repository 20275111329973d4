from __future__ import annotations

import pytest

from srvmaint.intelligence._verdict import judge
from srvmaint.model import Alert, AlertStatus, CheckResult, CheckStatus, Verdict
from tests.intelligence.alerts import ELSEWHERE, alert, broken, cpu, disk, is_here, memory


def verdict(alerts: Alert | list[Alert], *evidence: CheckResult) -> tuple[Verdict, str]:
    return judge([alerts] if isinstance(alerts, Alert) else alerts, evidence, is_here)


@pytest.mark.parametrize("percent", [86, 97])
def test_a_sick_checker_of_the_alerts_family_confirms_it(percent: float) -> None:
    found = verdict(alert("HighMemoryUsage"), cpu(1), memory(percent))
    assert found == (Verdict.CONFIRMED, f"memory {percent} % used")


def test_a_healthy_one_contradicts_it() -> None:
    assert verdict(alert("HighMemoryUsage"), memory(31)) == (Verdict.CONTRADICTED, "memory 31 % used")


def test_the_wrong_family_neither_confirms_nor_contradicts() -> None:
    assert verdict(alert("HighMemoryUsage"), disk(root=99)) == (Verdict.UNVERIFIED, "no memory check ran")


def test_an_alert_about_another_machine_is_not_held_against_this_one() -> None:
    found = verdict(alert("HighMemoryUsage", labels={"instance": ELSEWHERE}), memory(99))
    assert found == (Verdict.NOT_THIS_HOST, "the alert is about db-2")


def test_any_label_that_names_this_host_is_enough() -> None:
    labels = {"instance": "10.1.2.3:9100", "nodename": "web-1"}
    assert verdict(alert("HighMemoryUsage", labels=labels), memory(99))[0] is Verdict.CONFIRMED


def test_localhost_is_no_proof_against_a_label_that_names_another_machine() -> None:
    labels = {"instance": "localhost:9100", "nodename": "db-2"}
    assert verdict(alert("HighMemoryUsage", labels=labels), memory(99))[0] is Verdict.NOT_THIS_HOST


def test_an_alert_that_names_no_host_stays_unverified_and_shows_what_is_here() -> None:
    found = verdict(alert("HighMemoryUsage", labels={}), memory(99))
    assert found == (Verdict.UNVERIFIED, "the alert names no host; here: memory 99 % used")


@pytest.mark.parametrize("status", [CheckStatus.UNKNOWN, CheckStatus.SKIPPED])
def test_a_checker_that_found_nothing_out_proves_nothing_and_its_reason_is_told(status: CheckStatus) -> None:
    found = verdict(alert("HighMemoryUsage"), broken("memory", status))
    assert found == (Verdict.UNVERIFIED, "cannot check memory: it hangs")


def test_an_alert_no_checker_knows_about_stays_unverified() -> None:
    found = verdict(alert("PostgresDown"), memory(99))
    assert found == (Verdict.UNVERIFIED, "no checker here looks at what this alert is about")


def test_close_to_our_level_is_no_contradiction_because_the_senders_level_may_be_lower() -> None:
    assert verdict(alert("HighMemoryUsage"), memory(80)) == (
        Verdict.UNVERIFIED,
        "close to the level here; memory 80 % used",
    )


@pytest.mark.parametrize("name", ["ContainerMemoryHigh", "OOMKilled", "MemoryLeakSuspected"])
def test_what_a_healthy_host_cannot_settle_is_not_contradicted(name: str) -> None:
    assert verdict(alert(name), memory(31))[0] is Verdict.UNVERIFIED


def test_a_description_alone_is_not_enough_to_contradict() -> None:
    vague = alert("Problem", description="memory is used up")
    assert verdict(vague, memory(31))[0] is Verdict.UNVERIFIED
    assert verdict(vague, memory(97))[0] is Verdict.CONFIRMED


def test_an_alert_about_one_mount_point_is_held_against_that_one_only() -> None:
    here = alert("DiskFull", labels={"instance": "web-1", "mountpoint": "/data"})
    assert verdict(here, disk(root=97, data=40)) == (Verdict.CONTRADICTED, "/data 40 % used")
    assert verdict(here, disk(root=40, data=97)) == (Verdict.CONFIRMED, "/data 97 % used")
    assert verdict(here, disk(root=97)) == (
        Verdict.UNVERIFIED,
        "/data is not among the paths the disk checker looks at",
    )


def test_a_mount_point_in_the_name_counts_too() -> None:
    named = alert("FS [/data]: Space is critically low (used > 90%)")
    assert verdict(named, disk(root=97, data=40))[0] is Verdict.CONTRADICTED


def test_a_forecast_is_not_contradicted_by_room_that_is_there_now() -> None:
    assert verdict(alert("DiskWillFillIn4Hours"), disk(root=50))[0] is Verdict.UNVERIFIED


def test_an_alert_about_load_is_held_against_the_load_as_well() -> None:
    assert verdict(alert("NodeLoadAverageHigh"), cpu(5, load=9))[0] is Verdict.UNVERIFIED
    assert verdict(alert("NodeLoadAverageHigh"), cpu(5, load=0.1))[0] is Verdict.CONTRADICTED
    assert verdict(alert("HostHighCpuLoad"), cpu(5, load=9))[0] is Verdict.CONTRADICTED


def test_an_alert_that_is_over_is_confirmed_by_a_healthy_host_and_contradicted_by_a_sick_one() -> None:
    over = alert("HighMemoryUsage", status=AlertStatus.RESOLVED)
    assert verdict(over, memory(31)) == (Verdict.CONFIRMED, "memory 31 % used")
    assert verdict(over, memory(97)) == (Verdict.CONTRADICTED, "still: memory 97 % used")
    assert verdict([over, alert("DiskFull", status=AlertStatus.RESOLVED)], memory(97), disk(root=1)) == (
        Verdict.CONTRADICTED,
        "still: memory 97 % used",
    )


def test_an_alert_that_is_over_says_nothing_while_another_still_fires() -> None:
    over = alert("DiskFull", status=AlertStatus.RESOLVED)
    assert verdict([over, alert("HighMemoryUsage")], memory(31), disk(root=99))[0] is Verdict.CONTRADICTED


def test_one_confirmed_alert_confirms_the_incident() -> None:
    together = [alert("DiskFull"), alert("HighMemoryUsage")]
    assert verdict(together, memory(97), disk(root=1)) == (Verdict.CONFIRMED, "memory 97 % used")


def test_alerts_that_do_not_agree_leave_the_incident_unverified() -> None:
    together = [alert("HighMemoryUsage"), alert("HighMemoryUsage", labels={"instance": ELSEWHERE})]
    assert verdict(together, memory(31)) == (Verdict.UNVERIFIED, "memory 31 % used; the alert is about db-2")
    assert verdict([alert("HighMemoryUsage"), alert("PostgresDown")], memory(31))[0] is Verdict.UNVERIFIED


def test_no_alert_is_nothing_to_judge() -> None:
    assert verdict([], memory(99))[0] is Verdict.UNVERIFIED
