"""What senders show, right or wrong, is in no log line, answer, row or file of the daemon, and in nothing it prints."""

from __future__ import annotations

import asyncio
import hmac
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from tests.e2e.conftest import Start
from tests.e2e.daemon import Daemon

TOKEN: Final = "c4n4ry-token"
SECRET: Final = "c4n4ry-secret"
WRONG: Final = "c4n4ry-wrong"
CONFIG: Final = """
[alerts.generic]
token = { env = "THE_TOKEN" }
token_header = "X-Key"
signing_secret = { env = "THE_SECRET" }
[[pipelines]]
name = "all"
preset = "direct"
"""
ENVIRON: Final = {"THE_TOKEN": TOKEN, "THE_SECRET": SECRET}
BODY: Final = b'{"name": "x", "severity": "critical"}'
SHOWN: Final[tuple[tuple[str, dict[str, str]], ...]] = (
    ("", {}),
    *((query, {}) for each in (TOKEN, WRONG) for query in (f"?token={each}", f"?token={each}&token={each}&x={each}")),
    *(("", {"Authorization": f"{scheme} {each}"}) for each in (TOKEN, WRONG) for scheme in ("Bearer", "Basic", "Odd")),
    *(("", {"X-Key": each, "X-Other": each, "Cookie": f"a={each}"}) for each in (TOKEN, WRONG)),
    ("", {"X-Hub-Signature-256": f"sha256={WRONG}"}),
    ("", {"X-Hub-Signature-256": "sha256=" + hmac.digest(SECRET.encode(), BODY, "sha256").hex()}),
)
PATHS: Final = ("/alerts/webhook/generic/", "/alerts/webhook/", "/alerts/webhook/nobody/", "/nothing/", "/alerts/")


async def test_secrets_are_nowhere_but_where_they_were_put(start: Start) -> None:
    daemon = await start(CONFIG, environ=ENVIRON)
    answers: list[Any] = []
    for query, headers in SHOWN:
        for path in PATHS:
            answers += [await daemon.post(path + query, body, headers=headers) for body in (BODY, b"{")]
            answers.append(await daemon.get(path + query, headers=headers))
    statuses = {answer.status for answer in answers}
    assert {200, 202, 400, 401, 404, 405} <= statuses
    assert max(statuses) < 500
    for item in (await daemon.get("/rejected/?limit=500")).body["items"]:
        answers.append(await daemon.get(f"/rejected/{item['id']}/"))
        answers.append(await daemon.post(f"/rejected/{item['id']}/replay/?driver=generic&token={WRONG}"))
    answers += [
        await daemon.get(path) for path in ("/metrics", "/deliveries/", "/incidents/", "/orchestration/pipelines/")
    ]
    daemon.signal(signal.SIGHUP)
    await daemon.err.line("configuration reloaded")
    printed = [
        await printed_by(daemon, *command)
        for command in (
            ("config", "show"),
            ("config", "show", "--json"),
            ("config", "check"),
            ("rejected", "list", "--limit", "500", "--json"),
            ("alerts", "list", "--json"),
            ("-v", "rejected", "replay", "nothing"),
        )
    ]
    assert await daemon.stop() == 0
    kept = b"".join(path.read_bytes() for path in daemon.database.parent.iterdir())
    assert b"unauthorized" in kept
    found = "\n".join([*map(repr, answers), *printed, daemon.out.text, daemon.err.text, kept.decode("latin-1")])
    assert found.count("c4n4ry") == 0, found[max(found.find("c4n4ry") - 300, 0) :][:400]


async def printed_by(daemon: Daemon, *arguments: str) -> str:
    """What a command prints, on both streams."""
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "srvmaint", "--config", str(daemon.file), *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={"HOME": str(daemon.folder), "PATH": "/usr/bin:/bin", **ENVIRON},
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode in {0, 1}, done.stderr
    return done.stdout + done.stderr
