from __future__ import annotations

import json
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from srvmaint.alerts.zabbix import Driver
from srvmaint.clock import iso

SCRIPT = Path(__file__).parents[2] / "examples" / "zabbix-media-type.js"
EXAMPLE = SCRIPT.parent / "webhooks" / "zabbix.json"
ZABBIX_JS = shutil.which("zabbix_js")


class Receiver(BaseHTTPRequestHandler):
    """Keeps what is posted and answers what it is told to."""

    posted: ClassVar[list[tuple[str | None, bytes]]] = []
    status: ClassVar[int] = 202

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.posted.append((self.headers["Authorization"], body))
        self.send_response(self.status)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


@pytest.fixture
def receiver() -> Iterator[HTTPServer]:
    server = HTTPServer(("127.0.0.1", 0), Receiver)
    Receiver.posted.clear()
    thread = threading.Thread(target=server.serve_forever, name="receiver")
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.skipif(ZABBIX_JS is None, reason="zabbix_js (of zabbix-server or zabbix-proxy) is missing")
@pytest.mark.parametrize(("status", "is_sent"), [(202, True), (204, True), (401, False), (422, False), (503, False)])
def test_zabbix_runs_the_example_script_and_only_2xx_is_success(
    receiver: HTTPServer, status: int, *, is_sent: bool
) -> None:
    Receiver.status = status
    parameters = json.loads(EXAMPLE.read_bytes()) | {
        "url": f"http://127.0.0.1:{receiver.server_port}/alerts/webhook/zabbix/",
        "token": "canary",
        "event_timestamp": "{EVENT.TIMESTAMP}",
    }
    command = [ZABBIX_JS or "", "-s", str(SCRIPT), "-p", json.dumps(parameters)]
    done = subprocess.run(command, env={"TZ": "Europe/Riga"}, capture_output=True, check=False, text=True)
    ((authorization, body),) = Receiver.posted
    assert (done.returncode == 0) is is_sent, done.stderr
    assert "canary" not in done.stdout + done.stderr + body.decode()
    assert authorization == "Bearer canary"
    (alert,) = Driver().parse(json.loads(body)).alerts
    assert iso(alert.starts_at) == "2026-03-02T09:02:17Z"


def test_each_parameter_of_the_example_script_is_read() -> None:
    script = SCRIPT.read_text()
    parameters = dict(re.findall(r"^//   (\w+) +(\{[A-Z0-9.$]+\})", script, re.MULTILINE))
    assert {"event_id", "event_value", "event_name", "host_name", "trigger_id", "zabbix_url"} <= set(parameters)
    example = json.loads(EXAMPLE.read_bytes())
    assert set(parameters) | {"event_timestamp", "event_recovery_timestamp"} == set(example)
    assert Driver().parse(parameters).ignored
