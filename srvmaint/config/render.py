"""What can be read about the settings and the drivers, from their declarations: the example, the reference, tables.

Two runs give the same bytes: nothing here looks at a clock, an environment or an existing configuration.
"""

from __future__ import annotations

import ast
import inspect
import itertools
import re
import textwrap
from collections.abc import Iterable, Mapping
from types import ModuleType
from typing import Any, Final

from srvmaint import notify, registry
from srvmaint.alerts import generic
from srvmaint.config._toml import literal, plain
from srvmaint.config.schema import FAMILIES, TABLES, Channel, Pipeline
from srvmaint.settings import Setting, describe, needs_settings

EXAMPLE: Final = "srvmaint.toml.example"
REFERENCE: Final = "examples/REFERENCE.md"
README: Final = "README.md"
_BLOCK: Final = re.compile(r"(?<=<!-- generated: )([a-z ]+)( -->\n).*?(?=<!-- end -->)", re.DOTALL)
"""A part of README.md that is written from the declarations; around it are people's words."""
_TITLE: Final = """\
# Every setting of srvmaint.toml

Generated from the program: `make generate`. What is in effect on a machine: `srvmaint config show`. An example with
every key, to copy from: `srvmaint.toml.example`.

"""
_WIDTH: Final = 110
_HEAD: Final = """\
# srvmaint.toml: every section and every key, with its default. Generated from the program: `make generate`.
#
# Nothing has to be set: without any file srvmaint uses these values. A line that begins with `#` and a key is an
# example; remove the `#` to use it. `srvmaint config check` names every problem at once, `srvmaint config show` what is
# in effect, `srvmaint config path` the file that is read: the first of --config, $SRVMAINT_CONFIG,
# $CONFIGURATION_DIRECTORY/srvmaint.toml, ./srvmaint.toml, $XDG_CONFIG_HOME/srvmaint/srvmaint.toml and
# /etc/srvmaint/srvmaint.toml.
#
# A secret is { env = "NAME" }, { file = "/path" } or { credential = "name" } (systemd).
# Durations are "30s", "5m", "90d"; sizes are "10MB".
"""
_PIPELINES: Final = """\
#[[pipelines]]
#name = "disk-triage"
#match = { name = "re:^Disk", source = "alertmanager" }
#channels = ["ops-slack"]
#version = "1.0"
#nodes = [
#  { id = "metrics", type = "context", config = { include = ["disk"] }, next = "tell" },
#  { id = "tell", type = "notify" },
#]

#[[pipelines]]
#name = "everything-else"
#preset = "full"
"""
_PREFIXES: Final = {
    "alerts": "SRVMAINT_ALERTS",
    "checkers": "SRVMAINT_CHECKERS",
    "intelligence": "SRVMAINT_INTELLIGENCE",
}


def generated() -> dict[str, str]:
    """The files made from the declarations: path relative to the repository, and text."""
    return {EXAMPLE: example(), REFERENCE: _TITLE + reference()}


def readme(text: str) -> str:
    """README.md with its generated parts as the declarations have them.

    Raises:
        KeyError: a part is marked with a name that nothing is generated for.
    """
    blocks = {
        "alert drivers": _family(FAMILIES["alerts"]),
        "checkers": _family(FAMILIES["checkers"]),
        "providers": _family(FAMILIES["intelligence"]),
        "channel drivers": _family(notify.PACKAGE),
        "generic keys": _generic_keys(),
    }
    return _BLOCK.sub(lambda match: f"{match[1]}{match[2]}{blocks[match[1]]}", text)


def example() -> str:
    """`srvmaint.toml.example`: loading it is the same as having no file."""
    blocks = [_HEAD]
    for name, section in TABLES.items():
        blocks.append(
            f"{_comment(_first_line(section))}[{name}]\n{_lines(describe(section), _PREFIXES.get(name, 'SRVMAINT'))}"
        )
        blocks += [_subsection(name, driver, items) for driver, items in _drivers(name)]
    blocks.append(_comment(f"[[channels]] {_first_line(Channel)} Without any: one channel `console`."))
    for place, driver in enumerate(registry.names(notify.PACKAGE)):
        blocks.append(_channel(driver, is_first=place == 0))
    blocks.append(_comment(f"[[pipelines]] {_first_line(Pipeline)} Without any: one pipeline `full` for everything."))
    blocks.append("#[[pipelines]]\n" + _lines(describe(Pipeline), "", is_example=True, leave=("version", "nodes")))
    blocks.append(_PIPELINES)
    return "\n".join(blocks)


def reference() -> str:
    """Every key as Markdown tables, one per section."""
    blocks = []
    for name, section in TABLES.items():
        blocks.append(f"### `[{name}]`\n\n{_first_line(section)}\n\n{_rows(describe(section))}")
        for driver, items in _drivers(name):
            blocks.append(f"#### `[{name}.{driver}]`\n\n{_rows(items)}")
            blocks += [
                f"##### `[[{name}.{driver}.{key}]]`\n\n{_first_line(member)}\n\n{_rows(describe(member))}"
                for key, member in _tables(items)
            ]
    blocks.append(f"### `[[channels]]`\n\n{_first_line(Channel)}\n\n{_rows(describe(Channel))}")
    for driver in registry.names(notify.PACKAGE):
        items = [*describe(registry.load(notify.PACKAGE, driver).Config)]
        blocks.append(f'#### `driver = "{driver}"`\n\n{_rows(items) if items else "No settings of its own."}')
    blocks.append(f"### `[[pipelines]]`\n\n{_first_line(Pipeline)}\n\n{_rows(describe(Pipeline))}")
    return "\n\n".join(block.strip("\n") for block in blocks) + "\n"


def _family(package: str) -> str:
    """The drivers of a family: the first line of each one's file, and its settings."""
    rows = ["| driver | what it is | its settings |", "|---|---|---|"]
    for name in registry.names(package):
        module = registry.load(package, name)
        what = re.sub(r"^[A-Z]+: ", "", _first_line(module)).removesuffix(".")
        what = what[:1].upper() + what[1:]
        settings = (f"`{item.name}`{' (required)' if item.required else ''}" for item in describe(module.Config))
        rows.append(f"| `{name}` | {what} | {', '.join(settings)} |")
    return "\n".join(rows) + "\n"


def _generic_keys() -> str:
    """The keys that the generic alert driver understands: its constants, and the words that stand below each."""
    rows = ["| keys, the first that is there wins | what they say |", "|---|---|"]
    for name, words in _remarks(generic).items():
        if name.isupper() and not name.startswith("_"):
            value = getattr(generic, name)
            keys = ", ".join(f"`{key}`" for key in ((value,) if isinstance(value, str) else value))
            rows.append(f"| {keys} | {' '.join(words.split())} |")
    return "\n".join(rows) + "\n"


def _remarks(module: ModuleType) -> dict[str, str]:
    """The constants of a module that have a docstring below them, with it."""
    body = ast.parse(inspect.getsource(module)).body
    return {
        constant.target.id: remark.value.value
        for constant, remark in itertools.pairwise(body)
        if isinstance(constant, ast.AnnAssign) and isinstance(constant.target, ast.Name)
        if isinstance(remark, ast.Expr) and isinstance(remark.value, ast.Constant)
        if isinstance(remark.value.value, str)
    }


def _drivers(name: str) -> list[tuple[str, list[Setting]]]:
    """The drivers of a section that have settings, with them."""
    if name not in FAMILIES:
        return []
    package = FAMILIES[name]
    every = [(driver, [*describe(registry.load(package, driver).Config)]) for driver in registry.names(package)]
    return [(driver, items) for driver, items in every if items]


def _subsection(name: str, driver: str, items: list[Setting]) -> str:
    is_example = needs_settings(registry.load(FAMILIES[name], driver).Config)
    prefix = f"{_PREFIXES[name]}_{_upper(driver)}"
    mark = "#" if is_example else ""
    tables = (
        f"\n#[[{name}.{driver}.{key}]]\n{_lines(describe(member), f'{prefix}_{_upper(key)}', is_example=True)}"
        for key, member in _tables(item for item in items if item.example is None)  # the others show it themselves
    )
    return f"{mark}[{name}.{driver}]\n{_lines(items, prefix, is_example=is_example)}{''.join(tables)}"


def _tables(items: Iterable[Setting]) -> list[tuple[str, type]]:
    """The settings that are lists of tables, with the section each table is."""
    return [(item.name, member) for item in items if (member := item.members) is not None]


def _channel(driver: str, *, is_first: bool) -> str:
    name = f"ops-{driver}"
    given = {"name": name, "driver": driver}
    common = _lines(describe(Channel), "", is_example=True, given=given, has_help=is_first)
    own = _lines(
        describe(registry.load(notify.PACKAGE, driver).Config), f"SRVMAINT_CHANNEL_{_upper(name)}", is_example=True
    )
    return f"#[[channels]]\n{common}{own}"


def _lines(
    items: Iterable[Setting],
    prefix: str,
    *,
    is_example: bool = False,
    given: Mapping[str, Any] | None = None,
    has_help: bool = True,
    leave: tuple[str, ...] = (),
) -> str:
    """Help and `key = value` for every setting; `#key = value` where the value is only an example."""
    text = ""
    for item in items:
        if item.name in leave:
            continue
        value = (given or {}).get(item.name, item.default)
        is_default = not item.required and value not in (None, (), {}) and not is_example
        shown = (
            value if value not in (None, (), {}) and not (item.required and item.name not in (given or {})) else None
        )
        if shown is None:
            shown = _example_of(item, prefix)
        if has_help:
            text += _comment(_help(item))
        if shown is not None:
            lines = f"{item.name} = {literal(plain(shown))}".splitlines()
            text += "".join(f"{'' if is_default else '#'}{line}\n" for line in lines)
    return text


def _example_of(item: Setting, prefix: str) -> Any:
    if item.example is not None:
        return item.example
    return {"env": f"{prefix}_{_upper(item.name)}"} if item.secret else None


def _help(item: Setting) -> str:
    text = item.help
    if item.choices:
        text += f" ({', '.join(item.choices)})"
    return text + (" (required)" if item.required else "")


def _rows(items: Iterable[Setting]) -> str:
    rows = ["| key | type | default | meaning |", "|---|---|---|---|"]
    for item in items:
        default = (
            "required" if item.required else f"`{literal(plain(item.default))}`" if item.default is not None else ""
        )
        cells = (f"`{item.name}`", item.type_name, default, _help(item).removesuffix(" (required)"))
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(rows) + "\n"


def _comment(text: str) -> str:
    return "".join(f"# {line}\n" for line in textwrap.wrap(text, _WIDTH, break_on_hyphens=False))


def _upper(name: str) -> str:
    return name.upper().replace("-", "_")


def _first_line(documented: type | ModuleType) -> str:
    return (documented.__doc__ or "").strip().partition("\n")[0]
