from __future__ import annotations

from pathlib import Path

import pytest

from srvmaint.config.load import find, load
from srvmaint.errors import ConfigError
from tests.config.written import as_a_user, problems, write


def put(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "srvmaint.toml"
    path.write_text("")
    return path


def test_the_first_file_of_the_search_order_is_used(tmp_path: Path) -> None:
    environ = {
        "SRVMAINT_CONFIG": str(put(tmp_path / "variable")),
        "CONFIGURATION_DIRECTORY": f"{tmp_path / 'nothing'}:{tmp_path / 'systemd'}",
        "XDG_CONFIG_HOME": str(tmp_path / "xdg"),
        "HOME": str(tmp_path / "home"),
    }
    option, cwd = put(tmp_path / "option"), tmp_path / "cwd"
    order = [
        Path(environ["SRVMAINT_CONFIG"]),
        put(tmp_path / "systemd"),
        put(cwd),
        put(tmp_path / "xdg" / "srvmaint"),
    ]
    assert find(option, environ, cwd) == option
    assert find(None, environ, cwd) == order[0]
    del environ["SRVMAINT_CONFIG"]
    for place, path in enumerate(order[1:], 1):
        assert find(None, environ, cwd) == path
        order[place].unlink()
    assert find(None, environ, cwd) is None


def test_a_relative_xdg_folder_is_ignored_and_the_home_takes_its_place(tmp_path: Path) -> None:
    path = put(tmp_path / ".config" / "srvmaint")
    assert find(None, {"XDG_CONFIG_HOME": "relative", "HOME": str(tmp_path)}, tmp_path / "cwd") == path
    assert find(None, {"HOME": "relative"}, tmp_path) is None


def test_a_relative_name_is_relative_to_the_working_directory(tmp_path: Path) -> None:
    put(tmp_path)
    assert load(Path("srvmaint.toml"), {"HOME": "/"}, tmp_path).path == tmp_path / "srvmaint.toml"


@pytest.mark.parametrize("origin", ["--config", "SRVMAINT_CONFIG"])
def test_a_file_asked_for_by_name_must_be_there(tmp_path: Path, origin: str) -> None:
    absent = tmp_path / "absent.toml"
    put(tmp_path)
    option, environ = (absent, {}) if origin == "--config" else (None, {"SRVMAINT_CONFIG": str(absent)})
    with pytest.raises(ConfigError, match=f"{origin} names it, but there is no such file"):
        load(option, environ, tmp_path)


def test_a_directory_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="it is a directory"):
        load(tmp_path, {}, tmp_path)


def test_a_file_that_is_there_and_cannot_be_read_is_not_passed_over() -> None:
    with as_a_user() as folder:
        put(folder).chmod(0)
        with pytest.raises(ConfigError, match="permission denied"):
            load(None, {"HOME": "/nowhere"}, folder)


def test_a_folder_that_cannot_be_looked_into_is_not_passed_over() -> None:
    with as_a_user() as folder:
        closed = folder / "closed"
        put(closed)
        closed.chmod(0)
        with pytest.raises(ConfigError, match="permission denied on the way"):
            load(None, {"CONFIGURATION_DIRECTORY": str(closed)}, folder)
        closed.chmod(0o700)


@pytest.mark.parametrize(
    ("raw", "line", "text"),
    [
        (b"a = 1\nb = \n", 2, "syntax: Invalid value"),
        (b"a = 1\nb = '\n", 2, "syntax: "),
        (b'a = """\nb', 2, "syntax: "),
        (b"a = 1\nb = '\xff'\n", 2, "encoding: is not UTF-8: byte 0xff"),
        ("a = 1".encode("utf-16"), 1, "encoding: is not UTF-8"),
        (b"a = " + b"[" * 5000, None, "syntax: is nested too deeply"),
        (b"a = " + b"9" * 5000, None, "syntax: holds a number too long"),
        (b"#" * 4_000_001, None, "it is larger than 4 MB"),
    ],
)
def test_what_is_no_toml_is_refused_with_the_line(tmp_path: Path, raw: bytes, line: int | None, text: str) -> None:
    path = write(tmp_path, "")
    path.write_bytes(raw)
    with pytest.raises(ConfigError) as caught:
        load(path, {}, path.parent)
    (problem,) = caught.value.problems
    assert problem.line == line
    assert text in str(problem)
    assert str(path) in str(problem)


def test_a_byte_order_mark_and_windows_line_ends_are_no_trouble(tmp_path: Path) -> None:
    path = write(tmp_path, "")
    path.write_bytes(b'\xef\xbb\xbf[server]\r\nlisten = "localhost:1"\r\nmax_body = "1"\r\n')
    with pytest.raises(ConfigError) as caught:
        load(path, {"HOME": "/"}, path.parent)
    assert [(problem.path, problem.line) for problem in caught.value.problems] == [("server.max_body", 3)]


def test_an_empty_file_is_the_defaults_and_a_warning(tmp_path: Path) -> None:
    config = load(write(tmp_path, "  \n"), {"HOME": "/"})
    assert "is empty" in config.warnings[0]
    assert [channel.name for channel in config.channels] == ["console"]


def test_a_device_such_as_dev_null_asks_for_the_defaults_without_a_warning() -> None:
    assert load(Path("/dev/null"), {"HOME": "/"}).warnings == ()


def test_problems_come_in_the_order_of_the_lines(tmp_path: Path) -> None:
    found = problems(tmp_path, '[storage]\ndurability = "x"\n[server]\nlisten = 5\nfoo = 1\n[servr]\n')
    assert [problem.line for problem in found] == [2, 4, 5, 6]
    assert all(problem.file for problem in found)
