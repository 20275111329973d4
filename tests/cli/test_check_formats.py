from __future__ import annotations

import json

import pytest

from srvmaint.cli import _check_formats as formats
from srvmaint.model import CheckResult, CheckStatus, Metric

OK = CheckResult("cpu", CheckStatus.OK, "cpu 3 % busy", (Metric("cpu_percent", 3.0, "%", 85, 95),), 1.25)
BAD = CheckResult(
    "disk",
    CheckStatus.CRITICAL,
    "/ 96 % used; /gone does not exist",
    (Metric("used:/", 96.4, "%", 80, 95), Metric("free:/", 85672189952.0, "B"), Metric("used:/my data", 1, "%")),
    2.0,
    details=("/ 96 % used", "/var 3 % used"),
)
WARNED = CheckResult("memory", CheckStatus.WARNING, "memory 90 % used")
UNKNOWN = CheckResult("memory", CheckStatus.UNKNOWN, 'cannot check "memory": a|b\nc')
SKIPPED = CheckResult("memory", CheckStatus.SKIPPED, "memory skipped: CHECKERS_SKIP")


@pytest.mark.parametrize(
    ("results", "plain", "from_warning", "from_critical"),
    [
        ((OK,), 0, 0, 0),
        ((OK, WARNED), 1, 1, 0),
        ((OK, UNKNOWN), 3, 0, 0),
        ((OK, BAD), 2, 2, 2),
        ((WARNED, UNKNOWN), 1, 1, 0),
        ((BAD, UNKNOWN, WARNED), 2, 2, 2),
        ((SKIPPED,), 0, 0, 0),
        ((SKIPPED, BAD), 2, 2, 2),
        ((), 0, 0, 0),
    ],
)
def test_the_worst_decides_the_exit_code_and_skipped_checks_stand_apart(
    results: tuple[CheckResult, ...], plain: int, from_warning: int, from_critical: int
) -> None:
    assert formats.exit_code(results) == plain
    assert formats.exit_code(results, CheckStatus.WARNING) == from_warning
    assert formats.exit_code(results, CheckStatus.CRITICAL) == from_critical


def test_json_has_the_shape_the_contract_names() -> None:
    data = json.loads(formats.as_json([OK, BAD, SKIPPED]))
    assert list(data) == ["results", "summary"]
    assert data["results"][0] == {
        "checker": "cpu",
        "status": "ok",
        "message": "cpu 3 % busy",
        "metrics": [{"name": "cpu_percent", "value": 3.0, "unit": "%", "warn": 85, "crit": 95}],
        "duration_ms": 1.25,
    }
    assert data["summary"] == {"ok": 1, "warning": 0, "critical": 1, "unknown": 0, "skipped": 1, "total": 3}


def test_text_has_a_line_per_check_and_below_it_what_the_message_has_not_told() -> None:
    assert formats.as_text([OK, BAD]).splitlines() == [
        "OK        cpu   cpu 3 % busy",
        "CRITICAL  disk  / 96 % used; /gone does not exist",
        "                  /var 3 % used",
    ]


def test_nagios_gets_one_line_with_the_worst_first_and_performance_data() -> None:
    lines = formats.as_nagios([OK, BAD]).splitlines()
    assert lines[0] == (
        "SRVMAINT CRITICAL - / 96 % used; /gone does not exist; cpu 3 % busy | "
        "cpu_percent=3%;85;95 used:/=96.4%;80;95 free:/=85672189952B 'used:/my data'=1%"
    )
    assert lines[1:] == ["disk: /var 3 % used"]


def test_a_single_check_is_its_own_nagios_service() -> None:
    assert formats.as_nagios([WARNED]) == "MEMORY WARNING - memory 90 % used"
    assert formats.as_nagios([OK, SKIPPED]).startswith("CPU OK - cpu 3 % busy; memory skipped")


def test_nagios_text_holds_no_pipe_and_no_line_break() -> None:
    assert formats.as_nagios([UNKNOWN]) == 'MEMORY UNKNOWN - cannot check "memory": a/b c'
    assert formats.nagios_failure("a|b\nc") == "SRVMAINT UNKNOWN - a/b c"


def test_nagios_always_gets_a_line() -> None:
    assert formats.as_nagios([]) == "SRVMAINT OK - no checks"


def test_a_nagios_label_with_a_quote_or_an_equals_sign_stays_one_label() -> None:
    odd = CheckResult("disk", CheckStatus.OK, "x", (Metric("used:/it's=1 a", 1, "%"),))
    assert formats.as_nagios([odd]).endswith("| 'used:/it_s_1 a'=1%")


def test_short_times_keep_their_digits_in_every_format() -> None:
    quick = CheckResult("tcp", CheckStatus.OK, "x", (Metric("time:db:5432", 0.000043, "s", 0.0005, 1),))
    assert formats.as_nagios([quick]).endswith("| time:db:5432=0.000043s;0.0005;1")
    assert formats.as_checkmk([quick]).startswith('0 "srvmaint tcp" time_db_5432=0.000043;0.0005;1 ')
    assert 'metric="time:db:5432",unit="s"} 0.000043' in formats.as_prometheus([quick])


def test_levels_that_are_reached_from_above_are_ranges_for_nagios_and_no_upper_levels_for_checkmk() -> None:
    left = CheckResult("certificate", CheckStatus.OK, "x", (Metric("days_left:a", 41.5, "", 14, 7, low=True),))
    assert formats.as_nagios([left]).endswith("| days_left:a=41.5;14:;7:")
    assert formats.as_checkmk([left]).startswith('0 "srvmaint certificate" days_left_a=41.5 ')


def test_what_the_results_come_from_is_told_where_the_caller_says_it() -> None:
    origin = formats.Origin("web-1", {"site": 'a"b'})
    assert formats.as_text([WARNED], origin).splitlines()[0] == 'on host=web-1, site=a"b'
    data = json.loads(formats.as_json([WARNED], origin))
    assert (data["hostname"], data["labels"]) == ("web-1", {"site": 'a"b'})
    assert 'srvmaint_check_status{check="memory",instance="web-1",site="a\\"b"} 1' in formats.as_prometheus(
        [WARNED], origin
    )
    assert formats.as_nagios([WARNED], origin) == formats.as_nagios([WARNED])
    assert formats.as_checkmk([WARNED], origin) == formats.as_checkmk([WARNED])


def test_nagios_output_stays_below_what_servers_cut() -> None:
    long = CheckResult("disk", CheckStatus.CRITICAL, "x", details=tuple(f"line {n} " + "y" * 100 for n in range(500)))
    text = formats.as_nagios([long])
    assert len(text.encode()) < 8000
    assert text.endswith("\n...")


def test_checkmk_gets_one_service_per_check() -> None:
    assert formats.as_checkmk([OK, BAD, SKIPPED]).splitlines() == [
        '0 "srvmaint cpu" cpu_percent=3;85;95 cpu 3 % busy',
        (
            '2 "srvmaint disk" used_root=96.4;80;95|free_root=85672189952|used_my_data=1'
            " / 96 % used; /gone does not exist\\n/var 3 % used"
        ),
        '0 "srvmaint memory" - memory skipped: CHECKERS_SKIP',
    ]


def test_prometheus_gets_each_family_once_with_its_type() -> None:
    lines = formats.as_prometheus([OK, BAD, SKIPPED]).splitlines()
    assert sum(line.startswith("# TYPE") for line in lines) == 3
    assert 'srvmaint_check_status{check="cpu"} 0' in lines
    assert 'srvmaint_check_status{check="memory"} -1' in lines
    assert 'srvmaint_check_value{check="disk",metric="free:/",unit="B"} 85672189952' in lines
    assert 'srvmaint_check_duration_seconds{check="cpu"} 0.00125' in lines


def test_prometheus_labels_are_escaped() -> None:
    odd = CheckResult("disk", CheckStatus.OK, "x", (Metric('used:/a"b\\c\nd', 1, "%"),))
    assert 'metric="used:/a\\"b\\\\c\\nd"' in formats.as_prometheus([odd])


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (100, "100"),
        (1e15, "1000000000000000"),
        (0.0001, "0"),
        (12.345678, "12.346"),
        (-1.5, "-1.5"),
        (None, ""),
    ],
)
def test_numbers_have_no_exponent_and_no_needless_zeros(value: float | None, text: str) -> None:
    assert formats.number(value) == text


@pytest.mark.parametrize("style", list(formats.FORMATS))
def test_every_format_copes_with_nothing(style: str) -> None:
    assert isinstance(formats.FORMATS[style]([], formats.NOWHERE), str)
