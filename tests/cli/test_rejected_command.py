"""`srvmaint rejected`: what could not be used is seen, and offered again, with a daemon and without."""

from __future__ import annotations

import asyncio
import gzip
from pathlib import Path
from typing import Any

import pytest

from srvmaint.cli.alerts import command as alerts
from srvmaint.cli.rejected import command
from srvmaint.errors import NotFoundError, UsageError
from tests.cli.kept import QUIET, TRACE, data, invoke, keep
from tests.e2e.daemon import Daemon

GOOD = b'{"name": "disk full"}'
FORM = "application/x-www-form-urlencoded"


async def ask(folder: Path, *arguments: str) -> Any:
    """Run it beside the test's own loop."""
    return await asyncio.to_thread(invoke, command, folder, *arguments)


async def test_the_list_has_the_newest_first_and_can_be_narrowed(tmp_path: Path) -> None:
    first = await keep(tmp_path, b"{", "invalid_json", driver="generic")
    second = await keep(tmp_path, GOOD, "unauthorized")
    found = data(await ask(tmp_path, "list", "--json"))
    assert [each["id"] for each in found["items"]] == [second, first]
    assert "body" not in found["items"][0]
    found = data(await ask(tmp_path, "list", "--code", "invalid_json", "--json"))
    assert [each["id"] for each in found["items"]] == [first]
    text = (await ask(tmp_path)).stdout
    assert text.splitlines()[0].split() == ["REJECTED", "AT", "DRIVER", "CODE", "BYTES", "REPLAYED", "REASON"]
    assert "cannot use it: unauthorized." in text
    assert (await ask(tmp_path, "list", "--code", "nothing")).stderr == "no rejected bodies\n"


async def test_showing_one_prints_the_reason_the_headers_and_the_body(tmp_path: Path) -> None:
    body = 'first\tline é\nsecond \x1b[2J line\n{"a": 1}'.encode()
    one = await keep(tmp_path, body, "invalid_json", driver="generic", headers={"User-Agent": "cron"})
    text = (await ask(tmp_path, "show", one)).stdout
    assert f"rejected    {one}\n" in text
    assert "reason      cannot use it: invalid_json.\n" in text
    assert "User-Agent  cron\n" in text
    assert text.endswith('\n\nfirst    line é\nsecond  [2J line\n{"a": 1}\n')
    shown = data(await ask(tmp_path, "show", one, "--json"))
    assert (shown["body"], shown["trace_id"], shown["driver"]) == (body.decode(), TRACE, "generic")
    assert (await ask(tmp_path, "show", one, "--raw")).stdout_bytes == body
    assert isinstance((await ask(tmp_path, "show", "nothing")).exception, NotFoundError)


async def test_a_packed_body_is_shown_unpacked(tmp_path: Path) -> None:
    one = await keep(tmp_path, gzip.compress(GOOD), headers={"Content-Encoding": "gzip"})
    assert (await ask(tmp_path, "show", one, "--raw")).stdout_bytes == GOOD
    broken = await keep(tmp_path, b"not gzip", headers={"Content-Encoding": "gzip"})
    assert (await ask(tmp_path, "show", broken)).stdout.endswith("\n\nnot gzip\n")


async def test_bodies_are_offered_again_as_they_came_and_told_to_their_end(tmp_path: Path) -> None:
    form = await keep(tmp_path, b"payload=%7B%22name%22%3A%22disk+full%22%7D", headers={"Content-Type": FORM})
    other = await keep(tmp_path, b"{", "invalid_json")
    result = await ask(tmp_path, "replay", form, other, "nothing", "--json")
    first, second, third = data(result)["items"]
    assert (first["id"], first["status"], first["driver"], first["alerts"]["created"]) == (
        form,
        "accepted",
        "generic",
        1,
    )
    assert (second["status"], second["driver"]) == ("refused", None)
    assert second["message"].startswith("cannot read the body")
    assert (third["status"], third["message"]) == ("refused", "there is no rejected body 'nothing'")
    assert result.return_value == 1
    assert "[WARNING] disk full" in result.stderr
    assert data(await ask(tmp_path, "show", form, "--json"))["replayed_at"] is not None
    assert data(await ask(tmp_path, "show", other, "--json"))["replayed_at"] is None
    text = await ask(tmp_path, "replay", form)
    assert text.return_value == 0
    assert "1 received, 1 unchanged" in text.stdout


async def test_a_body_can_be_given_to_another_driver(tmp_path: Path) -> None:
    one = await keep(tmp_path, GOOD, "unknown_driver", driver="zabix")
    assert "no enabled alert driver" in (await ask(tmp_path, "replay", one)).stdout
    assert (await ask(tmp_path, "replay", one, "--driver", "generic")).return_value == 0


async def test_all_means_what_waits_and_strangers_have_to_be_asked_for_by_name(tmp_path: Path) -> None:
    stranger = await keep(tmp_path, b'{"name": "stranger"}', "unauthorized", driver="generic")
    first = await keep(tmp_path, b'{"name": "first"}', driver="generic")
    second = await keep(tmp_path, b'{"name": "second"}', driver="generic")
    assert [each["id"] for each in data(await ask(tmp_path, "replay", "--all", "--json"))["items"]] == [first, second]
    assert (await ask(tmp_path, "replay", "--all")).stderr.endswith("nothing to offer again\n")
    asked = data(await ask(tmp_path, "replay", "--all", "--code", "unauthorized", "--json"))["items"]
    assert [(each["id"], each["status"]) for each in asked] == [(stranger, "accepted")]


@pytest.mark.parametrize("arguments", [(), ("x", "--all"), ("x", "--code", "unauthorized")])
def test_replay_wants_to_know_which(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    (tmp_path / "srvmaint.toml").write_text("")
    assert isinstance(invoke(command, tmp_path, "replay", *arguments).exception, UsageError)


async def test_an_operator_is_not_asked_for_the_senders_secret(tmp_path: Path) -> None:
    text = f'[alerts.generic]\ntoken = "hunter2"\n{QUIET}'
    one = await keep(tmp_path, GOOD, "unauthorized", driver="generic", text=text)
    assert (await ask(tmp_path, "replay", one)).return_value == 0


async def test_with_a_daemon_running_it_is_asked(tmp_path: Path) -> None:
    text = f'[server]\nlisten = "unix:{tmp_path}/s"\n[alerts.generic]\ntoken = "hunter2"\n{QUIET}'
    one = await keep(tmp_path, GOOD, "unauthorized", driver="generic", text=text)
    broken = await keep(tmp_path, b"{", "invalid_json", text=text)
    daemon = Daemon(tmp_path, text)
    try:
        await daemon.start()
        result = await ask(tmp_path, "replay", one, broken, "no/such", "--json")
        assert [each["status"] for each in data(result)["items"]] == ["accepted", "refused", "refused"]
        assert data(result)["items"][1]["message"].startswith("cannot read the body")
        await daemon.out.line("[WARNING] disk full")
        listed = data(await ask(tmp_path, "list", "--json"))
        assert [each["replayed_at"] is None for each in listed["items"]] == [True, False]
        found = data(await asyncio.to_thread(invoke, alerts, tmp_path, "list", "--name", "disk full", "--json"))
        assert [each["status"] for each in found["items"]] == ["firing"]
        assert await daemon.stop() == 0
    finally:
        await daemon.close()
