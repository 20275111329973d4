"""What `srvmaint check` writes, read by the programs it is written for."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from srvmaint.cli import _check_formats as formats
from srvmaint.model import CheckResult, CheckStatus, Metric

PLUGINS = Path("/usr/lib/nagios/plugins")
PERL = """use Monitoring::Plugin::Performance; local $/;
for (Monitoring::Plugin::Performance->parse_perfstring(<STDIN>)) {
  print join("\\t", $_->label, $_->value, $_->uom // "", $_->warning // "", $_->critical // ""), "\\n" }"""
ODD = CheckResult(
    "disk",
    CheckStatus.CRITICAL,
    'a|b "c" \\ d\ne {f}=g',
    (
        Metric("used:/", 96.4, "%", 80, 95),
        Metric("free:/my data", 85672189952.0, "B"),
        Metric("it's=odd \"\\\n", -1.5),
        Metric("time:[::1]:443", 0.000043, "s", 0.1, 1),
        Metric("days_left:ü", -2.5, "", 14, 7, low=True),
    ),
    2.0,
    details=("x|y",),
)
FINE = CheckResult("cpu", CheckStatus.OK, "fine", (Metric("cpu", 3, "%", 85, 95),))
SKIPPED = CheckResult("memory", CheckStatus.SKIPPED, "memory skipped: CHECKERS_SKIP")


def plugin(name: str) -> str:
    if not (PLUGINS / name).exists():
        pytest.skip(f"no {name} here: apt-get install monitoring-plugins-basic")
    return str(PLUGINS / name)


@pytest.fixture
def checked(tmp_path: Path) -> str:
    """A program that is `srvmaint check --format nagios` with what the test wrote as its configuration."""
    file = tmp_path / "srvmaint.toml"
    file.write_text("[checkers.disk]\nwarning = 99\ncritical = 100\n")
    program = tmp_path / "check_srvmaint"
    root = Path(__file__).parents[2]
    program.write_text(
        f'#!/bin/sh\ncd {root}; exec {sys.executable} -m srvmaint --config {file} check "$@" --format nagios\n'
    )
    program.chmod(0o755)
    return str(program)


def run(*command: str, text: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, input=text, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (("disk", "--warning", "0", "--critical", "0.001"), 2, "CRITICAL"),
        (("disk", "--warning", "0", "--critical", "100"), 1, "WARNING"),
        (("disk", "--paths", "/nowhere"), 3, "UNKNOWN"),
        (("disk",), 0, "OK"),
    ],
)
def test_negate_runs_it_and_reads_its_status_from_code_and_word(
    checked: str, arguments: tuple[str, ...], code: int, word: str
) -> None:
    negate = plugin("negate")
    codes = {"OK": 2, "CRITICAL": 0}
    bare = run(checked, *arguments)
    assert (bare.returncode, bare.stdout.split()[:2]) == (code, ["DISK", word])
    negated = run(negate, checked, *arguments)
    assert negated.returncode == codes.get(word, code)
    assert negated.stdout.split()[:2] == ["DISK", word]
    # with -s it also exchanges the word, which it finds only where a plugin has it
    as_warning = run(
        negate, "-s", "-o", "WARNING", "-c", "WARNING", "-w", "WARNING", "-u", "WARNING", checked, *arguments
    )
    assert as_warning.returncode == 1
    assert as_warning.stdout.split()[:2] == ["DISK", "WARNING"]


def test_a_plugin_that_cannot_begin_is_unknown_to_negate(checked: str) -> None:
    found = run(plugin("negate"), checked, "dsk")
    assert found.returncode == 3
    assert found.stdout.startswith("SRVMAINT UNKNOWN - there is no checker 'dsk'")


def test_a_cluster_of_them_is_counted_by_their_codes(checked: str) -> None:
    cluster = plugin("check_cluster")
    codes = [
        run(checked, *each).returncode
        for each in (("disk",), ("disk", "--paths", "/nowhere"), ("disk", "--warning", "0", "--critical", "0.001"))
    ]
    found = run(cluster, "-s", "-l", "srvmaint", "-d", ",".join(map(str, codes)), "-w", "0", "-c", "1")
    assert found.stdout.startswith("CLUSTER CRITICAL: srvmaint: 1 ok, 0 warning, 1 unknown, 1 critical")


def test_every_number_of_the_performance_data_is_read_with_its_unit_and_levels() -> None:
    if shutil.which("perl") is None or run("perl", "-MMonitoring::Plugin::Performance", "-e", "1").returncode != 0:
        pytest.skip("no Monitoring::Plugin here: apt-get install libmonitoring-plugin-perl")
    first = formats.as_nagios([ODD, FINE, SKIPPED]).splitlines()[0]
    assert first.count("|") == 1
    found = run("perl", "-e", PERL, text=first.partition("|")[2])
    assert [line.split("\t") for line in found.stdout.splitlines()] == [
        ["used:/", "96.4", "%", "80", "95"],
        ["free:/my data", "85672189952", "B", "", ""],
        ['it_s_odd "\\_', "-1.5", "", "", ""],
        ["time:[::1]:443", "4.3e-05", "s", "0.1", "1"],
        ["days_left:ü", "-2.5", "", "14:", "7:"],
        ["cpu", "3", "%", "85", "95"],
    ]


@pytest.mark.parametrize("results", [[ODD, FINE, SKIPPED], [FINE], [SKIPPED], []])
@pytest.mark.parametrize("origin", [formats.NOWHERE, formats.Origin('we"b', {"site": "a\\b"})])
def test_promtool_takes_the_metrics_without_a_word(results: list[CheckResult], origin: formats.Origin) -> None:
    if shutil.which("promtool") is None:
        pytest.skip("no promtool here: apt-get install prometheus")
    found = run("promtool", "check", "metrics", text=formats.as_prometheus(results, origin) + "\n")
    assert (found.returncode, found.stdout, found.stderr) == (0, "", "")


def test_promtool_takes_what_the_real_command_writes() -> None:
    if shutil.which("promtool") is None:
        pytest.skip("no promtool here: apt-get install prometheus")
    written = run(sys.executable, "-m", "srvmaint", "check", "cpu", "memory", "disk", "--format", "prom")
    found = run("promtool", "check", "metrics", text=written.stdout)
    assert "srvmaint_check_status{" in written.stdout
    assert (found.returncode, found.stderr) == (0, "")
