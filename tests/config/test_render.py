from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

from srvmaint.alerts._mapping import Mapping
from srvmaint.config.jsonschema import json_schema
from srvmaint.config.load import load
from srvmaint.config.render import example, generated, reference
from srvmaint.config.schema import Config
from srvmaint.config.show import as_data, as_toml
from srvmaint.settings import describe
from tests.config.written import loaded

ROOT = Path(__file__).parents[2]
RICH = """
[server]
public_url = "https://example.org"
[alerts]
drivers = ["generic"]
[checkers.disk]
paths = ["/", "/srv/a b"]
[[channels]]
name = "ops"
driver = "slack"
webhook_url = { env = "HOOK" }
[[channels]]
name = "hook"
driver = "generic"
endpoint_url = "https://example.org/"
headers = { Authorization = "s3cr3t-canary" }
signing_secret = "s3cr3t-canary"
[[pipelines]]
name = "disk"
match = { name = ["re:^Disk", "!re:^DiskTest", "x", "!y"], "label.team" = "db" }
version = "1.0"
nodes = [{ id = "a", type = "context", config = { include = ["disk"] } },
  { id = "b", type = "notify", timeout = "90s" }]
[[pipelines]]
name = "rest"
preset = "full"
"""
ENVIRON = {"HOOK": "https://hooks.slack.example/s3cr3t-canary"}


def same(left: Config, right: Config) -> bool:
    def without_place(config: Config) -> Config:
        return replace(config, path=None, warnings=(), storage=replace(config.storage, database=Path()))

    return without_place(left) == without_place(right)


def test_the_example_is_the_same_as_no_file_at_all(tmp_path: Path) -> None:
    config = loaded(tmp_path, example().replace('env_file = "srvmaint.env"', 'env_file = ""'))
    defaults = load(None, {"HOME": str(tmp_path)}, tmp_path)
    assert config.warnings == ()
    assert same(replace(config, secrets=defaults.secrets), defaults)


def test_every_example_in_the_example_is_valid_when_its_mark_is_removed(tmp_path: Path) -> None:
    text = re.sub(r"^#(?=\S|  \{)", "", example(), flags=re.MULTILINE)
    assert text.count("[[channels]]\n") >= 3
    environ = dict.fromkeys(re.findall(r"SRVMAINT_[A-Z_]+", text), "https://example.org/x")
    (tmp_path / "srvmaint.env").touch(mode=0o600)
    config = loaded(tmp_path, text, environ)
    assert {"ops-console", "ops-generic", "ops-slack"} <= {channel.name for channel in config.channels}
    assert [route.name for route in config.routes] == ["full-pipeline", "disk-triage", "everything-else"]
    (mapping,) = config.alerts.configs["generic"].mappings
    assert all(getattr(mapping, item.name) not in (None, (), {}) for item in describe(Mapping))
    assert config.warnings == ()


def test_the_example_names_the_variable_of_a_channels_secret() -> None:
    assert '#webhook_url = { env = "SRVMAINT_CHANNEL_OPS_SLACK_WEBHOOK_URL" }\n' in example()


def test_what_is_generated_does_not_depend_on_the_moment_or_the_process() -> None:
    program = "from srvmaint.config.render import example, reference; print(example() + reference(), end='')"
    runs = [
        subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            check=True,
            cwd=ROOT,
            env={"PYTHONHASHSEED": seed, "HOME": "/", "PYTHONUTF8": "1"},
        )
        for seed in ("1", "2")
    ]
    assert runs[0].stdout == runs[1].stdout == example() + reference()


def test_the_generated_files_of_the_repository_are_current() -> None:
    stale = [path for path, text in generated().items() if (ROOT / path).read_text(encoding="utf-8") != text]
    assert stale == [], "run `python -m srvmaint.config --write`"


def test_the_command_that_generates_writes_what_is_stale_and_names_it(tmp_path: Path) -> None:
    def run(flag: str) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-m", "srvmaint.config", flag],
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
            env={"PYTHONPATH": str(ROOT)},
        )
        return done.returncode, done.stderr

    (tmp_path / "README.md").write_text("<!-- generated: checkers -->\n<!-- end -->\n")
    files = ("srvmaint.toml.example", "examples/REFERENCE.md", "README.md")
    assert run("--check") == (1, "".join(f"{name}: is stale: run make generate\n" for name in files))
    assert run("--write") == (0, "".join(f"{name}: written\n" for name in files))
    assert run("--check") == (0, "")


def test_the_reference_has_a_row_for_every_key_of_every_section() -> None:
    text = reference()
    for key in ("listen", "retention", "env_file", "reopen_within", "paths", "webhook_url", "send_resolved", "match"):
        assert f"| `{key}` |" in text
    assert all(line.count(" | ") >= 3 for line in text.splitlines() if line.startswith("| `"))


def test_the_reference_has_the_keys_of_the_tables_in_a_list_below_their_driver() -> None:
    below = reference().partition("##### `[[alerts.generic.mappings]]`\n")[2].partition("\n#### ")[0]
    assert re.findall(r"^\| `(\w+)` \|", below, re.MULTILINE) == [item.name for item in describe(Mapping)]
    assert "##### `[[checkers.certificate.targets]]`" in reference()


def test_what_is_shown_can_be_loaded_again_and_is_the_same(tmp_path: Path) -> None:
    (tmp_path / "srvmaint.env").touch(0o600)
    config = loaded(tmp_path, RICH, ENVIRON)
    again = loaded(tmp_path, as_toml(config), ENVIRON)
    assert again.channels[0] == config.channels[0]
    assert again.channels[1].config.signing_secret.reveal() == "********"
    assert same(replace(again, channels=config.channels), config)


def test_no_secret_is_shown(tmp_path: Path) -> None:
    config = loaded(tmp_path, RICH, ENVIRON)
    for text in (as_toml(config), json.dumps(as_data(config)), repr(config)):
        assert "canary" not in text
    assert 'webhook_url = { env = "HOOK" }' in as_toml(config)
    assert 'signing_secret = "********"' in as_toml(config)


def test_what_is_skipped_is_shown(tmp_path: Path) -> None:
    config = loaded(tmp_path, RICH, {**ENVIRON, "CHECKERS_SKIP": "cpu", "SRVMAINT_NOTIFY_SKIP_ALL": "1"})
    assert "# checker cpu is skipped: CHECKERS_SKIP\n" in as_toml(config)
    assert "# channel ops is skipped: SRVMAINT_NOTIFY_SKIP_ALL\n" in as_toml(config)
    assert as_data(config)["skips"]["checkers"] == {"cpu": "CHECKERS_SKIP"}


def conforms(value: Any, schema: dict[str, Any], root: dict[str, Any]) -> bool:
    """As much of JSON Schema as ours uses."""
    if "$ref" in schema:
        return conforms(value, root["$defs"][schema["$ref"].rpartition("/")[2]], root)
    if "oneOf" in schema and "properties" not in schema:
        return sum(conforms(value, option, root) for option in schema["oneOf"]) == 1
    if "enum" in schema or "const" in schema:
        return value in schema.get("enum", [schema.get("const")])
    kinds: dict[str, Any] = {
        "object": dict,
        "array": list,
        "string": str,
        "boolean": bool,
        "integer": int,
        "number": (int, float),
    }
    if "type" in schema and not isinstance(value, kinds[schema["type"]]):
        return False
    if isinstance(value, str) and not re.search(schema.get("pattern", ""), value):
        return False
    if isinstance(value, list):
        return all(conforms(entry, schema.get("items", {}), root) for entry in value)
    if not isinstance(value, dict):
        return True
    properties, extra = schema.get("properties", {}), schema.get("additionalProperties", {})
    return set(schema.get("required", [])) <= set(value) and all(
        conforms(entry, properties[key], root)
        if key in properties
        else extra is not False and conforms(entry, extra, root)
        for key, entry in value.items()
    )


def test_the_json_schema_accepts_what_loads_and_refuses_unknown_keys(tmp_path: Path) -> None:
    schema = json_schema()
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    for text in (RICH, example(), as_toml(loaded(tmp_path, RICH, ENVIRON))):
        assert conforms(tomllib.loads(text), schema, schema)
    for text in (
        "[servr]",
        "[server]\nport = 1",
        '[[channels]]\nname = "a"\ndriver = "slack"',
        '[incidents]\nreopen_within = "x"',
    ):
        assert not conforms(tomllib.loads(text), schema, schema)
    assert json.loads(json.dumps(schema)) == schema
