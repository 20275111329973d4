from __future__ import annotations

import os
from pathlib import Path

import pytest

from srvmaint.host import packages
from srvmaint.host.linux import LinuxHost
from tests.fakes import START, FakeClock

APT = """NOTE: This is only a simulation!
Reading package lists...
The following packages will be upgraded:
  libssl3 vim zip
Inst libssl3 [3.0.11-1] (3.0.15-1~deb12u1 Debian-Security:12/stable-security [amd64])
Inst linux-image-6.1.0-28-amd64 (6.1.119-1 Debian:12.8/stable, Debian-Security:12/stable-security [amd64])
Inst vim [2:9.0.1] (2:9.0.2 Debian:12.8/stable [amd64]) []
Inst zip [3.0-11] (3.0-13 Ubuntu:24.04/noble-security [amd64])
Conf libssl3 (3.0.15-1~deb12u1 Debian-Security:12/stable-security [amd64])
"""
DNF = """
kernel.x86_64                 5.14.0-503.el9          baseos
openssl-libs.x86_64           1:3.2.2-6.el9_5         baseos
tzdata.noarch                 2024b-2.el9             baseos
Obsoleting Packages
grub2-tools.x86_64            1:2.06-90.el9           baseos
    grub2-tools.x86_64        1:2.06-80.el9           @anaconda
"""


def host_with(root: Path, **programs: str) -> LinuxHost:
    folder = root / "bin"
    folder.mkdir()
    for name, script in programs.items():
        program = folder / name.replace("_", "-")
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
    (root / "uptime").write_text("5000 1\n")
    return LinuxHost(FakeClock(), root=str(root), proc=str(root), programs=(str(folder),))


def test_what_apt_would_install_is_read_and_what_closes_a_hole_is_told_apart() -> None:
    names, security = packages.apt_updates(APT)
    assert names == ("libssl3", "linux-image-6.1.0-28-amd64", "vim", "zip")
    assert security == ("libssl3", "linux-image-6.1.0-28-amd64", "zip")


def test_what_dnf_would_install_is_read_and_what_it_obsoletes_is_no_update() -> None:
    assert packages.dnf_updates(DNF) == ("kernel", "openssl-libs", "tzdata")
    assert packages.dnf_updates("") == ()


def test_apt_is_asked_without_a_lock_and_its_lists_have_an_age(tmp_path: Path) -> None:
    (tmp_path / "out").write_text(APT)
    host = host_with(tmp_path, apt_get=f'case "$*" in *NoLocking*dist-upgrade) cat {tmp_path}/out;; *) exit 9;; esac')
    lists = tmp_path / "var/lib/apt/lists"
    lists.mkdir(parents=True)
    os.utime(lists, (START / 1000 - 7200, START / 1000 - 7200))
    found = host.updates()
    assert found is not None
    assert (found.manager, len(found.names), len(found.security), found.lists_age_s) == ("apt", 4, 3, 7200)


def test_dnf_is_asked_twice_and_from_its_cache_alone(tmp_path: Path) -> None:
    (tmp_path / "out").write_text(DNF)
    plain, cached = f"cat {tmp_path}/out; exit 100", "--cacheonly --quiet check-update"
    script = f'case "$*" in "{cached} --security") exit 0;; "{cached}") {plain};; esac; exit 9'
    found = host_with(tmp_path, dnf=script).updates()
    assert found == packages.Updates("dnf", ("kernel", "openssl-libs", "tzdata"), (), None)


@pytest.mark.parametrize("program", ["apt_get", "dnf"])
def test_a_package_manager_that_fails_is_an_error_with_its_words(tmp_path: Path, program: str) -> None:
    host = host_with(tmp_path, **{program: "echo E: broken >&2; exit 1"})
    with pytest.raises(OSError, match=r"ended with 1: E: broken"):
        host.updates()


def test_without_any_there_are_no_updates(tmp_path: Path) -> None:
    assert host_with(tmp_path).updates() is None


def test_the_stamp_changes_when_packages_or_lists_do(tmp_path: Path) -> None:
    host = host_with(tmp_path)
    status = tmp_path / "var/lib/dpkg/status"
    status.parent.mkdir(parents=True)
    before = host.packages_stamp()
    assert host.packages_stamp() == before
    status.write_text("")
    assert host.packages_stamp() != before


@pytest.mark.parametrize(
    ("running", "installed", "newest"),
    [
        ("6.1.0-9-amd64", ("6.1.0-9-amd64", "6.1.0-18-amd64", "6.1.0-20-cloud-amd64"), "6.1.0-18-amd64"),
        ("5.15.0-91-generic", ("5.15.0-100-generic", "6.5.0-1-lowlatency"), "5.15.0-100-generic"),
        ("5.14.0-427.el9.x86_64", ("5.14.0-503.11.1.el9_5.x86_64",), "5.14.0-503.11.1.el9_5.x86_64"),
        ("6.18.44-fc", ("6.1.0-18-amd64",), ""),
        ("6.1.0-9-amd64", (), ""),
    ],
)
def test_kernels_are_compared_by_number_and_only_with_their_kind(
    running: str, installed: tuple[str, ...], newest: str
) -> None:
    assert packages.newest_kernel(running, installed) == newest


def test_numbers_are_numbers() -> None:
    assert packages.is_newer("6.1.0-18-amd64", "6.1.0-9-amd64")
    assert not packages.is_newer("6.1.0-9-amd64", "6.1.0-18-amd64")


def test_the_flag_and_who_raised_it_are_read(tmp_path: Path) -> None:
    host = host_with(tmp_path)
    assert not host.reboot().is_flagged
    (tmp_path / "run").mkdir()
    flag = tmp_path / "run/reboot-required"
    flag.write_text("*** System restart required ***\n")
    os.utime(flag, (START / 1000 - 600, START / 1000 - 600))
    (tmp_path / "run/reboot-required.pkgs").write_text("libc6\ndbus\nlibc6\n")
    found = host.reboot()
    assert (found.is_flagged, found.age_s, found.packages, found.uptime_s) == (True, 600, ("libc6", "dbus"), 5000)


def test_installed_kernels_are_those_that_can_be_booted(tmp_path: Path) -> None:
    (tmp_path / "boot").mkdir()
    for name in ("vmlinuz-6.1.0-18-amd64", "vmlinuz-linux", "initrd.img-6.1.0-18-amd64"):
        (tmp_path / "boot" / name).touch()
    for release, files in (("6.12.1-arch1-1", ("vmlinuz",)), ("6.1.0-9-amd64", ())):
        folder = tmp_path / "usr/lib/modules" / release
        folder.mkdir(parents=True)
        for name in files:
            (folder / name).touch()
    assert packages.installed_kernels(str(tmp_path)) == ("6.1.0-18-amd64", "6.12.1-arch1-1")
