from __future__ import annotations

import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from srvmaint.config._toml import assignments
from srvmaint.config.heartbeats import expected
from srvmaint.config.load import load
from srvmaint.config.schema import ARRAYS, TABLES
from srvmaint.errors import ConfigError
from srvmaint.model import Severity
from srvmaint.pipeline.definition import PRESETS
from srvmaint.settings import describe
from tests.config.written import loaded, problems

CONSOLE = '[[channels]]\nname = "{}"\ndriver = "console"\n'


def messages(folder: Path, text: str) -> dict[str, str]:
    return {problem.path: problem.message for problem in problems(folder, text)}


def test_without_any_file_everything_goes_through_full_to_the_console(tmp_path: Path) -> None:
    config = load(None, {"HOME": str(tmp_path)}, tmp_path)
    (route,) = config.routes
    (channel,) = config.channels
    assert (route.name, route.definition, route.channels) == ("full", PRESETS["full"], ("console",))
    assert (route.group_by, route.match.tests) == (("name", "instance"), ())
    assert (channel.name, channel.driver, channel.min_severity, channel.send_resolved) == (
        "console",
        "console",
        Severity.INFO,
        True,
    )
    assert config.alerts.drivers == tuple(config.alerts.configs)
    assert {"alertmanager", "generic"} <= set(config.alerts.drivers)
    assert list(config.intelligence.configs) == ["local", "openai"]
    assert (config.server.listen.host, config.server.listen.port, config.server.max_body) == (
        "127.0.0.1",
        8425,
        10_000_000,
    )
    assert (config.path, config.warnings) == (None, ())


@pytest.mark.parametrize(
    ("listen", "host", "port", "socket"),
    [
        ("127.0.0.1:0", "127.0.0.1", 0, None),
        ("127.9.8.7:65535", "127.9.8.7", 65535, None),
        ("localhost:80", "localhost", 80, None),
        ("[::1]:8425", "::1", 8425, None),
        ("unix:/run/a b.sock", "", 0, Path("/run/a b.sock")),
    ],
)
def test_the_daemon_listens_on_loopback_or_a_unix_socket(
    tmp_path: Path, listen: str, host: str, port: int, socket: Path | None
) -> None:
    address = loaded(tmp_path, f'[server]\nlisten = "{listen}"\n').server.listen
    assert (address.host, address.port, address.socket) == (host, port, socket)


@pytest.mark.parametrize("listen", ["0.0.0.0:80", "[::]:80", "10.0.0.1:80", "example.org:80", "127.0.0.256:80"])
def test_any_other_address_is_refused_until_requests_carry_tokens_and_the_way_out_is_named(
    tmp_path: Path, listen: str
) -> None:
    text = messages(tmp_path, f'[server]\nlisten = "{listen}"\n')["server.listen"]
    assert "no token in this release" in text
    assert "TLS reverse proxy" in text


@pytest.mark.parametrize(
    "listen",
    ["", "127.0.0.1", ":80", "127.0.0.1:65536", "unix:", "unix:run/x", "::1:80", "unix:/" + "x" * 107, "a b:1"],
)
def test_what_is_no_address_is_refused(tmp_path: Path, listen: str) -> None:
    assert "must be" in messages(tmp_path, f'[server]\nlisten = "{listen}"\n')["server.listen"]


def test_a_public_url_loses_its_closing_slash_and_must_be_one(tmp_path: Path) -> None:
    config = loaded(tmp_path, '[server]\npublic_url = "https://example.org/srv/"\n')
    assert config.server.public_url == "https://example.org/srv"
    assert "must be an address" in messages(tmp_path, '[server]\npublic_url = "example.org"\n')["server.public_url"]


def test_channels_keep_their_order_and_their_drivers_own_settings(tmp_path: Path) -> None:
    text = CONSOLE.format("b") + '[[channels]]\nname = "a"\ndriver = "generic"\nendpoint_url = "http://h/"\n'
    config = loaded(tmp_path, text + 'min_severity = "critical"\nsend_resolved = false\nmethod = "PUT"\n')
    assert [channel.name for channel in config.channels] == ["b", "a"]
    assert (config.channels[1].min_severity, config.channels[1].send_resolved) == (Severity.CRITICAL, False)
    assert (config.channels[1].config.endpoint_url, config.channels[1].config.method) == ("http://h/", "PUT")


def test_every_problem_of_the_channels_is_reported_at_once(tmp_path: Path) -> None:
    text = (
        CONSOLE.format("Ops Slack")
        + CONSOLE.format("ops")
        + CONSOLE.format("ops")
        + '[[channels]]\nname = "s"\ndriver = "slak"\n'
        + '[[channels]]\nname = "t"\ndriver = "generic"\nendpoint = "x"\nmin_severty = "info"\n'
        + "[[channels]]\n"
    )
    found = messages(tmp_path, text)
    assert "lower-case" in found["channels[0].name"]
    assert "channels[1] is called 'ops' as well" in found["channels[2].name"]
    assert "did you mean 'slack'?" in found["channels[3].driver"]
    assert "did you mean 'endpoint_url'?" in found["channels[4].endpoint"]
    assert "did you mean 'min_severity'?" in found["channels[4].min_severty"]
    assert "is required" in found["channels[4].endpoint_url"]
    assert "is required" in found["channels[5].name"]
    assert "is required" in found["channels[5].driver"]
    assert len(found) == 8


@pytest.mark.parametrize("name", ["channels", "pipelines"])
def test_a_table_in_place_of_an_array_of_tables_says_how_to_write_it(tmp_path: Path, name: str) -> None:
    assert messages(tmp_path, f'[{name}]\nname = "a"\n') == {name: f"must be a list of tables: write [[{name}]]"}
    assert messages(tmp_path, f"{name} = [1]\n") == {f"{name}[0]": "must be a table"}


def test_a_pipeline_says_what_matches_what_is_done_and_who_is_told(tmp_path: Path) -> None:
    text = (
        CONSOLE.format("a")
        + CONSOLE.format("b")
        + '[[pipelines]]\nname = "one"\npreset = "direct"\nmatch = { severity = "critical" }\nchannels = ["b"]\n'
        + 'group_by = ["cluster"]\n'
        + '[[pipelines]]\nname = "two"\nversion = "1.0"\n[[pipelines.nodes]]\nid = "look"\ntype = "context"\n'
        + 'config = { include = ["disk"] }\n[[pipelines.nodes]]\nid = "tell"\ntype = "notify"\n'
    )
    config = loaded(tmp_path, text)
    one, two = config.routes
    assert (one.definition, one.channels, one.group_by) == (PRESETS["direct"], ("b",), ("cluster",))
    assert [test.field for test in one.match.tests] == ["severity"]
    assert [node.id for node in two.definition.walk()] == ["look", "tell"]
    assert (two.definition.name, two.channels, two.group_by) == ("two", ("a", "b"), ("name", "instance"))
    assert config.warnings == ()


def test_every_problem_of_the_pipelines_is_reported_at_once(tmp_path: Path) -> None:
    text = (
        CONSOLE.format("ops")
        + '[[pipelines]]\nname = "a"\npreset = "ful"\nchannels = ["opps"]\nmatch = { nam = "x" }\ngroup_by = []\n'
        + '[[pipelines]]\nname = "a"\n'
        + '[[pipelines]]\nname = "c"\npreset = "full"\nversion = "1.0"\n'
        + '[[pipelines]]\nname = "d"\nnodes = [{ id = "x", type = "contxt" }]\nprset = 1\n'
        + '[[pipelines]]\nname = "e"\npreset = "full"\nnodes = []\nmatch = 5\ndefinition = "x"\n'
    )
    found = problems(tmp_path, text)
    by_path = {problem.path: problem.message for problem in found}
    assert "did you mean 'full'?" in by_path["pipelines[0].preset"]
    assert "did you mean 'ops'?" in by_path["pipelines[0].channels[0]"]
    assert "did you mean 'name'?" in by_path["pipelines[0].match.nam"]
    assert "group_by is empty" in by_path["pipelines[0]"]
    assert "must have one of `preset" in by_path["pipelines[1]"]
    assert "called 'a' as well" in by_path["pipelines[1].name"]
    assert "without `nodes`" in by_path["pipelines[2]"]
    assert "did you mean 'context'?" in by_path["pipelines[3].nodes[0].type"]
    assert "unknown key: did you mean 'preset'?" in by_path["pipelines[3].prset"]
    assert "must be a table" in by_path["pipelines[4].match"]
    assert all(problem.line for problem in found)


def test_a_pipeline_may_speak_of_a_broken_channel_without_a_second_complaint(tmp_path: Path) -> None:
    text = (
        '[[channels]]\nname = "ops"\ndriver = "slak"\n[[pipelines]]\nname = "a"\npreset = "full"\nchannels = ["ops"]\n'
    )
    assert list(messages(tmp_path, text)) == ["channels[0].driver"]


def test_a_pipeline_may_speak_of_a_broken_checker_without_a_second_complaint(tmp_path: Path) -> None:
    text = (
        '[checkers.disk]\nwarnin = 1\n[[pipelines]]\nname = "a"\n[[pipelines.nodes]]\nid = "look"\ntype = "context"\n'
    )
    assert list(messages(tmp_path, text + 'config = { include = ["disk"] }\n')) == ["checkers.disk.warnin"]
    (path,) = messages(tmp_path, text.replace("warnin ", "warning ") + 'config = { include = ["dsk"] }\n')
    assert path.startswith("pipelines[0].nodes[0].config.include")


def test_pipelines_without_a_catch_all_are_a_warning(tmp_path: Path) -> None:
    text = '[[pipelines]]\nname = "a"\npreset = "full"\nmatch = { severity = "critical" }\n'
    (warning,) = loaded(tmp_path, text).warnings
    assert "nobody is told" in warning
    assert loaded(tmp_path, text + '[[pipelines]]\nname = "b"\npreset = "full"\n').warnings == ()


def test_alert_drivers_and_grouping_are_checked_at_once(tmp_path: Path) -> None:
    found = messages(
        tmp_path, '[alerts]\ndrivers = ["generic", "alertmanagr"]\ngroup_by = ["all", "name"]\ntoken = 1\n'
    )
    assert "did you mean 'alertmanager'?" in found["alerts.drivers[1]"]
    assert "stands alone" in found["alerts"]
    assert "unknown key" in found["alerts.token"]
    config = loaded(tmp_path, '[alerts]\ndrivers = ["generic"]\ngroup_by = ["cluster"]\n')
    assert (config.alerts.drivers, config.alerts.group_by) == (("generic",), ("cluster",))
    assert config.routes[0].group_by == ("cluster",)


def test_an_unknown_provider_is_named(tmp_path: Path) -> None:
    assert (
        "there is no provider" in messages(tmp_path, '[intelligence]\nprovider = "oracle"\n')["intelligence.provider"]
    )


def test_a_whole_config_has_every_checker_that_needs_no_settings_because_a_pipeline_may_name_it(tmp_path: Path) -> None:
    config = loaded(tmp_path, '[checkers]\nenabled = ["cpu"]\n')
    assert config.checkers.enabled == ("cpu",)
    assert {"cpu", "disk", "memory"} <= set(config.checkers.drivers)


def test_heartbeats_are_jobs_with_a_name_of_their_own(tmp_path: Path) -> None:
    text = '[[heartbeats]]\nslug = "{}"\nevery = "1h"\n'
    config = loaded(tmp_path, text.format("backup") + 'host = "db-1"\n' + text.format("report"))
    assert [(str(each.slug), float(each.every), float(each.grace)) for each in config.heartbeats] == [
        ("backup", 3600.0, 300.0),
        ("report", 3600.0, 300.0),
    ]
    assert [job.host for job in expected(config, "here")] == ["db-1", "here"]
    wrong = text.format("backup") * 2 + '[[heartbeats]]\nslug = "A b"\ngrace = "0s"\n'
    found = messages(tmp_path, wrong)
    assert "is called 'backup' as well: rename one" in found["heartbeats[1].slug"]
    assert "lower-case letters" in found["heartbeats[2].slug"]
    assert "must be at least 1s" in found["heartbeats[2].grace"]
    assert "is required" in found["heartbeats[2].every"]


def test_the_environment_says_which_channels_to_skip(tmp_path: Path) -> None:
    text = CONSOLE.format("a") + CONSOLE.format("b")
    config = loaded(tmp_path, text, {"NOTIFY_SKIP": "b,c", "SRVMAINT_NOTIFY_SKIP": "a"})
    assert config.skips.channels == {"b": "NOTIFY_SKIP", "a": "SRVMAINT_NOTIFY_SKIP"}
    assert config.warnings == ("NOTIFY_SKIP: there is no channel 'c': there is a, b.",)
    config = loaded(tmp_path, text, {"SRVMAINT_NOTIFY_SKIP_ALL": "yes"})
    assert config.skips.channels == dict.fromkeys(["a", "b"], "SRVMAINT_NOTIFY_SKIP_ALL")


KEYS = sorted(
    {*TABLES, *ARRAYS, "cpu", "disk", "generic", "local", "nodes", "id", "type", "config", "next", "label", "a b", ""}
    | {item.name for section in (*TABLES.values(), *ARRAYS.values()) for item in describe(section)}
)
SCALARS = st.one_of(
    st.booleans(),
    st.integers(),
    st.floats(),
    st.sampled_from(
        ["full", "1.0", "console", "slack", "generic", "info", "5s", "10MB", "disk", "re:(", "!x", "", "unix:/"]
    ),
    st.text(alphabet=st.characters(codec="utf-8"), max_size=8),
    st.just({"env": "HOME"}),
)
TREES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=12,
)


@settings(deadline=None, max_examples=200)
@given(st.dictionaries(st.sampled_from(KEYS), TREES, max_size=5))
def test_any_toml_is_a_config_or_a_config_error(table: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as folder, suppress(ConfigError):
        loaded(Path(folder), assignments(table))


@settings(deadline=None, max_examples=100)
@given(st.binary(max_size=60))
def test_any_bytes_are_a_config_or_a_config_error(raw: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder, suppress(ConfigError):
        path = Path(folder) / "srvmaint.toml"
        path.write_bytes(raw)
        load(path, {"HOME": folder}, Path(folder))
