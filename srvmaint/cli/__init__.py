"""The command line: one command per file, imported only when it is used.

A file's name is the command's name, the first line of its docstring is what `--help` says about it, and `command` in it
is the click command. This module knows no command, and turns whatever a command raises into one line and an exit code.
"""

from __future__ import annotations

import importlib
import os
import re
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, NoReturn

import click

from srvmaint import __version__
from srvmaint.cli._context import Context
from srvmaint.errors import ConfigError, SrvmaintError, UsageError

_SUMMARY: Final = re.compile(r'[rR]?"""(.+?)\.?\s*(?:"""\s*)?')
_FAILED: Final = 1
_WRONG_USE: Final = 2
_INTERRUPTED: Final = 130


class Commands(click.Group):
    """Finds commands by file name and loads the one that is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, without importing anything."""
        del ctx
        files = (entry.name for entry in os.scandir(Path(__file__).parent))
        return sorted(name[:-3].replace("_", "-") for name in files if name.endswith(".py") and name[0] != "_")

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the one command asked for."""
        if cmd_name not in self.list_commands(ctx):
            return None
        module = importlib.import_module(f"{__name__}.{cmd_name.replace('-', '_')}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Name the nearest command when there is none of that name."""
        if args[0] not in self.list_commands(ctx) and not args[0].startswith("-"):
            from srvmaint.registry import nearest  # noqa: PLC0415 - only on the way to an error

            raise click.UsageError(f"there is no command {args[0]!r}{nearest(args[0], self.list_commands(ctx))}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands with the first line of their files."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, _summary(name)) for name in self.list_commands(ctx)])


@click.command(cls=Commands, name="srvmaint", context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--config", "config_path", metavar="PATH", type=click.Path(path_type=Path), help="The srvmaint.toml to use."
)
@click.option("-v", "--verbose", is_flag=True, help="Say more on stderr; show tracebacks.")
@click.version_option(__version__, prog_name="srvmaint", message="%(prog)s %(version)s")
@click.pass_obj
def program(context: Context, config_path: Path | None, verbose: bool) -> None:
    """Receives alerts, looks at the host, works out what is wrong, tells the right people once."""
    context.config_path = config_path
    context.verbose = verbose


def main() -> NoReturn:
    """The entry point: everything injected, then an exit code."""
    _fill_standard_streams()
    sys.exit(run(sys.argv[1:], os.environ))


def run(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run one command line and return its exit code; no exception leaves this function but SystemExit."""
    context = Context(environ)
    try:
        code = program.main([*arguments], prog_name="srvmaint", standalone_mode=False, obj=context)
        if sys.stdout is not None:
            sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort as error:
        return _INTERRUPTED if isinstance(error.__cause__, KeyboardInterrupt) else _FAILED
    except KeyboardInterrupt:
        return _INTERRUPTED
    except ConfigError as error:
        _say_problems(error)
        return _WRONG_USE
    except SrvmaintError as error:
        _say(str(error), context)
        return _WRONG_USE if isinstance(error, UsageError) else _FAILED
    except BrokenPipeError:
        _forget_stdout()
        return _FAILED
    except OSError as error:
        where = f" {error.filename}:" if error.filename else ""
        _say(f"cannot go on:{where} {error.strerror or error}. Put that right and run it again.", context)
        _forget_stdout()
        return _FAILED
    except Exception as error:  # noqa: BLE001 - the last line of defence: a defect is told in one line
        text = " ".join(f"{type(error).__name__}: {error}".split())
        _say(f"internal error: {text}{'' if context.verbose else '. Run again with -v for details.'}", context)
        return _FAILED
    return code if isinstance(code, int) else 0


def _fill_standard_streams() -> None:
    """Started with a closed stdin, stdout or stderr: what is opened next must not take its place."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - as long as the process
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - the same


def _say(text: str, context: Context) -> None:
    if context.verbose:
        import traceback  # noqa: PLC0415 - only on the way to an error

        click.echo(traceback.format_exc(), err=True, nl=False)
    click.echo(f"srvmaint: {text}", err=True)


def _say_problems(error: ConfigError) -> None:
    count = len(error.problems)
    click.echo(f"srvmaint: the configuration has {count} problem{'s' if count > 1 else ''}:", err=True)
    for problem in error.problems:
        click.echo(f"  {problem}", err=True)


def _forget_stdout() -> None:
    """Nobody reads any more, or nothing more fits: what is still buffered must not become an error at exit."""
    with suppress(OSError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def _summary(name: str) -> str:
    path = Path(__file__).parent / f"{name.replace('-', '_')}.py"
    with path.open(encoding="utf-8") as file:
        match = _SUMMARY.fullmatch(file.readline().rstrip("\n"))
    return match[1] if match else ""
