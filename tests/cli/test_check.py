"""The command itself, on the machine the tests run on, with a configuration made here."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from srvmaint import registry
from srvmaint.checkers import PACKAGE
from srvmaint.cli._context import Context
from srvmaint.cli.check import command
from srvmaint.errors import UsageError


def check(tmp_path: Path, *arguments: str, **environ: str) -> Result:
    config = tmp_path / "srvmaint.toml"
    config.write_text('[checkers.disk]\npaths = ["/"]\nwarning = 99\ncritical = 100\n')
    context = Context({"SRVMAINT_CONFIG": str(config), "HOME": str(tmp_path), **environ})
    return CliRunner().invoke(command, list(arguments), obj=context)


def test_named_checkers_run_in_the_order_named(tmp_path: Path) -> None:
    data = json.loads(check(tmp_path, "disk", "memory", "--json").stdout)
    assert [result["checker"] for result in data["results"]] == ["disk", "memory"]
    assert data["results"][0]["metrics"][0]["warn"] == 99


def test_levels_on_the_command_line_win_over_the_configuration(tmp_path: Path) -> None:
    found = check(tmp_path, "disk", "--warning", "0", "--critical", "99.9", "--format", "nagios")
    assert found.exit_code == 1
    assert found.stdout.startswith("DISK WARNING - ")
    assert check(tmp_path, "disk", "--warning", "0", "--critical", "99.9", "--fail-on-critical").exit_code == 0


def test_paths_may_be_repeated_or_separated_by_commas(tmp_path: Path) -> None:
    found = check(tmp_path, "disk", "--paths", "/,/gone-1", "--paths", "/gone-2", "--json")
    [result] = json.loads(found.stdout)["results"]
    assert result["status"] == "unknown"
    assert result["message"] == "/gone-1 does not exist; /gone-2 does not exist"
    assert found.exit_code == 3


def test_hosts_on_the_command_line_need_no_section_in_the_file(tmp_path: Path) -> None:
    found = check(tmp_path, "network", "--hosts", "127.0.0.1,localhost", "--json")
    [result] = json.loads(found.stdout)["results"]
    assert result["status"] == "ok"
    assert {metric["name"] for metric in result["metrics"]} >= {"loss:127.0.0.1", "loss:localhost"}


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("dsk",), "did you mean 'disk'"),
        (("--warning", "3"), "exactly one named checker"),
        (("disk", "memory", "--critical", "3"), "exactly one named checker"),
        (("disk", "--warning", "101"), "percentage from 0 to 100"),
        (("disk", "--warning", "50", "--critical", "50"), "warning (50) must be below critical (50)"),
        (("disk", "--paths", "relative"), "must be absolute"),
        (("memory", "--paths", "/"), "belongs to the disk checker"),
        (("memory", "--per-cpu"), "belongs to the cpu checker"),
        (("memory", "--hosts", "127.0.0.1"), "belongs to the network checker"),
        (("network",), "Add a [checkers.network] section with it to the configuration, or give --hosts."),
        (("network", "--hosts", "a/b"), "host 'a/b' is no host name"),
        (("disk", "--warning", "much"), "a percentage from 0 to 100"),
        (("disk", "--label", "site"), "write NAME=VALUE"),
        (("disk", "--label", "a-b=c"), "write NAME=VALUE"),
        (("disk", "--label", "check=c"), "have a label check of their own"),
        (("memory", "--samples", "2"), "belongs to the cpu and the io checker"),
        (("memory", "--names", "x"), "belongs to the process checker"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_reason(tmp_path: Path, arguments: tuple[str, ...], reason: str) -> None:
    error = check(tmp_path, *arguments).exception
    assert isinstance(error, UsageError)
    assert reason in str(error)


def test_the_host_and_labels_of_the_command_line_are_in_the_results(tmp_path: Path) -> None:
    data = json.loads(check(tmp_path, "disk", "--hostname", "web-1", "--label", "site=a=b", "--json").stdout)
    assert (data["hostname"], data["labels"]) == ("web-1", {"site": "a=b"})


def test_a_nagios_plugin_that_cannot_begin_is_unknown_with_a_line_on_stdout(tmp_path: Path) -> None:
    found = check(tmp_path, "dsk", "--format", "nagios")
    assert found.exit_code == 3
    assert found.stdout.startswith("SRVMAINT UNKNOWN - there is no checker 'dsk'")


def test_a_skipped_checker_is_shown_as_skipped_unless_it_is_asked_for(tmp_path: Path) -> None:
    skipped = check(tmp_path, "disk", "--json", CHECKERS_SKIP="disk")
    assert json.loads(skipped.stdout)["summary"]["skipped"] == 1
    assert skipped.exit_code == 0
    run = check(tmp_path, "disk", "--json", "--include-skipped", CHECKERS_SKIP="disk")
    assert json.loads(run.stdout)["summary"]["skipped"] == 0


def test_the_list_says_what_runs_by_default_and_what_each_looks_at(tmp_path: Path) -> None:
    rows = json.loads(check(tmp_path, "--list", "--json", CHECKERS_SKIP="cpu").stdout)["checkers"]
    found = {row["checker"]: row for row in rows}
    assert list(found) == [*registry.names(PACKAGE)]
    assert found["cpu"]["skipped"] == "CHECKERS_SKIP"
    assert all(row["description"] for row in rows)
    assert [name for name, row in found.items() if row["enabled"]] == ["cpu", "disk", "memory"]
    assert "skipped" in check(tmp_path, "--list", CHECKERS_SKIP="cpu").stdout
