"""Load, killed processes, disks' speed, processes, units; and what helps against a full disk."""

from __future__ import annotations

import pytest

from srvmaint.intelligence import Subject
from srvmaint.intelligence._verdict import judge
from srvmaint.intelligence.local import Config, Driver
from srvmaint.model import Alert, CheckResult, CheckStatus, Metric, Priority, Recommendation, Verdict
from tests.intelligence.alerts import HERE, alert, cpu, disk, is_here, memory


def result(
    checker: str, status: CheckStatus, message: str, *metrics: Metric, details: tuple[str, ...] = ()
) -> CheckResult:
    return CheckResult(checker, status, message, metrics, id=f"{checker}-id", details=details)


async def advice(*alerts: Alert, evidence: tuple[CheckResult, ...]) -> tuple[Recommendation, ...]:
    return await Driver(Config()).analyze(Subject("title", alerts), evidence)


def verdict(about: Alert, *evidence: CheckResult) -> tuple[Verdict, str]:
    return judge([about], evidence, is_here)


LOAD = result(
    "load",
    CheckStatus.CRITICAL,
    "load 9",
    Metric("load_per_core", 4.5, "", 2, 4),
    details=("3 processes waiting in the kernel, for a disk or a file server: rsync (pid 5)",),
)
NGINX_DOWN = result(
    "process",
    CheckStatus.CRITICAL,
    "nginx: not running",
    Metric("missing", 1, "", None, 1),
    Metric("running:nginx", 0),
    Metric("running:redis", 1),
    details=("nginx: not running", "redis: 1 running"),
)
BACKUP_FAILED = result(
    "units",
    CheckStatus.WARNING,
    "backup.service failed",
    Metric("failed", 1, "", 1),
    details=("backup.service: it ended with exit code 1. See: journalctl -u backup.service -n 50",),
)


async def test_load_is_judged_by_its_own_check_where_it_ran_and_by_the_processors_elsewhere() -> None:
    about = alert("NodeLoadAverageHigh")
    assert verdict(about, cpu(5, load=0.1), LOAD) == (Verdict.CONFIRMED, "load 9")
    assert verdict(about, cpu(99, load=9))[0] is Verdict.CONFIRMED
    skipped = result("load", CheckStatus.SKIPPED, "load skipped")
    assert verdict(about, cpu(5, load=0.1), skipped)[0] is Verdict.CONTRADICTED
    assert verdict(about, skipped) == (Verdict.UNVERIFIED, "load skipped")


async def test_tasks_that_hang_are_the_first_thing_to_look_at() -> None:
    [found] = await advice(alert("NodeLoadAverageHigh"), evidence=(LOAD,))
    assert found.type == "cpu"
    assert found.title.startswith("Tasks hang in the kernel")
    assert "rsync (pid 5)" in found.actions[0]


async def test_one_result_is_told_once_even_when_two_families_speak_of_it() -> None:
    found = await advice(alert("NodeLoadAverageHigh"), alert("HostHighCpuLoad"), evidence=(cpu(99, load=9),))
    assert len(found) == 1


async def test_a_killing_is_confirmed_by_its_own_check_and_settled_by_no_other() -> None:
    killed = result(
        "oom", CheckStatus.WARNING, "the kernel killed 1 process", details=("java (pid 8) was killed 5 s ago",)
    )
    about = alert("HostOomKillDetected")
    assert verdict(about, memory(20), killed) == (Verdict.CONFIRMED, "the kernel killed 1 process")
    assert verdict(about, memory(20))[0] is Verdict.UNVERIFIED
    [found] = await advice(about, evidence=(killed,))
    assert (found.type, found.evidence) == ("memory", ("oom-id",))
    assert "java (pid 8)" in found.actions[0]


async def test_a_slow_disk_is_no_full_one() -> None:
    slow = result("io", CheckStatus.CRITICAL, "vda 99 % busy", Metric("busy:vda", 99, "%", 90, 98))
    assert verdict(alert("DiskIOSaturation"), disk(root=10), slow)[0] is Verdict.CONFIRMED
    assert verdict(alert("DiskIOSaturation"), disk(root=99)) == (Verdict.UNVERIFIED, "no io check ran")
    [found] = await advice(alert("DiskIOSaturation"), evidence=(slow,))
    assert found.title == "A disk cannot keep up: find who uses it"


@pytest.mark.parametrize(
    ("process", "expected"),
    [
        ("nginx", (Verdict.CONFIRMED, "nginx: not running")),
        ("redis", (Verdict.CONTRADICTED, "redis: 1 running")),
        ("mysqld", (Verdict.UNVERIFIED, "mysqld is not among the processes the process checker looks at")),
    ],
)
def test_an_alert_about_one_process_is_held_against_that_one_only(process: str, expected: tuple[Verdict, str]) -> None:
    about = alert("ProcessDown", labels={"instance": HERE, "groupname": process})
    assert verdict(about, NGINX_DOWN) == expected


async def test_a_process_that_does_not_run_gets_the_places_to_look_at() -> None:
    [found] = await advice(alert("ProcessDown"), evidence=(NGINX_DOWN,))
    assert found.title == "Start what does not run"
    assert found.actions[0] == "See why it ended: systemctl status nginx; journalctl -u nginx -n 50"


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        ("backup.service", (Verdict.CONFIRMED, "backup.service failed")),
        ("nginx.service", (Verdict.CONTRADICTED, "nginx.service has not failed here")),
        ("", (Verdict.CONFIRMED, "backup.service failed")),
    ],
)
def test_an_alert_about_one_unit_is_held_against_that_one_only(unit: str, expected: tuple[Verdict, str]) -> None:
    about = alert("SystemdUnitFailed", labels={"instance": HERE, "name": unit})
    assert verdict(about, BACKUP_FAILED) == expected


def test_of_very_many_failed_units_one_that_is_not_named_may_be_one() -> None:
    many = result("units", CheckStatus.WARNING, "a.service failed; and 40 more", Metric("failed", 41, "", 1))
    about = alert("SystemdUnitFailed", labels={"instance": HERE, "name": "nginx.service"})
    assert verdict(about, many) == (Verdict.UNVERIFIED, "41 units have failed, nginx.service may be one of them")


def test_a_crash_is_an_event_that_a_running_unit_does_not_contradict() -> None:
    fine = result("units", CheckStatus.OK, "no unit has failed")
    assert verdict(alert("SystemdUnitCrashLooping"), fine)[0] is Verdict.UNVERIFIED


async def test_a_failed_unit_gets_its_reason_as_the_first_step() -> None:
    [found] = await advice(alert("SystemdUnitFailed"), evidence=(BACKUP_FAILED,))
    assert found.type == "service"
    assert found.actions[0].startswith("backup.service: it ended with exit code 1.")


async def test_what_could_be_given_back_becomes_steps_against_a_full_disk() -> None:
    apt = "2.0 GiB apt's downloaded packages in /var/cache/apt/archives: apt-get clean"
    linux = result("disk_linux", CheckStatus.WARNING, "2.0 GiB could be given back", details=(apt,))
    [found] = await advice(alert("DiskFull"), evidence=(disk(root=97), linux))
    assert found.type == "disk"
    assert found.actions[-1] == apt
    assert found.evidence == ("disk-id", "disk_linux-id")


async def test_what_could_be_given_back_is_no_step_while_there_is_room() -> None:
    linux = result("disk_linux", CheckStatus.OK, "2.0 GiB could be given back", details=("apt-get clean",))
    [found] = await advice(alert("DiskFull"), evidence=(disk(root=7), linux))
    assert "apt-get clean" not in found.actions


async def test_a_filesystem_that_hangs_gets_its_own_steps() -> None:
    hung = result("disk", CheckStatus.CRITICAL, "/nfs does not answer", Metric("broken:/nfs", 1, "", None, 1))
    [found] = await advice(alert("DiskFull"), evidence=(hung,))
    assert found.title == "A filesystem is gone or hangs: bring it back"
    assert "umount -l /nfs, then mount /nfs" in found.actions[1]


async def test_a_check_of_no_family_speaks_for_itself() -> None:
    due = result("reboot", CheckStatus.WARNING, "a reboot is due", details=("asked for by libc6",))
    fine = result("updates", CheckStatus.OK, "0 updates waiting")
    [found] = await advice(evidence=(due, fine))
    assert (found.type, found.priority, found.actions) == ("reboot", Priority.MEDIUM, ("asked for by libc6",))
    assert found.description == "a reboot is due."


def test_a_floor_of_free_space_confirms_an_alert_about_that_mount_point() -> None:
    about = alert("DiskFull", labels={"instance": HERE, "mountpoint": "/data"})
    short = result(
        "disk",
        CheckStatus.CRITICAL,
        "/data 40 % used, 1.0 GiB free (no more than 2GB)",
        Metric("used:/data", 40, "%", 80, 95),
        Metric("free:/data", 2**30, "B", None, 2e9, low=True),
    )
    assert verdict(about, short)[0] is Verdict.CONFIRMED
    plenty = Metric("free:/data", 9e9, "B", None, 2e9, low=True)
    fine = result("disk", CheckStatus.OK, "/data 40 % used", Metric("used:/data", 40, "%", 80, 95), plenty)
    assert verdict(about, fine)[0] is Verdict.CONTRADICTED
