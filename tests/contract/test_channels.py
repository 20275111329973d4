"""One suite for every channel driver that exists: what the outbox relies on, whatever the wire."""

from __future__ import annotations

import asyncio
import io
import traceback
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, Protocol

import pytest

from srvmaint import registry
from srvmaint.errors import PermanentError, StepError, TransientError
from srvmaint.net.http import Client
from srvmaint.notify import PACKAGE, Driver, Receipt, Tools
from srvmaint.settings import Decoder, Secret, Setting, describe
from tests.fakes import FakeClock
from tests.notify.messages import hostile, long, message, storm
from tests.sink import Answer, Sink, hang

KEY = "01j9qf3m8vbn4k2z"
CANARY = "c4n4ry-in-the-coal-mine"
DRIVERS = registry.names(PACKAGE)
WRONG: list[object] = [None, True, 0, -1, 1e999, float("nan"), "", "\x00", "x" * 10_000, [], [1], {}, {"a": 1}, b"raw"]


class Options(Protocol):
    """A driver's settings, once decoded."""


@dataclass
class Bench:
    """What a test needs to make any driver talk to `sink`."""

    sink: Sink
    tools: Tools
    terminal: io.StringIO = field(default_factory=io.StringIO)

    def table(self, name: str, url: str | None = None) -> dict[str, object]:
        """Settings that suffice, every secret a canary, every URL the sink's with a canary in its path and query."""
        module = registry.load(PACKAGE, name)
        base = url or f"{self.sink.url}/hooks/{CANARY}?token={CANARY}"
        return {item.name: sample(item, base) for item in describe(module.Config) if item.required or item.secret}

    def driver(self, name: str, url: str | None = None) -> Driver:
        """The driver as the composition root makes it."""
        config, problems = decode(name, self.table(name, url))
        assert problems == []
        driver: Driver = registry.load(PACKAGE, name).Driver(config, self.tools)
        return driver


def sample(item: Setting, url: str) -> object:
    if item.name.endswith("_url"):
        return url
    if item.type_name == "table":
        return {"Authorization": f"Bearer {CANARY}"}
    assert item.type_name in {"secret", "string"}, f"the suite has no sample for {item.name}: add one"
    return CANARY


def decode(name: str, table: object) -> tuple[Options | None, list[str]]:
    decoder = Decoder(read_secret)
    config = decoder.section(registry.load(PACKAGE, name).Config, table, "channels[0]")
    return config, [str(problem) for problem in decoder.problems]


def read_secret(raw: object) -> Secret:
    if not isinstance(raw, str):
        raise ValueError("must be a secret")  # noqa: TRY004 - the reader's protocol says ValueError
    return Secret(raw)


def uses_http(name: str) -> bool:
    return any(item.name.endswith("_url") for item in describe(registry.load(PACKAGE, name).Config))


every_driver = pytest.mark.parametrize("name", DRIVERS)
every_http_driver = pytest.mark.parametrize("name", [name for name in DRIVERS if uses_http(name)])


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    client = Client(FakeClock())
    terminal = io.StringIO()
    async with Sink() as sink:
        yield Bench(sink, Tools(client, terminal, FakeClock()), terminal)
        await client.close()


async def failure(driver: Driver) -> StepError:
    with pytest.raises(StepError) as caught:
        await driver.send(message(), KEY)
    assert CANARY not in "".join(traceback.format_exception(caught.value))
    assert CANARY not in f"{caught.value!r}{caught.value.args}"
    return caught.value


def test_there_are_drivers_to_test() -> None:
    assert {"console", "generic", "slack"} <= set(DRIVERS)


@every_driver
def test_every_setting_explains_itself(name: str) -> None:
    for item in describe(registry.load(PACKAGE, name).Config):
        assert item.help
        assert not item.required or item.example is not None


@every_driver
async def test_a_setting_of_the_wrong_kind_is_a_problem_with_its_place_and_never_a_crash(
    name: str, bench: Bench
) -> None:
    good = bench.table(name)
    for item in describe(registry.load(PACKAGE, name).Config):
        for wrong in WRONG:
            config, problems = decode(name, {**good, item.name: wrong})
            assert all(problem.startswith("channels[0]") for problem in problems)
            assert (config is None) == bool(problems)
            assert CANARY not in "".join(problems)


@every_driver
async def test_a_missing_required_setting_is_named(name: str, bench: Bench) -> None:
    for missing in bench.table(name):
        item = next(item for item in describe(registry.load(PACKAGE, name).Config) if item.name == missing)
        _, problems = decode(name, {key: value for key, value in bench.table(name).items() if key != missing})
        assert any(missing in problem for problem in problems) == item.required


@every_http_driver
@pytest.mark.parametrize("url", ["ftp://host/x", "host/x", "https://", "http://host:99999", "http://host/\n"])
async def test_a_url_that_is_none_is_a_problem_of_the_configuration(name: str, url: str, bench: Bench) -> None:
    config, problems = decode(name, bench.table(name, url))
    assert config is None
    assert any("_url" in problem for problem in problems)


@every_driver
@pytest.mark.parametrize("sent", [message, storm, hostile, long])
async def test_any_message_is_delivered_however_long_or_odd(name: str, sent: Any, bench: Bench) -> None:
    assert isinstance(await bench.driver(name).send(sent(), KEY), Receipt)
    if uses_http(name):
        (request,) = bench.sink.requests
        assert "\x1b[" not in request.body.decode("utf-8")
    else:
        assert "\x1b[" not in bench.terminal.getvalue()


@every_http_driver
@pytest.mark.parametrize("status", [200, 201, 202, 204])
async def test_2xx_means_delivered(name: str, status: int, bench: Bench) -> None:
    bench.sink.always = Answer(status, body=b"")
    assert isinstance(await bench.driver(name).send(message(), KEY), Receipt)
    assert len(bench.sink.requests) == 1


@every_http_driver
@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
async def test_what_may_pass_is_transient_and_says_when_to_come_back(name: str, status: int, bench: Bench) -> None:
    bench.sink.always = Answer(status, {"Retry-After": "77"}, echo=True)
    error = await failure(bench.driver(name))
    assert isinstance(error, TransientError)
    assert error.retry_after == 77.0
    assert str(status) in str(error)
    assert len(bench.sink.requests) == 1


@every_http_driver
@pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 401, 403, 404, 405, 410, 413, 422])
async def test_what_does_not_pass_is_permanent_and_redirects_are_not_followed(
    name: str, status: int, bench: Bench
) -> None:
    bench.sink.always = Answer(status, echo=True)
    error = await failure(bench.driver(name))
    assert isinstance(error, PermanentError)
    assert str(status) in str(error)
    assert len(bench.sink.requests) == 1


@every_http_driver
async def test_a_receiver_that_is_not_there_is_transient(name: str, bench: Bench) -> None:
    driver = bench.driver(name)
    await bench.sink.stop()
    assert isinstance(await failure(driver), TransientError)


@every_http_driver
async def test_an_answer_that_breaks_off_is_transient(name: str, bench: Bench) -> None:
    bench.sink.always = Answer(broken=True)
    assert isinstance(await failure(bench.driver(name)), TransientError)


@every_http_driver
async def test_tls_that_fails_is_transient(name: str, bench: Bench) -> None:
    url = bench.sink.url.replace("http:", "https:")
    assert isinstance(await failure(bench.driver(name, f"{url}/{CANARY}")), TransientError)


@every_http_driver
async def test_cancelling_leaves_nothing_behind(name: str, bench: Bench) -> None:
    bench.sink.answers.append(hang())
    driver = bench.driver(name)
    before = asyncio.all_tasks()
    task = asyncio.create_task(driver.send(message(), KEY))
    await bench.sink.received()
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    await bench.sink.left.wait()
    ours = {other for other in asyncio.all_tasks() - before if "RequestHandler" not in repr(other.get_coro())}
    assert ours == set()
    assert isinstance(await driver.send(message(), KEY), Receipt)


@every_http_driver
async def test_every_attempt_carries_the_same_idempotency_key(name: str, bench: Bench) -> None:
    bench.sink.answers.append(Answer(503))
    driver = bench.driver(name)
    await failure(driver)
    await driver.send(message(), KEY)
    assert [request.headers["Idempotency-Key"] for request in bench.sink.requests] == [KEY, KEY]


@every_http_driver
async def test_many_messages_at_once_arrive_each_once(name: str, bench: Bench) -> None:
    driver = bench.driver(name)
    await asyncio.gather(*(driver.send(message(), f"{KEY}{number}") for number in range(50)))
    assert {request.headers["Idempotency-Key"] for request in bench.sink.requests} == {f"{KEY}{n}" for n in range(50)}
    assert len(bench.sink.requests) == 50


@every_driver
async def test_a_configured_driver_does_not_show_its_secrets(name: str, bench: Bench) -> None:
    config, _ = decode(name, {**bench.table(name), **({"endpoint_url": "http://host/"} if name == "generic" else {})})
    assert CANARY not in repr(config)
