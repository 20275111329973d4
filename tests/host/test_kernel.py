from __future__ import annotations

import os
from pathlib import Path

import pytest

from srvmaint.host import kernel
from srvmaint.host.linux import LinuxHost
from tests.fakes import FakeClock

GLOBAL = (
    (
        "6,100,5000000,-;oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,"
        "task_memcg=/system.slice/tomcat.service,task=java,pid=812,uid=33\n"
    ),
    "3,101,5000010,-;Out of memory: Killed process 812 (java) total-vm:9kB, anon-rss:8kB, UID:33 pgtables:1kB\n",
)
IN_GROUP = (
    (
        "6,102,9000000,-;oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,"
        "oom_memcg=/x,task_memcg=/x,task=a (b),pid=7,uid=0\n"
    ),
    "3,103,9000010,-;Memory cgroup out of memory: Killed process 7 (a (b) total-vm:1kB\n",
)
OTHER = ("4,1,1000,-;a log without any killing\n", "6,2,2000,-;Killed process 1 (not by the kernel)\n", "rubbish\n")


def test_killings_are_found_in_the_kernels_log_with_their_age_and_service() -> None:
    found = kernel.kills(iter((*OTHER, *GLOBAL, *IN_GROUP)), 105.0)
    assert [(kill.pid, kill.name, kill.unit) for kill in found] == [(812, "java", "tomcat.service"), (7, "a (b", "")]
    assert [round(kill.age_s) for kill in found] == [100, 96]


def test_a_log_that_may_not_be_read_is_none(tmp_path: Path) -> None:
    assert LinuxHost(FakeClock(), root=str(tmp_path), proc=str(tmp_path)).kill_log() is None


def test_a_log_is_read_record_by_record_to_its_end(tmp_path: Path) -> None:
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev/kmsg").write_text(GLOBAL[1])
    (tmp_path / "uptime").write_text("65.0 1\n")
    [kill] = LinuxHost(FakeClock(), root=str(tmp_path), proc=str(tmp_path)).kill_log() or ()
    assert round(kill.age_s) == 60


def test_a_kernel_that_does_not_count_killings_says_so(tmp_path: Path) -> None:
    (tmp_path / "vmstat").write_text("pgfault 1\n")
    with pytest.raises(ValueError, match=r"older than 4\.13"):
        LinuxHost(FakeClock(), proc=str(tmp_path)).kills()


def test_file_handles_are_used_and_most() -> None:
    assert kernel.file_handles("1500\t100\t9223372036854775807\n") == (1400, 9223372036854775807)


@pytest.mark.parametrize(("value", "limit"), [("1024", 1024), ("unlimited", None)])
def test_a_processs_own_limit_is_the_soft_one(value: str, limit: int | None) -> None:
    text = (
        f"Limit  Soft Limit  Hard Limit  Units\nMax processes  1  2  processes\nMax open files  {value}  4096  files\n"
    )
    assert kernel.open_files_limit(text) == limit


def test_this_machine_itself_can_be_read() -> None:
    host = LinuxHost(FakeClock())
    assert host.kills().total >= 0
    limits = host.limits()
    assert 0 < limits.files <= limits.files_limit
    assert 0 < limits.tasks <= limits.tasks_limit
    [own] = [one for one in host.open_files().seen if one.pid == os.getpid()]
    assert own.used >= 3
