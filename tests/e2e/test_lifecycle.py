"""Start, reload, drain, stop: what signals and the service manager can rely on."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
from pathlib import Path

import pytest

from tests.e2e.bodies import alert, body, hook
from tests.e2e.conftest import Start
from tests.e2e.daemon import Daemon, running
from tests.e2e.fakemanager import FakeManager
from tests.sink import Answer, Sink, hang


async def test_sigterm_lets_the_message_on_the_wire_arrive(start: Start, sink: Sink) -> None:
    slow = Answer(gate=asyncio.Event())
    sink.answers.append(slow)
    daemon = await start(hook(sink.url))
    await daemon.accepted(body(alert("Slow")))
    await sink.received()
    daemon.signal(signal.SIGTERM)
    await refused(daemon)
    assert slow.gate is not None
    slow.gate.set()
    assert await daemon.ended() == 0
    await daemon.start()
    assert await states(daemon) == ["delivered"]
    assert len(sink.requests) == 1


async def test_a_second_sigterm_does_not_wait_and_the_message_goes_out_at_the_next_start(
    start: Start, sink: Sink
) -> None:
    sink.answers.append(hang())
    daemon = await start(hook(sink.url))
    await daemon.accepted(body(alert("Stuck")))
    await sink.received()
    daemon.signal(signal.SIGTERM)
    await refused(daemon)
    daemon.signal(signal.SIGTERM)
    await daemon.err.line("stopping now")
    assert await daemon.ended() == 0
    assert "taken up at the next start" in daemon.err.text
    await daemon.start()
    first, second = await sink.received(2)
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"]
    await daemon.until("/deliveries/", lambda page: page["items"][0]["state"] == "delivered")


async def test_sigterm_answers_the_request_under_way(start: Start, sink: Sink) -> None:
    slow = Answer(gate=asyncio.Event())
    sink.answers.append(slow)
    daemon = await start(hook(sink.url))
    request = asyncio.create_task(
        daemon.post("/orchestration/pipeline/sync/", {"payload": body(alert("Slow"))}), name="waiting request"
    )
    await sink.received()
    daemon.signal(signal.SIGTERM)
    await refused(daemon)
    assert slow.gate is not None
    slow.gate.set()
    reply = await request
    assert (reply.status, reply.body["state"]) == (200, "notified")
    assert await daemon.ended() == 0


async def test_a_second_sigterm_does_not_wait_for_a_request_either(start: Start, sink: Sink) -> None:
    sink.answers.append(hang())
    daemon = await start(hook(sink.url))
    request = asyncio.create_task(
        daemon.post("/orchestration/pipeline/sync/", {"payload": body(alert("Slow"))}), name="waiting request"
    )
    await sink.received()
    daemon.signal(signal.SIGTERM)
    await refused(daemon)
    daemon.signal(signal.SIGTERM)
    assert await daemon.ended() == 0
    await asyncio.wait([request])
    assert request.exception() is not None or request.result().status == 503
    assert "defect" not in daemon.err.text


async def test_sigint_stops_as_well_and_an_idle_daemon_says_nothing(start: Start) -> None:
    daemon = await start()
    daemon.signal(signal.SIGINT)
    assert await daemon.ended() == 0
    assert len(daemon.err.lines) == 1


async def test_a_connection_kept_open_does_not_hold_up_the_stop(start: Start) -> None:
    daemon = await start()
    await daemon.get("/healthz")  # the client keeps its connection for the next request
    assert await daemon.stop() == 0


async def test_sighup_works_by_the_new_configuration(start: Start, sink: Sink) -> None:
    daemon = await start(hook(sink.url, "before"))
    await daemon.accepted(body(alert("One")))
    await sink.received()
    daemon.configure(hook(sink.url, "after"))
    await sighup(daemon)
    await daemon.accepted(body(alert("Two")))
    requests = await sink.received(2)
    assert [request.path for request in requests] == ["/before", "/after"]


async def test_a_channel_that_was_taken_out_and_put_back_works(start: Start, sink: Sink) -> None:
    both = hook(sink.url, "one") + hook(sink.url, "two")
    daemon = await start(both)
    daemon.configure(hook(sink.url, "one"))
    await sighup(daemon)
    daemon.configure(both)
    await sighup(daemon)
    sink.answers.extend([Answer(503), Answer(503)])
    await daemon.accepted(body(alert("Back")))
    requests = await sink.received(4)
    assert sorted(request.path for request in requests) == ["/one", "/one", "/two", "/two"]
    assert (await daemon.get("/readyz")).status == 200


@pytest.mark.parametrize(
    "broken",
    [
        "[serve]\n",
        "not toml at all",
        '[[channels]]\nname = "x"\ndriver = "generic"\n',
        "[checkers.disk]\nwarning = 1e999\n",
    ],
)
async def test_a_bad_new_configuration_is_named_and_the_old_one_stays(start: Start, sink: Sink, broken: str) -> None:
    daemon = await start(hook(sink.url))
    daemon.configure(broken)
    daemon.signal(signal.SIGHUP)
    await daemon.err.line("going on with the old one")
    await daemon.accepted(body(alert("StillHere")))
    await sink.received()
    assert await daemon.stop() == 0


async def test_a_configuration_that_vanished_or_cannot_be_read_keeps_the_old_one(start: Start, sink: Sink) -> None:
    daemon = await start(hook(sink.url))
    daemon.file.unlink()
    await sighup(daemon, "going on with the old one")
    daemon.file.mkdir()
    await sighup(daemon, "going on with the old one")
    daemon.file.rmdir()
    daemon.file.write_bytes(b"\xff\xfe\x00")
    await sighup(daemon, "going on with the old one")
    await daemon.accepted(body(alert("StillHere")))
    await sink.received()


async def test_a_second_daemon_on_the_same_file_refuses(start: Start, tmp_path: Path) -> None:
    daemon = await start()
    second = Daemon(tmp_path)
    await second.launch()
    assert await second.ended() == 1
    (line,) = second.err.lines
    assert f"another srvmaint (process {daemon.pid}) has it" in line
    assert line.startswith("srvmaint: cannot open ")
    assert (await daemon.get("/healthz")).status == 200


async def test_a_port_in_use_is_a_clear_error(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        daemon = Daemon(tmp_path)
        await daemon.launch("--listen", address)
        assert await daemon.ended() == 1
    assert daemon.err.lines == [
        f"srvmaint: cannot listen on {address}: Address already in use. Stop what uses it, or set [server] listen."
    ]


async def test_a_unix_socket_serves_and_a_stale_one_is_taken_over(start: Start, tmp_path: Path) -> None:
    path = tmp_path / "api.sock"
    daemon = await start(f'[server]\nlisten = "unix:{path}"\n')
    assert daemon.url == f"unix:{path}"
    assert path.stat().st_mode & 0o777 == 0o660
    assert await over_socket(path) == b"HTTP/1.1 200 OK"
    (tmp_path / "second").mkdir()
    second = Daemon(tmp_path / "second", f'[server]\nlisten = "unix:{path}"\n')
    await second.launch()
    assert await second.ended() == 1
    assert f"cannot listen on unix:{path}: another process does" in second.err.text
    await daemon.kill()
    assert path.exists()
    await daemon.start()
    assert await over_socket(path) == b"HTTP/1.1 200 OK"
    assert await daemon.stop() == 0
    assert not path.exists()


async def test_a_socket_in_a_folder_that_is_not_there_is_a_clear_error(tmp_path: Path) -> None:
    daemon = Daemon(tmp_path, f'[server]\nlisten = "unix:{tmp_path}/nowhere/api.sock"\n')
    await daemon.launch()
    assert await daemon.ended() == 1
    (line,) = daemon.err.lines
    assert "No such file or directory" in line
    assert "Stop what uses it" not in line


async def test_the_service_manager_is_told(tmp_path: Path) -> None:
    async with FakeManager(tmp_path / "notify.sock") as manager:
        environ = {"NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": "100000"}
        async with running(tmp_path, environ=environ) as daemon:
            assert "STATUS=srvmaint" in await manager.hears("READY=1")
            await manager.hears("WATCHDOG=1")
            await manager.hears("WATCHDOG=1")
            daemon.signal(signal.SIGTERM)
            await manager.hears("STOPPING=1")
            assert await daemon.ended() == 0


async def test_it_starts_without_any_configuration(tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path / "state"), "STATE_DIRECTORY": str(tmp_path / "s")}
    daemon = Daemon(tmp_path, environ=environ)
    daemon.file.unlink()
    try:
        await daemon.start("--listen", "127.0.0.1:0")
        example = Path(__file__).parents[2] / "examples" / "webhooks" / "generic.json"
        accepted = await daemon.accepted(json.loads(example.read_text()))
        await daemon.out.line(f"trace {accepted['trace_id']}")
        assert daemon.out.lines[0].startswith("[CRITICAL] Nightly backup failed · nas-1 · not this host")
        assert (tmp_path / "s" / "srvmaint.db").stat().st_mode & 0o077 == 0
    finally:
        await daemon.close()


async def refused(daemon: Daemon) -> None:
    """Return when the daemon takes no new connection any more."""
    host, _, port = daemon.url.removeprefix("http://").rpartition(":")
    async with asyncio.timeout(60):
        while True:
            try:
                _, writer = await asyncio.open_connection(host, int(port))
            except OSError:
                return
            writer.close()
            await asyncio.wait([asyncio.ensure_future(writer.wait_closed())])


async def sighup(daemon: Daemon, answer: str = "configuration reloaded") -> None:
    seen = len(daemon.err.lines)
    daemon.signal(signal.SIGHUP)
    await daemon.err.line(answer, after=seen)


async def states(daemon: Daemon) -> list[str]:
    return [item["state"] for item in (await daemon.get("/deliveries/")).body["items"]]


async def over_socket(path: Path) -> bytes:
    reader, writer = await asyncio.open_unix_connection(path)
    writer.write(b"GET /healthz HTTP/1.1\r\nHost: anything.example.com\r\nConnection: close\r\n\r\n")
    line = (await reader.readline()).rstrip()
    await reader.read()
    writer.close()
    await writer.wait_closed()
    return line
