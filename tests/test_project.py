"""What stands around the program: setting up, the wheel, continuous integration, the examples for other systems."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest

from srvmaint import registry
from srvmaint.alerts import generic
from srvmaint.model import AlertStatus

ROOT = Path(__file__).parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
UNIT = (ROOT / "examples/systemd/srvmaint.service").read_text(encoding="utf-8")
CRON = (ROOT / "examples/cron/srvmaint").read_text(encoding="utf-8")
FAKE_PYTHON = """#!/bin/sh
# An interpreter of version {version}: makes environments that hold itself, and notes what is installed.
has_venv={has_venv}
case "$*" in
*"version_info[:2]"*) echo {version} ;;
*"version_info < (3, 11)"*) [ {minor} -ge 11 ] ;;
*"import ensurepip"*) [ -n "$has_venv" ] ;;
*"-m venv"*) mkdir -p .venv/bin && cp "$0" .venv/bin/python ;;
*"pip --version"*) [ -n "$has_venv" ] ;;
*"pip install"*) echo {version} "$*" >>installed.log; [ ! -e offline ] ;;
*tomllib*) echo pytest ;;
esac
"""


class Machine:
    """A checkout on a machine with nothing but a few interpreters that pretend."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "check out"
        self.bin = folder / "bin"
        self.bin.mkdir()
        (self.root / ".ci").mkdir(parents=True)
        shutil.copy(ROOT / ".ci/setup", self.root / ".ci/setup")
        for tool in ("sh", "dirname", "rm", "mkdir", "touch", "cp"):
            (self.bin / tool).symlink_to(str(shutil.which(tool)))

    def has_python(self, name: str, version: str, *, has_venv: bool = True) -> None:
        """Put an interpreter on PATH."""
        path = self.bin / name
        minor = version.partition(".")[2]
        path.write_text(FAKE_PYTHON.format(version=version, minor=minor, has_venv="yes" if has_venv else "''"))
        path.chmod(0o755)

    def sets_up(self, what: str = "program", **environ: str) -> subprocess.CompletedProcess[str]:
        """Run `.ci/setup` as make does."""
        return subprocess.run(
            ["sh", ".ci/setup", what],
            cwd=self.root,
            env={"PATH": str(self.bin)} | environ,
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def installed(self) -> list[str]:
        """The installations there were, each with the version that did it."""
        log = self.root / "installed.log"
        return log.read_text().splitlines() if log.exists() else []

    def is_ready(self) -> bool:
        """Whether make would take the environment as it is."""
        return (self.root / ".venv/.program").exists() and not (self.root / ".venv/.unfinished").exists()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine without any Python."""
    return Machine(tmp_path)


def test_setting_up_uses_the_newest_python_that_is_there(machine: Machine) -> None:
    machine.has_python("python3", "3.11")
    machine.has_python("python3.12", "3.12")
    done = machine.sets_up()
    assert done.returncode == 0, done.stderr
    assert "with python3.12;" in done.stderr
    assert machine.installed == ["3.12 -m pip install --quiet --disable-pip-version-check --editable ."]
    assert machine.is_ready()


def test_setting_up_passes_over_a_newer_python_that_cannot_make_environments(machine: Machine) -> None:
    machine.has_python("python3", "3.11")
    machine.has_python("python3.13", "3.13", has_venv=False)
    assert "with python3;" in machine.sets_up().stderr


def test_setting_up_uses_the_python_that_is_asked_for(machine: Machine) -> None:
    machine.has_python("python3.12", "3.12")
    machine.has_python("python3.13", "3.13")
    assert "with python3.12;" in machine.sets_up(PYTHON="python3.12").stderr


def test_a_python_that_is_too_old_is_named(machine: Machine) -> None:
    machine.has_python("python3", "3.10")
    done = machine.sets_up()
    assert done.returncode == 1
    assert done.stderr.startswith("srvmaint: needs Python 3.11 or newer; found 3.10. ")
    assert not (machine.root / ".venv").exists()


def test_no_python_at_all_is_said(machine: Machine) -> None:
    done = machine.sets_up()
    assert done.returncode == 1
    assert "there is no python3 on PATH" in done.stderr


@pytest.mark.parametrize(("name", "package"), [("python3", "python3-venv"), ("python3.12", "python3.12-venv")])
def test_debian_without_venv_is_told_the_one_line_that_helps(machine: Machine, name: str, package: str) -> None:
    machine.has_python("python3", "3.10")
    machine.has_python(name, "3.12", has_venv=False)
    done = machine.sets_up()
    assert done.returncode == 1
    assert done.stderr.endswith(f"    sudo apt install {package}\n")


def test_setting_up_goes_on_where_it_is_complete_and_starts_anew_where_it_was_interrupted(machine: Machine) -> None:
    machine.has_python("python3", "3.11")
    (machine.root / "offline").touch()
    assert machine.sets_up().returncode == 1
    assert not machine.is_ready()
    (machine.root / "offline").unlink()
    again = machine.sets_up()
    assert "setting up .venv" in again.stderr
    assert machine.is_ready()
    tools = machine.sets_up("tools")
    assert (tools.returncode, tools.stderr) == (0, "")
    assert machine.installed[-1].endswith("--editable . --requirement .venv/tools.txt")
    assert (machine.root / ".venv/tools.txt").read_text() == "pytest\n"


def test_an_environment_whose_python_has_gone_is_made_again(machine: Machine) -> None:
    machine.has_python("python3", "3.11")
    machine.sets_up()
    python = machine.root / ".venv/bin/python"
    python.unlink()
    python.symlink_to("/nonexistent/python3.9")
    assert "setting up .venv" in machine.sets_up().stderr
    assert machine.is_ready()


def test_make_alone_lists_every_target() -> None:
    done = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True)
    phony = re.findall(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)[0].split()
    assert set(re.findall(r"^  make (\w+) +\S", done.stdout, re.MULTILINE)) == {*phony} - {"gone"}


def test_continuous_integration_begins_with_what_the_readme_says_about_tests() -> None:
    lines = (ROOT / ".ci/run").read_text(encoding="utf-8").splitlines()
    first = next(line for line in lines if re.match(r"make |pytest|\.venv|uv |apt", line))
    assert first == "make test"
    assert "```sh\nmake test\n```" in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("script", [".ci/run", ".ci/setup", ".ci/environment", ".ci/wheel"])
def test_the_scripts_can_be_read_by_their_shells(script: str) -> None:
    shell = (ROOT / script).read_text(encoding="utf-8").partition("\n")[0].rpartition("/")[2].removeprefix("env ")
    subprocess.run([shell, "-n", script], cwd=ROOT, check=True)


def test_the_wheel_has_the_whole_package_and_nothing_else(tmp_path: Path) -> None:
    pytest.importorskip("hatchling", reason="no hatchling here: make test installs it")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, capture_output=True, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    package = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "srvmaint").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    samples = {f"srvmaint/samples/{path.name}" for path in (ROOT / "examples/webhooks").iterdir()}
    assert names == package | samples
    assert {Path(name).suffix for name in names} >= {".py", ".sql", ".j2", ".typed", ".json"}


@pytest.mark.parametrize("family", ["alerts", "checkers", "notify", "nodes"])
def test_every_driver_of_a_family_is_bound_not_to_know_the_others(family: str) -> None:
    contracts = [item for item in PYPROJECT["tool"]["importlinter"]["contracts"] if item["type"] == "independence"]
    bound = {module for item in contracts for module in item["modules"]}
    package = f"srvmaint.{family}"
    assert {f"{package}.{name}" for name in registry.names(package)} <= bound


def test_the_unit_does_not_blind_the_monitor() -> None:
    said = dict(re.findall(r"^(\w+)=(.*)$", UNIT, re.MULTILINE))
    assert (said["Type"], said["ProtectHome"]) == ("notify", "read-only")
    assert not {"PrivateTmp", "ProcSubset", "ProtectProc", "PrivateNetwork", "PrivateUsers"} & said.keys()
    assert {"WatchdogSec", "ExecReload", "StateDirectory", "ConfigurationDirectory"} <= said.keys()
    assert "AF_NETLINK" in said["RestrictAddressFamilies"]


def test_systemd_takes_the_unit_and_finds_it_tight(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd-analyze here: apt-get install systemd")
    unit = tmp_path / "srvmaint.service"
    unit.write_text(UNIT.replace("/opt/srvmaint/bin/srvmaint", "/bin/true"))
    verified = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False)
    if "Failed to" in verified.stderr:
        pytest.skip(f"systemd-analyze does not work here: {verified.stderr.strip()}")
    assert (verified.returncode, verified.stderr) == (0, "")
    security = ["systemd-analyze", "security", "--offline=true", "--threshold=25", "--no-pager", str(unit)]
    judged = subprocess.run(security, capture_output=True, text=True, check=False)
    if "unrecognized option" in judged.stderr:
        pytest.skip("this systemd-analyze is older than 250: it cannot judge a file")
    assert judged.returncode == 0, judged.stdout[-300:]


def test_alertmanager_takes_its_example() -> None:
    if shutil.which("amtool") is None:
        pytest.skip("no amtool here: apt-get install prometheus-alertmanager")
    subprocess.run(["amtool", "check-config", "examples/alertmanager.yml"], cwd=ROOT, capture_output=True, check=True)


def cron_jobs() -> list[str]:
    """The commands of the crontab, as sh gets them."""
    lines = [line for line in CRON.splitlines() if re.match(r"[*\d]", line)]
    assert all("%" not in line for line in lines), "cron makes a newline of %"
    return [re.split(r"\s+", line, maxsplit=6)[6] for line in lines]


def run_job(job: str, folder: Path, **tools: str) -> str:
    """What a job prints, with srvmaint and the given scripts on PATH."""
    for name, text in {"srvmaint": f'exec {sys.executable} -m srvmaint "$@"', **tools}.items():
        (folder / name).write_text(f"#!/bin/sh\n{text}\n")
        (folder / name).chmod(0o755)
    environ = {"PATH": f"{folder}:/usr/bin:/bin", "HOME": str(folder), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(["sh", "-c", job], cwd=folder, env=environ, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return done.stdout


def test_the_cron_job_that_looks_is_silent_while_all_is_well(tmp_path: Path) -> None:
    look, _, _ = cron_jobs()
    assert run_job(look, tmp_path, srvmaint='[ "$*" = check ] && echo all is well') == ""
    assert run_job(look, tmp_path, srvmaint="echo memory is full; exit 2") == "memory is full\n"


def test_the_cron_job_for_prometheus_leaves_a_whole_file(tmp_path: Path) -> None:
    _, measure, _ = cron_jobs()
    assert run_job(measure.replace("/var/lib/prometheus/node-exporter", str(tmp_path)), tmp_path) == ""
    assert 'srvmaint_check_status{check="memory"}' in (tmp_path / "srvmaint.prom").read_text()
    assert not (tmp_path / "srvmaint.tmp").exists()


@pytest.mark.parametrize(("ends_with", "status"), [("true", AlertStatus.RESOLVED), ("false", AlertStatus.FIRING)])
def test_the_cron_job_that_reports_itself_sends_what_the_generic_driver_reads(
    tmp_path: Path, ends_with: str, status: AlertStatus
) -> None:
    *_, report = cron_jobs()
    curl = 'while [ "$1" != -d ]; do shift; done; printf %s "$2"'
    body: Any = json.loads(
        run_job(report, tmp_path, **{"run-backup": ends_with, "curl": curl, "hostname": "echo nas-1"})
    )
    (alert,) = generic.Driver().parse(body).alerts
    assert (alert.name, alert.status, alert.fingerprint) == ("Nightly backup", status, "backup")
    assert alert.labels["instance"] == "nas-1"
