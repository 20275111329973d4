from __future__ import annotations

import hashlib
import hmac
import json
import sys
from collections.abc import AsyncIterator

import pytest

from srvmaint.model import CheckResult, CheckStatus, Metric
from srvmaint.net.http import Client
from srvmaint.notify import Tools
from srvmaint.notify.generic import MAX_BODY, Config, Driver, encode
from srvmaint.settings import Secret
from tests.fakes import START, FakeClock
from tests.notify.messages import TRACE, hostile, long, message
from tests.sink import Sink


@pytest.fixture
async def tools() -> AsyncIterator[Tools]:
    client = Client()
    yield Tools(client, sys.stdout, FakeClock())
    await client.close()


async def test_the_body_is_the_documented_json(tools: Tools) -> None:
    async with Sink() as sink:
        await Driver(Config(endpoint_url=f"{sink.url}/in?x=1"), tools).send(message(), "key-1")
    (request,) = sink.requests
    assert (request.method, request.path) == ("POST", "/in?x=1")
    assert request.headers["Content-Type"] == "application/json"
    assert "X-Srvmaint-Signature" not in request.headers
    body = json.loads(request.body)
    assert body.pop("alerts") == [
        {
            "name": "DiskSpaceLow",
            "status": "firing",
            "severity": "critical",
            "description": "Filesystem /var on db1 has 3.9 % left and fills up in about 2 hours.",
            "labels": {
                "alertname": "DiskSpaceLow",
                "instance": "db1:9100",
                "mountpoint": "/var",
                "job": "node",
                "severity": "critical",
            },
            "annotations": {"runbook_url": "https://wiki.example.com/runbooks/disk?host=db1&page=2"},
            "starts_at": "2025-10-09T08:41:20Z",
            "ends_at": None,
            "source": "alertmanager",
            "fingerprint": "9c1f7a3be0d24411",
            "generator_url": "https://prometheus.example.com/graph?g0.expr=node_filesystem_avail_bytes+%3C+5",
        }
    ]
    evidence = body.pop("evidence")
    assert [result["id"] for result in evidence] == ["check-cpu", "check-disk", "check-memory"]
    assert evidence[0] == {
        "id": "check-cpu",
        "checker": "cpu",
        "status": "ok",
        "message": "7 % busy",
        "metrics": [{"name": "busy", "value": 7.0, "unit": "%", "warn": 80, "crit": 95}],
        "details": [],
        "at": "2025-10-09T08:53:19.100Z",
    }
    assert body.pop("recommendations")[1] == {
        "type": "disk",
        "priority": "medium",
        "title": "Shrink the journal",
        "description": "",
        "actions": ["journalctl --vacuum-size=1G"],
        "evidence": ["check-disk"],
    }
    assert body == {
        "version": "1",
        "kind": "firing",
        "title": "DiskSpaceLow /var",
        "headline": "[CRITICAL] DiskSpaceLow /var · db1 · confirmed",
        "severity": "critical",
        "status": "open",
        "host": "db1",
        "verdict": "confirmed",
        "verdict_reason": "the disk check is critical here as well",
        "incident_id": "01j9qf3m8vbn4k2x",
        "run_id": "01j9qf3m8vbn4k2y",
        "trace_id": TRACE,
        "pipeline": "full",
        "reason": "first",
        "started_at": "2025-10-09T08:41:20Z",
        "resolved_at": None,
        "sent_at": "2025-10-09T08:53:20Z",
        "alerts_total": 1,
        "evidence_host": "db1",
        "analysis": "local rules",
        "links": {"incident": "https://srvmaint.example.com/incidents/01j9qf3m8vbn4k2x/"},
        "truncated": False,
    }


async def test_method_and_headers_are_the_operators(tools: Tools) -> None:
    headers = {"Authorization": Secret("Bearer t0ken"), "content-type": Secret("application/vnd.x+json")}
    async with Sink() as sink:
        config = Config(endpoint_url=sink.url, method="PUT", headers=headers)
        await Driver(config, tools).send(message(), "key-1")
    (request,) = sink.requests
    assert request.method == "PUT"
    assert request.headers["Authorization"] == "Bearer t0ken"
    assert request.headers["Content-Type"] == "application/vnd.x+json"
    assert request.headers["Idempotency-Key"] == "key-1"


async def test_a_signed_body_can_be_checked_as_documented(tools: Tools) -> None:
    async with Sink() as sink:
        await Driver(Config(endpoint_url=sink.url, signing_secret=Secret("s3cr3t")), tools).send(message(), "key-1")
    (request,) = sink.requests
    digest = hmac.new(b"s3cr3t", b"%d." % (START // 1000) + request.body, hashlib.sha256).hexdigest()
    assert request.headers["X-Srvmaint-Signature"] == f"t={START // 1000},v1={digest}"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("Host", "x", "is set by srvmaint itself"),
        ("idempotency-key", "x", "is set by srvmaint itself"),
        ("X Y", "x", "cannot be the name of a header"),
        ("X-A", "s3cr3t\nX-B: 1", "a character that a header cannot carry"),
    ],
)
def test_a_header_that_cannot_be_sent_is_a_problem_of_the_configuration(name: str, value: str, said: str) -> None:
    (problem,) = Config(endpoint_url="http://host/", headers={name: Secret(value)}).problems()
    assert said in problem
    assert "s3cr3t" not in problem


def test_a_body_too_big_for_an_ordinary_server_is_shortened_and_says_so() -> None:
    body = encode(long())
    assert len(body) <= MAX_BODY
    content = json.loads(body)
    assert content["truncated"] is True
    assert content["title"].endswith("…")
    assert len(content["alerts"]) == 20
    assert content["trace_id"] == TRACE


def test_half_a_character_does_not_stop_the_rest() -> None:
    content = json.loads(encode(hostile()))
    assert "?half" in content["title"]
    assert content["truncated"] is False


def test_a_number_that_json_does_not_know_is_null() -> None:
    odd = CheckResult("cpu", CheckStatus.UNKNOWN, "?", (Metric("busy", float("nan")),))
    (result,) = json.loads(encode(message(evidence=(odd,))))["evidence"]
    assert result["metrics"][0]["value"] is None
    assert result["at"] is None
