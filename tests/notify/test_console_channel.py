from __future__ import annotations

import errno
import io

import pytest

from srvmaint.errors import PermanentError, TransientError
from srvmaint.net.http import Client
from srvmaint.notify import Tools
from srvmaint.notify.console import Config, Driver
from tests.notify.messages import hostile, message


class Terminal(io.StringIO):
    """A terminal that counts what it is given and fails when it is told to."""

    def __init__(self, *, tty: bool = True, error: int = 0, encoding: str = "utf-8") -> None:
        super().__init__()
        self._tty = tty
        self._error = error
        self._encoding = encoding
        self.writes: list[str] = []

    @property
    def encoding(self) -> str:  # type: ignore[override]  # read-only here, a writable attribute in typeshed
        """What it can show."""
        return self._encoding

    def isatty(self) -> bool:
        """Whether a person is looking."""
        return self._tty

    def write(self, text: str) -> int:
        """Keep the text, or fail."""
        if self._error:
            raise OSError(self._error, "no")
        text.encode(self._encoding)
        self.writes.append(text)
        return len(text)


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")


def driver(terminal: Terminal) -> Driver:
    return Driver(Config(), Tools(Client(), terminal))


async def test_a_message_is_one_write_that_ends_with_a_blank_line() -> None:
    terminal = Terminal(tty=False)
    await driver(terminal).send(message(), "key")
    (text,) = terminal.writes
    assert text.startswith(f"{message().headline}\n")
    assert text.endswith("0e4736\n\n")


async def test_a_terminal_shows_the_headline_in_the_colour_of_its_severity() -> None:
    terminal = Terminal()
    await driver(terminal).send(message(), "key")
    await driver(terminal).send(message(status="resolved"), "key")
    assert terminal.writes[0].startswith(f"\x1b[1;31m{message().headline}\x1b[0m\nFilesystem")
    assert terminal.writes[1].startswith("\x1b[1;32m[RESOLVED]")
    assert terminal.writes[0].count("\x1b") == 2


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
async def test_there_is_no_colour_for_those_who_do_not_want_it(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    terminal = Terminal()
    await driver(terminal).send(message(), "key")
    assert "\x1b" not in terminal.writes[0]


async def test_a_pipe_gets_no_colour() -> None:
    terminal = Terminal(tty=False)
    await driver(terminal).send(message(), "key")
    assert "\x1b" not in terminal.writes[0]


async def test_text_from_a_payload_cannot_command_the_terminal() -> None:
    terminal = Terminal()
    await driver(terminal).send(hostile(), "key")
    (text,) = terminal.writes
    assert text.count("\x1b") == 2
    assert not set(text) & {"\x07", "\x9b", "\r", "\u202e"}


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp437"])
async def test_a_terminal_that_knows_few_characters_still_shows_the_message(encoding: str) -> None:
    terminal = Terminal(encoding=encoding)
    await driver(terminal).send(message(title="Größe 日本"), "key")
    assert "[CRITICAL] Gr" in terminal.writes[0]
    assert "\\u65e5" in terminal.writes[0]
    assert "confirmed" in terminal.writes[0]


@pytest.mark.parametrize("number", [errno.EPIPE, errno.EIO, errno.EBADF])
async def test_a_terminal_that_is_gone_is_not_tried_again(number: int) -> None:
    with pytest.raises(PermanentError, match="cannot write to the terminal"):
        await driver(Terminal(error=number)).send(message(), "key")


async def test_a_full_disk_behind_a_redirection_is_tried_again() -> None:
    with pytest.raises(TransientError, match="cannot write to the terminal"):
        await driver(Terminal(error=errno.ENOSPC)).send(message(), "key")


async def test_a_closed_terminal_is_an_error_and_no_crash() -> None:
    stream = io.StringIO()
    stream.close()
    with pytest.raises(PermanentError, match="closed"):
        await Driver(Config(), Tools(Client(), stream)).send(message(), "key")
