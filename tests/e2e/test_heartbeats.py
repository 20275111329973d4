"""`srvmaint heartbeat` as cron uses it: against the real daemon, and without one."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import PatientSink, Start
from tests.e2e.daemon import Daemon

JOBS = '[[heartbeats]]\nslug = "backup"\nevery = "1h"\n[[pipelines]]\nname = "all"\npreset = "direct"\n'


def telling(sink: PatientSink) -> str:
    return f'[[channels]]\nname = "hook"\ndriver = "generic"\nendpoint_url = "{sink.url}"\n'


async def heartbeat(file: Path, *arguments: str) -> tuple[int, str, str]:
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "srvmaint",
        "--config",
        str(file),
        "heartbeat",
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, errors = await child.communicate()
    assert child.returncode is not None
    return child.returncode, out.decode(), errors.decode()


async def shown(file: Path) -> Any:
    code, out, errors = await heartbeat(file, "list", "--json")
    assert (code, errors) == (0, "")
    [item] = json.loads(out)["items"]
    return item


@pytest.fixture
async def daemon(start: Start, sink: PatientSink) -> Daemon:
    """One that expects a backup."""
    return await start(JOBS + telling(sink))


async def test_a_job_that_ends_well_is_heard_of_with_its_duration(daemon: Daemon) -> None:
    listening = await address(daemon)
    assert (await shown(listening))["state"] == "new"
    code, out, errors = await heartbeat(listening, "exec", "backup", "--", "sh", "-c", "echo out; echo err >&2")
    assert (code, out, errors) == (0, "out\n", "err\n")
    item = await shown(listening)
    assert (item["state"], item["exit_code"], item["running"]) == ("up", 0, False)
    assert item["started_at"] <= item["ok_at"]
    assert item["duration_ms"] >= 0
    table = (await heartbeat(listening))[1]
    assert table.splitlines()[0].split()[:2] == ["HEARTBEAT", "STATE"]
    assert table.splitlines()[1].split()[:2] == ["backup", "up"]


async def test_a_job_that_fails_is_told_and_its_exit_code_is_passed_on(daemon: Daemon, sink: PatientSink) -> None:
    listening = await address(daemon)
    assert (await heartbeat(listening, "exec", "backup", "--", "sh", "-c", "exit 9"))[0] == 9
    [request] = await sink.received()
    message = json.loads(request.body)
    assert message["title"] == "Heartbeat backup"
    assert (await shown(listening))["state"] == "failed"
    assert (await heartbeat(listening, "exec", "backup", "--", "true"))[0] == 0
    requests = await sink.received(2)
    assert json.loads(requests[1].body)["status"] == "resolved"


async def test_the_name_of_the_command_is_the_slug_where_none_is_given(daemon: Daemon, tmp_path: Path) -> None:
    listening = await address(daemon)
    script = tmp_path / "Backup.sh"
    script.write_text("#!/bin/sh\nexit 0\n")
    script.chmod(0o755)
    assert await heartbeat(listening, "exec", "--", str(script)) == (0, "", "")
    assert (await shown(listening))["state"] == "up"


async def test_the_commands_own_options_are_its_own(daemon: Daemon) -> None:
    listening = await address(daemon)
    code, out, _ = await heartbeat(listening, "exec", "backup", "--", "printf", "%s|", "--help", "-v", "--", "x")
    assert (code, out) == (0, "--help|-v|--|x|")


async def test_one_that_nobody_expects_runs_and_the_reason_is_said(daemon: Daemon) -> None:
    code, out, errors = await heartbeat(await address(daemon), "exec", "bakup", "--", "sh", "-c", "echo done; exit 4")
    assert (code, out) == (4, "done\n")
    assert errors == (
        "srvmaint: nobody was told how this job ended: there is no heartbeat 'bakup': did you mean 'backup'?\n"
    )


async def test_without_a_daemon_the_job_runs_with_its_own_exit_code(tmp_path: Path) -> None:
    file = tmp_path / "srvmaint.toml"
    file.write_text(f'[server]\nlisten = "unix:{tmp_path}/nobody.sock"\n[storage]\npath = "{tmp_path}"\n{JOBS}')
    code, out, errors = await heartbeat(file, "exec", "--wait", "0s", "backup", "--", "sh", "-c", "echo done; exit 5")
    assert (code, out) == (5, "done\n")
    assert errors.startswith("srvmaint: nobody was told how this job ended: cannot reach the daemon on unix:")
    assert errors.count("\n") == 1


async def test_a_broken_configuration_does_not_stop_the_job(tmp_path: Path) -> None:
    file = tmp_path / "srvmaint.toml"
    file.write_text("[server]\nlisten = 5\n")
    code, out, errors = await heartbeat(file, "exec", "backup", "--", "sh", "-c", "echo done; exit 6")
    assert (code, out) == (6, "done\n")
    assert "nobody was told how this job ended: " in errors
    assert "server.listen" in errors
    assert "Traceback" not in errors


async def test_a_daemon_that_hangs_holds_up_neither_the_beginning_nor_the_end_for_long(tmp_path: Path) -> None:
    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    path = tmp_path / "hung.sock"
    file = tmp_path / "srvmaint.toml"
    file.write_text(f'[server]\nlisten = "unix:{path}"\n')
    async with await asyncio.start_unix_server(hang, path):
        code, out, errors = await heartbeat(
            file, "exec", "--wait", "300ms", "backup", "--", "sh", "-c", "echo done; exit 7"
        )
    assert (code, out) == (7, "done\n")
    assert "nobody was told how this job ended: " in errors


async def test_a_command_that_is_not_there_ends_as_a_shell_would_and_is_told(daemon: Daemon) -> None:
    listening = await address(daemon)
    code, _, errors = await heartbeat(listening, "exec", "backup", "--", "/nowhere/at-all")
    assert (code, errors) == (127, "srvmaint: cannot run /nowhere/at-all: there is no such command.\n")
    assert (await shown(listening))["exit_code"] == 127


async def test_nothing_to_run_is_wrong_use(tmp_path: Path) -> None:
    code, _, errors = await heartbeat(tmp_path / "none.toml", "exec", "backup")
    assert code == 2
    assert "there is no command: write it behind --" in errors


async def address(daemon: Daemon) -> Path:
    """A configuration that names the port the daemon has got."""
    file = daemon.file.with_name("client.toml")
    file.write_text(daemon.file.read_text().replace("127.0.0.1:0", daemon.url.removeprefix("http://")))
    return file
