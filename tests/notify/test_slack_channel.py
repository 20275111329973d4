from __future__ import annotations

import json
import re
import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from srvmaint.errors import PermanentError, TransientError
from srvmaint.model import Message
from srvmaint.net.http import Client
from srvmaint.notify import Tools
from srvmaint.notify.slack import MAX_BLOCKS, MAX_HEADER, MAX_SECTION, MAX_TEXT, Config, Driver, mrkdwn
from srvmaint.settings import Secret
from tests.notify.messages import TRACE, alert, hostile, long, message, storm
from tests.sink import Answer, Sink


@pytest.fixture
async def tools() -> AsyncIterator[Tools]:
    client = Client()
    yield Tools(client, sys.stdout)
    await client.close()


async def posted(tools: Tools, sent: Message) -> dict[str, Any]:
    async with Sink() as sink:
        await Driver(Config(Secret(f"{sink.url}/services/T0/B0/x")), tools).send(sent, "key-1")
    (request,) = sink.requests
    assert request.headers["Content-Type"] == "application/json"
    body: dict[str, Any] = json.loads(request.body)
    return body


def sections(body: dict[str, Any]) -> list[str]:
    return [block["text"]["text"] for block in body["blocks"] if block["type"] == "section"]


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


async def test_the_headline_is_the_header_and_the_notification(tools: Tools) -> None:
    body = await posted(tools, message())
    header = body["blocks"][0]
    assert header["type"] == "header"
    assert header["text"] == {"type": "plain_text", "text": message().headline, "emoji": False}
    assert body["text"].startswith(f"{message().headline}\nFilesystem /var on db1")


async def test_evidence_actions_and_links_are_sections_of_their_own(tools: Tools) -> None:
    what, evidence, actions, links = sections(await posted(tools, message()))
    assert what.endswith("Firing since 2025-10-09 08:41 UTC (12 min).")
    assert "• *CRITICAL* disk: /var is 96.1 % full" in evidence
    assert "\n      ` 9.8 GB  /var/log/journal`\n" in evidence
    assert actions.startswith("*What to do*\n1. Find out why")
    assert links == (
        "<https://srvmaint.example.com/incidents/01j9qf3m8vbn4k2x/|Incident>"
        " · <https://wiki.example.com/runbooks/disk?host=db1&amp;page=2|Runbook>"
        " · <https://prometheus.example.com/graph?g0.expr=node_filesystem_avail_bytes+%3C+5|Source>"
    )


async def test_the_trace_is_the_small_print(tools: Tools) -> None:
    body = await posted(tools, message())
    assert body["blocks"][-1]["type"] == "context"
    assert body["blocks"][-1]["elements"][0]["text"] == f"Analysis: local rules\ntrace {TRACE}"


@pytest.mark.parametrize("sent", [message, storm, hostile, long])
async def test_every_message_keeps_to_slacks_limits(tools: Tools, sent: Any) -> None:
    body = await posted(tools, sent())
    assert len(body["blocks"]) <= MAX_BLOCKS
    assert units(body["text"]) <= MAX_TEXT
    assert units(body["blocks"][0]["text"]["text"]) <= MAX_HEADER
    assert all(0 < units(text) <= MAX_SECTION for text in sections(body))
    assert body["blocks"][-1]["elements"][0]["text"].endswith(f"trace {TRACE}")


@pytest.mark.parametrize("sent", [hostile, long])
async def test_text_from_a_payload_is_data(tools: Tools, sent: Any) -> None:
    body = await posted(tools, sent())
    for text in [body["text"], *sections(body)]:
        links = re.findall(r"<(https?://[^<>|\s]+)\|[^<>|\n]+>", text)
        assert text.count("<") == text.count(">") == len(links)
        assert re.sub(r"&(amp|lt|gt);", "", text).count("&") == 0
        assert "```" not in text
        assert "<!" not in text
        assert "@here" not in re.sub("`[^`\n]*`", "", text).replace("`", "")
    assert all(block["text"]["verbatim"] for block in body["blocks"] if block["type"] == "section")


async def test_a_link_cannot_break_out_of_its_brackets(tools: Tools) -> None:
    url = "https://e.example/a|b><!channel> c?q=1&r=2"
    body = await posted(tools, message(alerts=(alert(generator_url=url, annotations={}),), links={}))
    assert sections(body)[-1] == "<https://e.example/a%7Cb%3E%3C!channel%3E%20c?q=1&amp;r=2|Source>"


async def test_what_is_no_web_address_is_shown_and_not_linked(tools: Tools) -> None:
    body = await posted(tools, message(alerts=(alert(annotations={"runbook_url": "javascript:alert(1)"}),), links={}))
    assert sections(body)[-1].startswith("Runbook: javascript:alert(1) · <https://prometheus")


async def test_a_title_too_long_for_the_header_is_complete_below_it(tools: Tools) -> None:
    title = "a rather long title " * 10
    body = await posted(tools, message(title=title))
    assert body["blocks"][0]["text"]["text"].endswith("… · db1 · confirmed")
    assert sections(body)[0] == f"[CRITICAL] {title.strip()} · db1 · confirmed"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a < b & c > d", "a &lt; b &amp; c &gt; d"),
        ("<!channel>", "&lt;!channel&gt;"),
        ("@here ops@example.com", "@\u200bhere ops@example.com"),
        ("node_cpu_seconds_total", "node_cpu_seconds_total"),
        ("*bold* and _it_ and ~no~", "*\u200bbold* and _\u200bit_ and ~\u200bno~"),
        ("2 * 3 * 4", "2 * 3 * 4"),
        ("[text](https://e.example)", "[text]\u200b(https://e.example)"),
        ("```", "'''"),
    ],
)
def test_payload_text_neither_formats_nor_mentions(text: str, shown: str) -> None:
    assert mrkdwn(text) == shown


@settings(max_examples=50)
@given(st.text(max_size=80))
def test_escaped_text_has_no_bracket_of_its_own(text: str) -> None:
    assert not set(mrkdwn(text)) & {"<", ">"}


@pytest.mark.parametrize(
    ("status", "said", "kind"),
    [
        (400, "invalid_payload", PermanentError),
        (403, "action_prohibited", PermanentError),
        (404, "channel_not_found", PermanentError),
        (404, "no_service", PermanentError),
        (410, "channel_is_archived", PermanentError),
        (429, "rate_limited", TransientError),
        (500, "rollup_error", TransientError),
    ],
)
async def test_slacks_own_words_are_in_the_error(tools: Tools, status: int, said: str, kind: type[Exception]) -> None:
    async with Sink(Answer(status, body=said.encode())) as sink:
        with pytest.raises(kind, match=rf"/…: the answer was {status}: {said}$"):
            await Driver(Config(Secret(f"{sink.url}/services/T0/B0/x")), tools).send(message(), "key-1")
