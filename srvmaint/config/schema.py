"""The sections of `srvmaint.toml`, declared once: decoding, the example, the reference and the JSON Schema read this.

A field made by `setting` is a key of the file; any other field is filled in by `host` or `load`. The settings of
drivers are not here: each driver's module has its own `Config`. Nothing here reads a file or an environment.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from srvmaint.model import Severity
from srvmaint.settings import Duration, Size, setting

if TYPE_CHECKING:  # a look at the host must not pay for the pipeline
    from srvmaint.pipeline.definition import Definition
    from srvmaint.pipeline.routing import Route

NAME: Final = r"[a-z0-9][a-z0-9_-]{0,63}"
"""What channels, pipelines and definitions may be called."""
_TCP: Final = r"(\[[0-9A-Fa-f:.]+\]|[^\s:/\[\]]+):([0-9]{1,5})"
_LOOPBACK: Final = r"localhost|\[::1\]|127(\.(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])){3}"
_LAST_PORT: Final = 65535
_LONGEST_SOCKET_PATH: Final = 107
"""Bytes of `sun_path` on Linux, without the closing NUL: unix(7)."""


class Listen(str):
    """Where the daemon listens: `"127.0.0.1:8425"` or `"unix:/run/srvmaint/srvmaint.sock"`."""

    __slots__ = ()

    @classmethod
    def parse(cls, value: object) -> Self:
        """Read an address; raises ValueError with the phrase an operator needs."""
        text = value if isinstance(value, str) else ""
        if text.startswith("unix:"):
            path = text.removeprefix("unix:")
            if not path.startswith("/") or "\0" in path or len(path.encode()) > _LONGEST_SOCKET_PATH:
                raise ValueError(f'must be "unix:" and an absolute path of at most {_LONGEST_SOCKET_PATH} bytes')
            return cls(text)
        match = re.fullmatch(_TCP, text)
        if match is None or int(match[2]) > _LAST_PORT:
            raise ValueError('must be "host:port" or "unix:/path", such as "127.0.0.1:8425"')
        if not re.fullmatch(_LOOPBACK, match[1]):
            raise ValueError(
                f"cannot listen on {match[1]}: reading and acting need no token in this release, so anybody who reaches"
                ' the port could do both. Listen on 127.0.0.1 or "unix:/path" and put a TLS reverse proxy in front.'
            )
        return cls(text)

    @property
    def socket(self) -> Path | None:
        """The unix socket's path; None for a TCP address."""
        return Path(self.removeprefix("unix:")) if self.startswith("unix:") else None

    @property
    def host(self) -> str:
        """The TCP host without brackets; empty for a unix socket."""
        return "" if self.socket else self.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        """The TCP port, 0 for any free one; 0 for a unix socket."""
        return 0 if self.socket else int(self.rpartition(":")[2])


class WebUrl(str):
    """An `http://` or `https://` address without the closing slash; or nothing."""

    __slots__ = ()

    @classmethod
    def parse(cls, value: object) -> Self:
        """Read an address; raises ValueError with the phrase an operator needs."""
        if not isinstance(value, str) or (value and not re.fullmatch(r"https?://[^\s/?#]+(/[^\s?#]*)?", value)):
            raise ValueError('must be an address such as "https://srvmaint.example.org"')
        return cls(value.rstrip("/"))


class Slug(str):
    """What a job calls itself in `/ping/<slug>`."""

    __slots__ = ()

    @classmethod
    def parse(cls, value: object) -> Self:
        """Read a name; raises ValueError with the phrase an operator needs."""
        if not isinstance(value, str) or not re.fullmatch(NAME, value):
            raise ValueError("must be 1 to 64 lower-case letters, digits, `-` or `_`, beginning with a letter or digit")
        return cls(value)


class Name(str):
    """What an operator calls a channel or a pipeline."""

    __slots__ = ()

    @classmethod
    def parse(cls, value: object) -> Self:
        """Read a name; raises ValueError with the phrase an operator needs."""
        if not isinstance(value, str) or not re.fullmatch(NAME, value):
            raise ValueError("must be 1 to 64 lower-case letters, digits, `-` or `_`, beginning with a letter or digit")
        return cls(value)


@dataclass(frozen=True)
class Server:
    """How the daemon is reached."""

    listen: Listen = setting(
        Listen("127.0.0.1:8425"),
        help='address of the HTTP API: "host:port" on loopback, or "unix:/path"',
        example="unix:/run/srvmaint/srvmaint.sock",
    )
    public_url: WebUrl = setting(
        WebUrl(""), help="how people reach this daemon: makes links in messages", example="https://srvmaint.example.org"
    )
    max_body: Size = setting(
        Size(10_000_000), help="largest request body that is read", minimum=1000, maximum=1_000_000_000
    )


@dataclass(frozen=True)
class Storage:
    """Where alerts, incidents, runs and deliveries are kept."""

    path: str = setting(
        "",
        help="a directory, or the database file itself when it ends in `.db`; empty: $STATE_DIRECTORY, else"
        " /var/lib/srvmaint for root, else $XDG_STATE_HOME/srvmaint",
        example="/var/lib/srvmaint",
    )
    durability: str = setting(
        "full", help="full: an accepted alert survives a power cut; normal: only kill -9", choices=("full", "normal")
    )
    retention: Duration = setting(Duration(90 * 86400), help="how long what is closed and done is kept", minimum=3600)
    database: Path = Path("srvmaint.db")
    """The file that follows from `path` and the environment."""

    def problems(self) -> list[str]:
        """What no type can say about a path."""
        return ["path cannot hold a NUL byte"] if "\0" in self.path else []


@dataclass(frozen=True)
class Secrets:
    """Where values like `{ env = "NAME" }` come from besides the environment."""

    env_file: str = setting(
        "srvmaint.env",
        help="KEY=VALUE lines, read at start, relative to this file; the real environment wins; keep its mode 0600",
        example="/etc/srvmaint/srvmaint.env",
    )

    def problems(self) -> list[str]:
        """What no type can say about a path."""
        return ["env_file cannot hold a NUL byte"] if "\0" in self.env_file else []


@dataclass(frozen=True)
class Alerts:
    """Whose webhooks are understood, and which alerts belong together."""

    drivers: tuple[str, ...] = setting(
        (), help="the senders whose webhooks are accepted; default: every driver there is", example=("alertmanager",)
    )
    group_by: tuple[str, ...] = setting(
        ("name", "instance"),
        help="alerts that agree in these are one incident: name, instance, source, severity, any label; or all alone",
        example=("name", "cluster"),
    )
    configs: Mapping[str, Any] = field(default_factory=dict)
    """Driver name to that driver's `Config`, for every enabled or configured driver."""

    def problems(self) -> list[str]:
        """What no single entry can know."""
        return group_by_problems(self.group_by)


@dataclass(frozen=True)
class Incidents:
    """The life of an incident."""

    reopen_within: Duration = setting(
        Duration(86400),
        help="an alert that fires again this soon after its end reopens its incident; later opens a new one",
    )


@dataclass(frozen=True)
class Checkers:
    """What is looked at on this host when an alert arrives, and by `srvmaint check`."""

    enabled: tuple[str, ...] = setting(
        ("cpu", "memory", "disk"), help="the checkers that run when nobody names any", example=("cpu", "memory", "disk")
    )
    timeout: Duration = setting(Duration(10), help="how long one checker may take", minimum=0.1, maximum=600)
    reuse: Duration = setting(Duration(5), help="results younger than this are shared by concurrent runs", maximum=3600)
    drivers: Mapping[str, Any] = field(default_factory=dict)
    """Checker name to that checker's `Config`: the enabled and the configured; in a whole Config also every other
    checker that needs no settings, because a pipeline may name it."""


@dataclass(frozen=True)
class Intelligence:
    """Who says what an alert means and what to do."""

    provider: str = setting("local", help="the provider that analyses; local: rules on this host, no network")
    configs: Mapping[str, Any] = field(default_factory=dict)
    """Provider name to that provider's `Config`: the chosen, the configured, and every other that needs no settings."""


@dataclass(frozen=True)
class Channel:
    """A destination: a driver, its own settings beside these keys, and what it wants to hear."""

    name: Name = setting(help="what pipelines call it", example="ops-slack")
    driver: str = setting(help="who carries the message", example="slack")
    min_severity: Severity = setting(Severity.INFO, help="quieter incidents are not sent here")
    send_resolved: bool = setting(True, help="say so when it is over")
    config: Any = None
    """The driver's own `Config`."""


@dataclass(frozen=True)
class Pipeline:
    """A route: which alerts, what is done with them, who is told. The first that matches wins, in file order."""

    name: Name = setting(help="what runs and incidents call it", example="full-pipeline")
    preset: str | None = setting(None, help="a built-in definition; or give `definition` or `nodes`", example="full")
    definition: str | None = setting(
        None, help="a definition in a file of its own: pipelines.d/<name>.json beside this file", example="triage"
    )
    version: Any = setting(None, help="version of the definition format, for `nodes`", example="1.0")
    nodes: tuple[Any, ...] | None = setting(None, help="a definition of your own: one table per node")
    match: dict[str, Any] = setting(
        {},
        help="all must hold: source, severity, status, name, instance, label.<key>, origin; a value or a list;"
        " `!x` negates, `re:` is a regular expression; empty: every alert",
        example={"severity": ["critical", "warning"]},
    )
    channels: tuple[str, ...] | None = setting(
        None, help="names of the channels that are told; default: every channel", example=("ops-slack",)
    )
    group_by: tuple[str, ...] | None = setting(None, help="instead of alerts.group_by", example=("name", "cluster"))

    def problems(self) -> list[str]:
        """What no single key can know."""
        found = group_by_problems(self.group_by) if self.group_by is not None else []
        if sum(way is not None for way in (self.preset, self.definition, self.nodes)) != 1:
            found.append('must have one of `preset = "full"`, `definition = "name"` and `nodes`, and not two of them')
        if self.version is not None and self.nodes is None:
            found.append("has `version` without `nodes`: a definition has its own. Remove it.")
        return found


@dataclass(frozen=True)
class Heartbeat:
    """A job that has to be heard of: `srvmaint heartbeat exec SLUG -- command`, or any request to /ping/SLUG."""

    slug: Slug = setting(help="what it calls itself: /ping/<slug>", example="nightly-backup")
    every: Duration = setting(
        help="it has to end well this often; counted from the last time it did", example="24h", minimum=1
    )
    grace: Duration = setting(
        Duration(300),
        help="how much later it may come than `every` says, its own duration included",
        example="2h",
        minimum=1,
    )
    severity: Severity = setting(Severity.CRITICAL, help="of the alert when it is missed or fails")
    host: str = setting("", help="the machine it runs on; default: this one", example="db-1")


@dataclass(frozen=True)
class Skips:
    """What the environment says not to do: name to the variable that said so."""

    checkers: Mapping[str, str] = field(default_factory=dict)
    channels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class HostConfig:
    """What a look at this host needs; `skips.channels` is empty here."""

    storage: Storage
    secrets: Secrets
    checkers: Checkers
    skips: Skips
    path: Path | None
    """The file, absolute; None for the built-in defaults."""
    warnings: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Config(HostConfig):
    """Everything the file says, checked, with every default filled in."""

    server: Server
    alerts: Alerts
    incidents: Incidents
    intelligence: Intelligence
    heartbeats: tuple[Heartbeat, ...]
    channels: tuple[Channel, ...]
    routes: tuple[Route, ...]
    definitions: Mapping[str, Definition]
    """Those in files of their own, by name."""


TABLES: Final[Mapping[str, type]] = {
    "server": Server,
    "storage": Storage,
    "secrets": Secrets,
    "alerts": Alerts,
    "incidents": Incidents,
    "checkers": Checkers,
    "intelligence": Intelligence,
}
"""`[name]` sections, in the order the example shows them."""

ARRAYS: Final[Mapping[str, type]] = {"heartbeats": Heartbeat, "channels": Channel, "pipelines": Pipeline}
"""`[[name]]` sections, in the order the example shows them."""

FAMILIES: Final[Mapping[str, str]] = {
    "alerts": "srvmaint.alerts",
    "checkers": "srvmaint.checkers",
    "intelligence": "srvmaint.intelligence",
}
"""Sections with a subsection per driver, and the package the drivers are in."""


def group_by_problems(group_by: tuple[str, ...]) -> list[str]:
    """What is wrong with a list of things to group by."""
    if not group_by:
        return ['group_by is empty: write ["all"] for one incident at a time']
    if not all(group_by):
        return ["group_by has an empty name"]
    if "all" in group_by and len(group_by) > 1:
        return ['group_by has "all" beside others: "all" stands alone']
    return []
