"""`/orchestration/`: runs and definitions."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from aiohttp import web

from srvmaint import shapes
from srvmaint.clock import is_trace_id
from srvmaint.config.definitions import known_names
from srvmaint.errors import NotFoundError, PayloadError, UsageError
from srvmaint.model import Run
from srvmaint.pipeline import definition
from srvmaint.pipeline.intake import Offer, read_body
from srvmaint.services import Services
from srvmaint.store import pages
from srvmaint.store.records import Accepted, Origin
from srvmaint.web.answers import SERVICES, answer, flag, listed, writable
from srvmaint.web.bodies import ABSENT, KeptError, flag_of, json_object, json_value, text_of
from srvmaint.web.hooks import accepted_shape, trace_of

LONGEST_WAIT: Final = 600.0
_KEYS: Final = ("payload", "source", "driver", "trace_id", "environment", "pipeline", "checks_only")


async def queue(request: web.Request) -> web.Response:
    """POST /orchestration/pipeline/: take a payload in and execute a pipeline for it, changed or not."""
    _, shape = await _enter(request, await json_object(request), None)
    return answer(shape, 202)


async def execute_and_wait(request: web.Request) -> web.Response:
    """POST /orchestration/pipeline/sync/: the same, answered when the run has ended."""
    seconds = _timeout(request)
    accepted, shape = await _enter(request, await json_object(request), None)
    return await _wait(request.app[SERVICES], accepted, shape, seconds)


async def index(request: web.Request) -> web.Response:
    """GET /orchestration/pipelines/: the runs."""
    page = await listed(request, "runs")
    return answer({"items": [shapes.run(found) for found in page.items], "next": page.next})


async def show(request: web.Request) -> web.Response:
    """GET /orchestration/pipeline/<run_id>/."""
    return answer(shapes.run(*await pages.run(request.app[SERVICES].store.reader, request.match_info["run_id"])))


async def resume(request: web.Request) -> web.Response:
    """POST /orchestration/pipeline/<run_id>/resume/."""
    services = writable(request)
    run = await services.store.resume_run(request.match_info["run_id"], services.clock.now())
    services.workers.wake()
    services.outbox.wake()
    return answer({"status": "queued", "run_id": run.id, "trace_id": run.trace_id, "state": run.state}, 202)


async def definitions(request: web.Request) -> web.Response:
    """GET /orchestration/definitions/."""
    services = request.app[SERVICES]
    return answer(
        {"items": [_definition_shape(services, name) for name in services.current.plan.definitions], "next": None}
    )


async def definition_show(request: web.Request) -> web.Response:
    """GET /orchestration/definitions/<name>/."""
    return answer(_definition_shape(request.app[SERVICES], _name(request)))


async def validate(request: web.Request) -> web.Response:
    """POST /orchestration/definitions/<name>/validate/: the definition of that name, or the one in the body."""
    services = request.app[SERVICES]
    body = await json_value(request)
    if body is ABSENT:
        body = msgspec.to_builtins(services.current.plan.definitions[_name(request)].as_json(), builtin_types=())
    known = known_names(services.config)
    _, problems = definition.parse(body, name=request.match_info["name"], where="", known=known)
    found = [{"path": problem.path, "message": problem.message} for problem in problems]
    return answer({"valid": not found, "problems": found})


async def execute(request: web.Request) -> web.Response:
    """POST /orchestration/definitions/<name>/execute/ (`?sync=1` waits)."""
    name = _name(request)
    seconds, waits = _timeout(request), flag(request, "sync")
    accepted, shape = await _enter(request, await json_object(request), name)
    if waits:
        return await _wait(request.app[SERVICES], accepted, shape, seconds)
    return answer(shape, 202)


async def _enter(request: web.Request, body: dict[str, Any], pipeline: str | None) -> tuple[Accepted, dict[str, Any]]:
    services = request.app[SERVICES]
    for key in body:
        if key not in _KEYS:
            raise UsageError(f"unknown key {key!r}: there is {', '.join(_KEYS)}.")
    if flag_of(body, "checks_only"):
        pipeline = definition.CHECKS_ONLY
    pipeline = pipeline or text_of(body, "pipeline")
    trace_id = _trace_id(body) or trace_of(request.headers) or services.clock.new_trace_id()
    if "payload" not in body:
        return await _enter_alone(services, body, pipeline, trace_id)
    raw = msgspec.json.encode(body["payload"])
    try:
        name, parsed = read_body(services.current.plan, raw, text_of(body, "driver"))
    except PayloadError as error:
        rejected_id = await services.intake.reject(error, raw, {}, text_of(body, "driver"), trace_id)
        raise KeptError(error, rejected_id, trace_id) from error
    environment = text_of(body, "environment", "production") or "production"
    offer = Offer(
        parsed, raw, name, "api", trace_id, environment, pipeline, requested=True, source=text_of(body, "source")
    )
    accepted = await services.intake.accept(offer)
    errors = [{"index": bad.index, "message": bad.message} for bad in parsed.errors]
    shape = accepted_shape(accepted, name, trace_id, len(parsed.alerts), errors)
    return accepted, {**shape, "status": "queued", "run_id": accepted.runs[0].run_id}


async def _enter_alone(
    services: Services, body: dict[str, Any], pipeline: str | None, trace_id: str
) -> tuple[Accepted, dict[str, Any]]:
    """A run without an alert: only a pipeline that is named can be executed so."""
    if pipeline is None:
        raise UsageError("the body needs a `payload`, the alert as its sender would post it, or a `pipeline`.")
    source = text_of(body, "source", "api") or "api"
    environment = text_of(body, "environment", "production") or "production"
    accepted = await services.intake.stand_alone(pipeline, Origin(trace_id, source, environment))
    run = accepted.runs[0]
    shape = {"run_id": run.run_id, "incident_id": None, "pipeline": run.pipeline, "coalesced": False}
    return accepted, {"status": "queued", "trace_id": trace_id, "run_id": run.run_id, "runs": [shape]}


async def _wait(services: Services, accepted: Accepted, shape: dict[str, Any], seconds: float) -> web.Response:
    run_id = accepted.runs[0].run_id
    run: Run = await services.watch.end_of(run_id, seconds)
    if run.finished_at is None:
        return answer({**shape, "state": run.state}, 202)
    return answer(shapes.run(*await pages.run(services.store.reader, run_id)))


def _trace_id(body: dict[str, Any]) -> str | None:
    trace_id = text_of(body, "trace_id")
    if trace_id is None:
        return None
    if not is_trace_id(trace_id):
        raise UsageError("trace_id must be 32 lower-case hex digits.")
    return trace_id


def _timeout(request: web.Request) -> float:
    text = request.query.get("timeout", "60")
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= LONGEST_WAIT:
        raise UsageError(f"timeout must be a number of seconds from 0 to {LONGEST_WAIT:g}.")
    return seconds


def _name(request: web.Request) -> str:
    name = request.match_info["name"]
    if name not in request.app[SERVICES].current.plan.definitions:
        raise NotFoundError(f"there is no definition {name!r}")
    return name


def _definition_shape(services: Services, name: str) -> dict[str, Any]:
    plan = services.current.plan
    used_by = [route.name for route in plan.routes if plan.definitions[name] is route.definition]
    about = {"name": name, "channels": plan.pipelines[name].channels, "pipelines": used_by}
    return {**plan.definitions[name].as_json(), **about}


ROUTES = (
    ("POST", "/orchestration/pipeline/", queue),
    ("POST", "/orchestration/pipeline/sync/", execute_and_wait),
    ("GET", "/orchestration/pipelines/", index),
    ("GET", "/orchestration/pipeline/{run_id}/", show),
    ("POST", "/orchestration/pipeline/{run_id}/resume/", resume),
    ("GET", "/orchestration/definitions/", definitions),
    ("GET", "/orchestration/definitions/{name}/", definition_show),
    ("POST", "/orchestration/definitions/{name}/validate/", validate),
    ("POST", "/orchestration/definitions/{name}/execute/", execute),
)
