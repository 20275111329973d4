from __future__ import annotations

import pytest

from srvmaint.host import parse
from srvmaint.host.readings import CpuTimes, Memory, Pressure

STAT = "cpu  100 5 50 800 40 1 2 2 30 0\ncpu0 60 5 25 400 5 1 2 2 0 0\ncpu1 40 0 25 400 35 0 0 0 0 0\nintr 1 2\n"


def test_processor_time_is_busy_when_it_is_neither_idle_nor_waiting_and_guests_count_once() -> None:
    together, cores = parse.cpu_times(STAT)
    assert together == CpuTimes(busy=160, iowait=40, steal=2, total=1000)
    assert len(cores) == 2
    assert cores[1].iowait == 35


def test_an_old_kernel_with_four_columns_is_read_too() -> None:
    assert parse.cpu_times("cpu 1 2 3 4\n")[0] == CpuTimes(busy=6, iowait=0, steal=0, total=10)


@pytest.mark.parametrize("text", ["", "intr 1\n", "cpu0 1 2 3 4 5\n"])
def test_a_stat_without_processors_says_so(text: str) -> None:
    with pytest.raises(ValueError, match="no cpu line"):
        parse.cpu_times(text)


def test_available_memory_is_the_kernels_own_estimate() -> None:
    memory = parse.memory("MemTotal: 1000 kB\nMemFree: 10 kB\nMemAvailable: 400 kB\nSwapTotal: 8 kB\nSwapFree: 2 kB\n")
    assert memory == Memory(1000 * 1024, 400 * 1024, 8 * 1024, 2 * 1024)


def test_before_there_was_such_an_estimate_free_and_cache_stand_in() -> None:
    assert parse.memory("MemTotal: 1000 kB\nMemFree: 10 kB\nBuffers: 5 kB\nCached: 20 kB\n").available == 35 * 1024


def test_a_meminfo_without_a_total_says_so() -> None:
    with pytest.raises(ValueError, match="no MemTotal"):
        parse.memory("MemFree: 10 kB\n")


def test_pressure_is_the_average_over_a_minute() -> None:
    text = "some avg10=1.00 avg60=2.50 avg300=0.07 total=4\nfull avg10=0.00 avg60=0.50 avg300=0.00 total=0\n"
    assert parse.pressure(text) == Pressure(2.5, 0.5, 0.07, 0.0)
    assert parse.pressure("some avg10=1.00 avg60=2.50 avg300=0.07 total=4\n").full == 0


def test_a_process_may_be_called_anything() -> None:
    text = "812 (a) (b c) S 1 812 812 0 -1 4194560 1 2 3 4 500 250 0 0 20 0 9 0 12345 99999 2048 18446744073709551615 1"
    assert parse.process_stat(text) == parse.ProcessStat("a) (b c", "S", 750, 12345, 2048)


def test_a_processs_service_is_the_innermost_one() -> None:
    assert parse.unit("0::/system.slice/nginx.service\n") == "nginx.service"
    assert parse.unit("0::/user.slice/user-0.slice/session-1.scope/x\n") == "session-1.scope"
    assert parse.unit("0::/\n") == ""


def test_the_machines_addresses_are_those_the_kernel_calls_local() -> None:
    trie = """Main:
     |-- 10.0.0.0
        /24 link UNICAST
     |-- 10.0.0.5
        /32 host LOCAL
     |-- 10.0.0.255
        /32 link BROADCAST
"""
    inet6 = "fd000000000000000000000000000002 02 40 00 80     eth0\n"
    assert parse.local_addresses(trie, inet6) == {"10.0.0.5", "fd00::2"}
