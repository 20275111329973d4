from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from srvmaint.config._secrets import EnvFile, SecretSource, read_env_file
from srvmaint.config.schema import Config
from srvmaint.settings import Secret
from tests.config.written import loaded, problems

CANARY = "s3cr3t-canary"
SLACK = '[[channels]]\nname = "ops"\ndriver = "slack"\nwebhook_url = {}\n'
URL = f"https://hooks.slack.example/{CANARY}"


def webhook(config: Config) -> Secret:
    secret: Secret = config.channels[0].config.webhook_url
    return secret


def test_a_secret_comes_from_the_environment(tmp_path: Path) -> None:
    secret = webhook(loaded(tmp_path, SLACK.format('{ env = "HOOK" }'), {"HOOK": URL}))
    assert (secret.reveal(), secret.origin) == (URL, "env HOOK")


def test_a_secret_comes_from_the_env_file_and_the_real_environment_wins(tmp_path: Path) -> None:
    env_file = tmp_path / "srvmaint.env"
    env_file.write_text(f"HOOK={URL}/file\n")
    env_file.chmod(0o600)
    text = SLACK.format('{ env = "HOOK" }')
    assert webhook(loaded(tmp_path, text)).reveal() == f"{URL}/file"
    assert webhook(loaded(tmp_path, text, {"HOOK": URL})).reveal() == URL


def test_a_secret_comes_from_a_file_without_its_last_line_end(tmp_path: Path) -> None:
    (tmp_path / "hook").write_text(f"{URL}\r\n")
    assert webhook(loaded(tmp_path, SLACK.format('{ file = "hook" }'))).reveal() == URL


def test_a_secret_comes_from_a_systemd_credential(tmp_path: Path) -> None:
    (tmp_path / "hook").write_text(f"{URL}\n")
    config = loaded(tmp_path, SLACK.format('{ credential = "hook" }'), {"CREDENTIALS_DIRECTORY": str(tmp_path)})
    assert webhook(config).reveal() == URL


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ('{ env = "HOOK" }', "the environment variable HOOK is not set: put HOOK=... into"),
        ('{ env = "EMPTY" }', "env EMPTY is empty"),
        (f'{{ env = "{CANARY}" }}', "must name an environment variable"),
        ('{ file = "/nowhere/hook" }', "cannot read the secret file /nowhere/hook: no such file"),
        ('{ file = "." }', "is a directory"),
        ('{ file = "a\\u0000b" }', "no usable path"),
        ('{ credential = "hook" }', "LoadCredential=hook:"),
        ('{ credential = "../hook" }', "not a path"),
        ('""', "is empty"),
        ("5", "must be a string or one of { env"),
        ('{ env = "A", file = "B" }', "must be a string or one of { env"),
        ('{ value = "A" }', "must be a string or one of { env"),
        ("{ env = 5 }", "must be a string or one of { env"),
    ],
)
def test_a_secret_that_is_not_there_is_a_problem_that_says_how_to_set_it(
    tmp_path: Path, written: str, text: str
) -> None:
    (problem,) = problems(tmp_path, SLACK.format(written), {"EMPTY": ""})
    assert (problem.path, problem.line) == ("channels[0].webhook_url", 4)
    assert text in problem.message
    assert CANARY not in str(problem)


def test_a_secret_written_in_clear_is_taken_with_a_warning_when_others_can_read_it(tmp_path: Path) -> None:
    assert loaded(tmp_path, SLACK.format(f'"{URL}"')).warnings == ()
    (warning,) = loaded(tmp_path, SLACK.format(f'"{URL}"'), mode=0o644).warnings
    assert "chmod 600" in warning
    assert CANARY not in warning


def test_an_env_file_that_others_can_read_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / "srvmaint.env").write_text("A=1\n")
    (tmp_path / "srvmaint.env").chmod(0o640)
    (warning,) = loaded(tmp_path, "[server]\n").warnings
    assert "mode 0640" in warning


def test_the_default_env_file_may_be_absent_and_a_named_one_may_not(tmp_path: Path) -> None:
    assert loaded(tmp_path, "[server]\n").warnings == ()
    (problem,) = problems(tmp_path, '[secrets]\nenv_file = "srvmaint.env"\n')
    assert (problem.path, problem.line) == ("secrets.env_file", 2)
    assert "create it with mode 0600" in problem.message
    assert loaded(tmp_path, '[secrets]\nenv_file = ""\n').warnings == ()


def test_a_bad_line_of_the_env_file_is_named_and_not_repeated(tmp_path: Path) -> None:
    (tmp_path / "srvmaint.env").write_text(f'A=1\n{CANARY}\nB="{CANARY}\n')
    found = problems(tmp_path, "[server]\n")
    assert [(problem.line, problem.file) for problem in found] == [
        (2, str(tmp_path / "srvmaint.env")),
        (3, str(tmp_path / "srvmaint.env")),
    ]
    assert CANARY not in "".join(map(str, found))


def test_an_env_file_is_read_as_a_shell_would(tmp_path: Path) -> None:
    path = tmp_path / "env"
    path.write_text(
        '\ufeff# comment\n\nA=plain # remark\nexport B=\'single # \\n\'\nC="double \\" \\n \\$" # remark\n'
        "  D = spaced  \r\nE=\nF=a=b#c\nA=last\nG=# nothing\n",
        encoding="utf-8",
    )
    assert read_env_file(path).values == {
        "A": "last",
        "B": "single # \\n",
        "C": 'double " \n $',
        "D": "spaced",
        "E": "",
        "F": "a=b#c",
        "G": "",
    }


@given(st.binary(max_size=80))
def test_no_env_file_whatever_is_in_it_raises_anything(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.env"
    path.write_bytes(raw)
    env_file = read_env_file(path)
    assert env_file.values is not None or env_file.trouble


@given(st.recursive(st.none() | st.integers() | st.text(), lambda inner: st.dictionaries(st.text(), inner, max_size=2)))
def test_anything_is_a_secret_or_a_value_error(raw: object) -> None:
    with suppress(ValueError):
        assert SecretSource({}, None, EnvFile()).read(raw).reveal()


def test_no_secret_is_in_any_text_about_a_broken_configuration(tmp_path: Path) -> None:
    text = (
        SLACK.format(f'"{URL}"')
        + f'webhok_url = "{CANARY}"\nmin_severity = "{CANARY}"\n[server]\nlisten = "unix:{CANARY}"\n'
        + f'[storage]\ndurability = "{CANARY}"\n[alerts]\ngroup_by = "{CANARY}"\n'
    )
    found = problems(tmp_path, text)
    assert len(found) == 5
    assert CANARY not in "".join(str(problem) for problem in found)
