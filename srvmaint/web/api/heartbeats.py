"""`/ping/<slug>`: where jobs say that they began, ended well, or failed. Any client can: `curl -fsS URL` is enough."""

from __future__ import annotations

import re
from typing import Final

from aiohttp import web

from srvmaint.clock import SECOND
from srvmaint.errors import NotFoundError, UsageError
from srvmaint.incidents.heartbeat import OUTPUT_CHARS, Beat
from srvmaint.web import bodies
from srvmaint.web.answers import answer, writable

_WORDS: Final = {"start": (True, 0), "fail": (False, 1)}
_EXIT_CODE: Final = re.compile(r"[0-9]{1,3}", re.ASCII)
_LARGEST_CODE: Final = 255
_DURATION: Final = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?", re.ASCII)


async def ping(request: web.Request) -> web.Response:
    """GET, HEAD or POST /ping/<slug>[/start|/fail|/<exit code>] (`?duration=SECONDS`); a body is the job's output."""
    services = writable(request)
    is_start, code = _word(request.match_info.get("word"))
    beat = Beat(
        slug=request.match_info["slug"],
        at=services.clock.now(),
        is_start=is_start,
        exit_code=code,
        duration_ms=_duration(request.query.get("duration")),
        output=_text(await bodies.read(request)),
    )
    await services.heartbeats.beat(beat)
    return answer({"status": "ok", "heartbeat": beat.slug})


def _word(word: str | None) -> tuple[bool, int]:
    if word is None:
        return False, 0
    if word in _WORDS:
        return _WORDS[word]
    if not _EXIT_CODE.fullmatch(word) or int(word) > _LARGEST_CODE:
        raise NotFoundError(f"there is nothing at /ping/<slug>/{word[:20]}: there is start, fail, or an exit code.")
    return False, int(word)


def _duration(text: str | None) -> int | None:
    if text is None:
        return None
    if not _DURATION.fullmatch(text):
        raise UsageError("duration must be a number of seconds.")
    return round(float(text) * SECOND)


def _text(body: bytes) -> str:
    """The end of what a job has to say; NUL cannot be kept."""
    tail = body[-4 * OUTPUT_CHARS :].decode(errors="replace").replace("\0", "")
    return tail.strip()[-OUTPUT_CHARS:]


ROUTES = (
    ("GET", "/ping/{slug}/", ping),
    ("POST", "/ping/{slug}/", ping),
    ("GET", "/ping/{slug}/{word}/", ping),
    ("POST", "/ping/{slug}/{word}/", ping),
)
