"""What the documents say is what the program does: every command, path, link, table and paste in them."""

from __future__ import annotations

import asyncio
import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from srvmaint import __version__, notify, registry
from srvmaint.cli import program
from srvmaint.config.load import load
from srvmaint.config.render import readme
from srvmaint.config.schema import ARRAYS, FAMILIES, TABLES
from srvmaint.pipeline.definition import PRESETS
from srvmaint.settings import Setting, describe
from srvmaint.web import app
from tests.e2e.daemon import Daemon

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = {
    name: (ROOT / name).read_text(encoding="utf-8")
    for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "examples/SENDERS.md")
}
PARTS = ("alert drivers", "checkers", "providers", "channel drivers", "generic keys")


def blocks(language: str) -> list[str]:
    """The fenced blocks of the README in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def commands(group: click.Group, prefix: str = "") -> Iterator[tuple[str, click.Command]]:
    """Every command that can be typed, with its whole name."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, f"{prefix}{name} ")
        else:
            yield prefix + name, command


def settings() -> Iterator[tuple[str, Setting]]:
    """Every setting there is, with the section or driver it belongs to."""
    for name, section in (*TABLES.items(), *ARRAYS.items()):
        yield from ((name, item) for item in describe(section))
    for package in (*FAMILIES.values(), notify.PACKAGE):
        for driver in registry.names(package):
            config = registry.load(package, driver).Config
            yield from ((f"{package}.{driver}", item) for item in describe(config))


def test_the_generated_parts_of_the_readme_are_there_and_current() -> None:
    assert sorted(re.findall(r"<!-- generated: (.+?) -->", README)) == sorted(PARTS)
    assert README.count("<!-- end -->") == len(PARTS)
    assert readme(README) == README, "run `make generate`"


@pytest.mark.parametrize("package", [*FAMILIES.values(), notify.PACKAGE])
def test_the_readme_has_every_driver_with_every_setting_of_it(package: str) -> None:
    for name in registry.names(package):
        rows = [line for line in README.splitlines() if line.startswith(f"| `{name}` |")]
        wanted = [f"`{item.name}`" for item in describe(registry.load(package, name).Config)]
        assert any(all(word in row for word in wanted) for row in rows), name


def test_a_part_of_the_readme_nobody_generates_is_an_error() -> None:
    with pytest.raises(KeyError, match="moon phases"):
        readme("<!-- generated: moon phases -->\n<!-- end -->\n")


def test_what_people_wrote_around_the_generated_parts_stays() -> None:
    text = readme("before\n<!-- generated: checkers -->\nwritten last year\n<!-- end -->\nafter\n")
    assert text.startswith("before\n<!-- generated: checkers -->\n| driver |")
    assert text.endswith(" |\n<!-- end -->\nafter\n")
    assert "written last year" not in text


def test_the_readme_has_a_row_for_every_command_in_the_words_of_its_help() -> None:
    def help_of(command: click.Command) -> str:
        return " ".join((command.help or "").strip().partition("\n\n")[0].split())

    wanted = [f"| `{name}` | {help_of(command)} |" for name, command in commands(program)]
    table = README.partition("| command | what it does |\n|---|---|\n")[2].partition("\n\n")[0]
    assert table.splitlines() == wanted, "README's table of commands should be:\n" + "\n".join(wanted)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_command_line_in_the_documents_can_be_typed(name: str) -> None:
    known = dict(commands(program))
    groups = {whole.partition(" ")[0] for whole in known if " " in whole}
    for line in re.findall(r"`srvmaint ([a-z][^`]*)`", DOCUMENTS[name]):
        words = shlex.split(line)
        words = words[: words.index("--")] if "--" in words else words
        if words[0] in groups and len(words) == 1:
            continue
        taken = 2 if words[0] in groups else 1
        whole = " ".join(words[:taken])
        assert whole in known, line
        flags = {flag for parameter in known[whole].params for flag in parameter.opts}
        assert {word for word in words[taken:] if word.startswith("--")} <= flags | {"--help"}, line


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_target_of_make_in_the_documents_is_one(name: str) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"(?:^|`|=\d+ )make ([a-z]+)", DOCUMENTS[name], re.MULTILINE)) <= targets


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_file_the_documents_link_to_or_name_is_there(name: str) -> None:
    folder = (ROOT / name).parent
    linked = [target for target in re.findall(r"\]\(([^)]+)\)", DOCUMENTS[name]) if "://" not in target]
    named = re.findall(r"[`@ \[]((?:srvmaint|tests|examples)/[\w./-]+)(?=[`\s\]])", DOCUMENTS[name])
    assert [path for path in named if not (ROOT / path).exists()] == []
    for target in linked:
        path, _, anchor = target.partition("#")
        file = folder / path if path else ROOT / name
        assert file.exists(), target
        assert not anchor or anchor in anchors(file.read_text(encoding="utf-8")), target


def anchors(text: str) -> set[str]:
    """What the headings of a page can be linked to by."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_path_of_the_api_in_the_readme_is_served() -> None:
    served = {path for _, path, _ in app.HOOKS} | {path for part in app.RESOURCES for _, path, _ in part.ROUTES}
    answers = {path.rstrip("/") for path in served}
    mentioned = set(re.findall(r"`(?:POST )?(/(?:alerts|incidents|orchestration|deliveries|rejected)/[^`<]*)`", README))
    mentioned |= set(re.findall(r"`(/(?:healthz|readyz|metrics))`", README))
    mentioned |= set(re.findall(r"http://127\.0\.0\.1:8425(/\S+)", README))
    assert len(mentioned) > 8
    concrete = {path.replace("{driver}", driver) for path in answers for driver in registry.names(FAMILIES["alerts"])}
    concrete |= {path.replace("{slug}", "nightly-backup") for path in answers}
    assert [path for path in mentioned if path.rstrip("/") not in concrete] == []


def test_the_configuration_in_the_readme_and_the_examples_is_good(tmp_path: Path) -> None:
    texts = [*blocks("toml"), *(path.read_text(encoding="utf-8") for path in sorted(ROOT.glob("examples/*.toml")))]
    assert len(texts) >= 3
    for text in texts:
        file = tmp_path / "srvmaint.toml"
        file.write_text(text, encoding="utf-8")
        environ = {
            "HOME": "/nonexistent",
            **dict.fromkeys(re.findall(r"SRVMAINT_[A-Z_]+", text), "https://example.org/"),
        }
        config = load(file, environ)
        assert config.warnings == ()
        assert all(channel.name != "console" for channel in config.channels)


@pytest.mark.parametrize(
    ("where", "item"), [*settings()], ids=lambda value: value if isinstance(value, str) else value.name
)
def test_the_help_of_a_setting_is_a_phrase_and_no_sentence(where: str, item: Setting) -> None:
    assert not re.match(r"[A-Z][a-z]", item.help), where
    assert not item.help.endswith("."), where


def test_the_readme_tells_what_the_definitions_are_called() -> None:
    sentence = README.partition("definitions are built in: ")[2].partition(" Your own")[0]
    assert re.findall(r"`([a-z-]+)`", sentence) == list(PRESETS)


def test_the_newest_version_in_the_changelog_is_this_one() -> None:
    assert re.findall(r"^## (\S+)", DOCUMENTS["CHANGELOG.md"], re.MULTILINE)[0] == __version__


async def test_the_paste_in_the_readme_shows_what_the_picture_shows(tmp_path: Path) -> None:
    """`make run` without a file, then the curl."""
    if shutil.which("curl") is None:
        pytest.skip("no curl here: apt-get install curl")
    paste = next(block for block in blocks("sh") if "examples/webhooks/alertmanager.json" in block)
    daemon = Daemon(tmp_path, environ={"STATE_DIRECTORY": str(tmp_path / "state")})
    daemon.file.unlink()
    try:
        await daemon.start("--listen", "127.0.0.1:0")
        command = shlex.split(paste.replace("http://127.0.0.1:8425", daemon.url))
        curl = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
        answer, _ = await curl.communicate()
        assert b'"status":"accepted"' in answer
        await daemon.out.line("trace ")
        assert await daemon.stop() == 0
        assert landmarks(daemon.out.text) == landmarks(blocks("text")[0])
    finally:
        await daemon.close()


def landmarks(message: str) -> list[str]:
    """The lines at the margin, without what differs between two machines and two moments."""
    lines = [line for line in message.splitlines() if line and not line.startswith(" ")]
    varying = r"(?<=· )(contradicted|confirmed|unverified)$|(?<=^Evidence on ).*|(?<= UTC ).*|(?<=^trace ).*"
    return [re.sub(varying, "~", line) for line in lines]
