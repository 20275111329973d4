from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from srvmaint import registry
from srvmaint.checkers import PACKAGE
from srvmaint.config.host import load_host
from srvmaint.errors import ConfigError
from tests.config.written import as_a_user, write

FORBIDDEN = ("asyncio", "aiohttp", "jinja2", "textual", "sqlite3", "srvmaint.notify", "srvmaint.pipeline")


def test_without_a_file_the_three_checkers_that_need_nothing_are_enabled(tmp_path: Path) -> None:
    config = load_host(None, {"HOME": str(tmp_path)}, tmp_path)
    assert config.checkers.enabled == ("cpu", "memory", "disk")
    assert set(config.checkers.drivers) == {"cpu", "memory", "disk"}
    assert (float(config.checkers.timeout), float(config.checkers.reuse)) == (10, 5)
    assert config.path is None
    assert config.warnings == ()


def test_only_what_is_enabled_or_configured_is_decoded(tmp_path: Path) -> None:
    config = load_host(
        write(tmp_path, '[checkers]\nenabled = ["cpu"]\n[checkers.disk]\npaths = ["/srv"]\n'), {"HOME": "/"}
    )
    assert list(config.checkers.drivers) == ["cpu", "disk"]
    assert config.checkers.drivers["disk"].paths == ("/srv",)


def test_a_mistake_in_the_daemons_sections_does_not_stop_a_check(tmp_path: Path) -> None:
    config = load_host(
        write(tmp_path, '[server]\nlisten = "0.0.0.0:1"\n[[channels]]\ndriver = "nope"\n'), {"HOME": "/"}
    )
    assert config.checkers.enabled


def test_a_mistake_in_a_checker_stops_it_with_every_problem(tmp_path: Path) -> None:
    text = '[checkers]\nenabled = ["cpu", "dsk", "cpu", 5]\ntimeout = "0s"\n[checkers.disk]\nwarnin = 1\n[checkes]\n'
    with pytest.raises(ConfigError) as caught:
        load_host(write(tmp_path, text), {"HOME": "/"})
    found = {problem.path: problem.message for problem in caught.value.problems}
    assert found["checkers.enabled[1]"] == "there is no checker 'dsk': did you mean 'disk'?"
    assert found["checkers.enabled[2]"] == "'cpu' is named twice: remove one"
    assert found["checkers.disk.warnin"] == "unknown key: did you mean 'warning'?"
    assert found["checkes"] == "unknown section: did you mean 'checkers'?"
    assert set(found) >= {"checkers.enabled[3]", "checkers.timeout"}


def test_a_checkers_own_timeout_has_to_fit_into_that_of_all(tmp_path: Path) -> None:
    text = '[checkers]\ntimeout = "4s"\n[checkers.network]\nhosts = ["a"]\ntimeout = "4s"\n'
    with pytest.raises(ConfigError) as caught:
        load_host(write(tmp_path, text), {"HOME": "/"})
    [problem] = caught.value.problems
    assert (problem.path, problem.line) == ("checkers.network.timeout", 5)
    assert problem.message.startswith("(4s) must be below [checkers] timeout (4s)")


@pytest.mark.parametrize("prefix", ["", "SRVMAINT_"])
def test_the_environment_says_which_checkers_to_skip_and_its_variable_is_named(tmp_path: Path, prefix: str) -> None:
    environ = {"HOME": "/", f"{prefix}CHECKERS_SKIP": "cpu, disk,,nope"}
    config = load_host(None, environ, tmp_path)
    assert config.skips.checkers == {"cpu": f"{prefix}CHECKERS_SKIP", "disk": f"{prefix}CHECKERS_SKIP"}
    assert config.warnings == (
        f"{prefix}CHECKERS_SKIP: there is no checker 'nope': there is {', '.join(registry.names(PACKAGE))}.",
    )


@pytest.mark.parametrize(("value", "is_on"), [("1", True), ("TRUE", True), ("0", False), ("", False), ("maybe", False)])
def test_skip_all_means_every_enabled_checker(tmp_path: Path, value: str, is_on: bool) -> None:  # noqa: FBT001 - a parameter of the test
    config = load_host(None, {"HOME": "/", "CHECKERS_SKIP_ALL": value}, tmp_path)
    assert config.skips.checkers == (dict.fromkeys(config.checkers.enabled, "CHECKERS_SKIP_ALL") if is_on else {})
    assert len(config.warnings) == (value == "maybe")


def test_the_database_is_where_systemd_the_file_or_the_home_says(tmp_path: Path) -> None:
    def database(text: str, environ: dict[str, str]) -> Path:
        return load_host(write(tmp_path, text) if text else None, environ, tmp_path / "cwd").storage.database

    assert database("", {"STATE_DIRECTORY": "/run/a:/run/b"}) == Path("/run/a/srvmaint.db")
    assert database('[storage]\npath = "/data"\n', {}) == Path("/data/srvmaint.db")
    assert database('[storage]\npath = "/data/my.db"\n', {}) == Path("/data/my.db")
    assert database('[storage]\npath = "data"\n', {}) == tmp_path / "data" / "srvmaint.db"
    if os.geteuid() == 0:
        assert database("", {"HOME": "/root"}) == Path("/var/lib/srvmaint/srvmaint.db")


def test_the_database_of_a_user_is_in_the_state_folder_of_the_user(tmp_path: Path) -> None:
    load_host(None, {"HOME": "/"}, tmp_path)  # imports the checkers while they can be read

    def database(environ: dict[str, str]) -> Path:
        with as_a_user() as cwd:
            return load_host(None, environ, cwd).storage.database

    assert database({"HOME": "/home/a", "XDG_STATE_HOME": "/s"}) == Path("/s/srvmaint/srvmaint.db")
    assert database({"HOME": "/home/a", "XDG_STATE_HOME": "s"}) == Path("/home/a/.local/state/srvmaint/srvmaint.db")
    with pytest.raises(ConfigError, match=r"neither STATE_DIRECTORY nor HOME is set. Set storage.path."):
        database({})


def test_reading_what_a_check_needs_imports_nothing_of_the_daemon(tmp_path: Path) -> None:
    path = write(
        tmp_path, '[checkers.disk]\npaths = ["/"]\n[[channels]]\nname = "c"\ndriver = "slack"\nwebhook_url = "x"\n'
    )
    program = (
        "import sys; from pathlib import Path; from srvmaint.config.host import load_host\n"
        f"load_host(Path({str(path)!r}), {{'HOME': '/'}})\n"
        f"print([name for name in {FORBIDDEN} if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
