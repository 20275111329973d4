"""How long certificates are good for: those that servers show, and those in files.

What a server shows is also held against its name and against what this machine trusts; what is wrong is named, and the
time that is left is told all the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, NamedTuple

from srvmaint.checkers import Needs
from srvmaint.checkers._address import HostPort
from srvmaint.checkers._looks import GRACE_S, SUBJECTS, Look, answered, subject_problems, together
from srvmaint.clock import iso
from srvmaint.host.files import beginning, matches
from srvmaint.host.patience import Patience
from srvmaint.host.readings import Host
from srvmaint.host.sockets import Deadline
from srvmaint.host.tls import Shown, Trust, show
from srvmaint.host.x509 import Certificate, pem_blocks
from srvmaint.model import CheckResult, CheckStatus, Metric
from srvmaint.settings import Duration, setting

NEEDS: Final = Needs(
    files=("/etc/resolv.conf", "/etc/hosts", "/etc/ssl/certs", "<targets.ca_file>", "<files>"),
    capabilities=("AF_INET", "AF_INET6"),
)
PORT: Final = 443
_DAY_MS: Final = 86_400_000
_LARGEST: Final = 1_048_576
"""Bytes of a file that are read: a bundle of all the world's authorities has a quarter of that."""
_EXPIRED, _NOT_YET, _SELF, _SELF_IN_CHAIN, _NO_ISSUER, _NO_FIRST, _NAME, _ADDRESS = 10, 9, 18, 19, 20, 21, 62, 64
"""X509_V_ERR_*: https://docs.openssl.org/3.0/man3/X509_STORE_CTX_get_error/."""


@dataclass(frozen=True, slots=True)
class Target:
    """One server that speaks TLS from the first byte."""

    address: HostPort = setting(help="where it listens; without a port: 443", example="www.example.org")
    server_name: str = setting(
        "", help="the name it is asked for and held against (SNI); default: the host of the address"
    )
    ca_file: str = setting(
        "", help="certificates that are trusted instead of this machine's", example="/etc/ssl/ca.pem"
    )


@dataclass(frozen=True, slots=True)
class Config:
    """Which certificates, and their levels."""

    targets: tuple[Target, ...] = setting(
        (),
        help="servers whose certificates are looked at, one table each",
        example=[{"address": "www.example.org"}, {"address": "192.0.2.25:993", "server_name": "mail.example.org"}],
    )
    files: tuple[str, ...] = setting(
        (),
        help="PEM files whose certificates are looked at; may hold wildcards",
        example=("/etc/ssl/private/mail.pem", "/etc/letsencrypt/live/*/fullchain.pem"),
    )
    warning: int = setting(14, help="days left that are a warning", minimum=1, maximum=3650)
    critical: int = setting(7, help="days left that are critical", minimum=0, maximum=3650)
    timeout: Duration = setting(
        Duration(5),
        help="from then on a server does not answer, which is critical; below [checkers] timeout",
        minimum=0.05,
        maximum=300,
    )

    def problems(self) -> list[str]:
        """Why these settings do not fit together."""
        found = []
        if self.warning <= self.critical:
            found.append(f"warning ({self.warning} days left) must be above critical ({self.critical} days left)")
        if not self.targets and not self.files:
            found.append('there is nothing to look at: give targets = [{ address = "www.example.org" }] or files')
        if self.targets:
            found += subject_problems("targets", tuple(map(_name, self.targets)), "")
        if self.files:
            found += subject_problems("files", self.files, "")
        return found + [f"file {path!r} must be absolute: start it with /" for path in self.files if path[:1] != "/"]


class _Held(NamedTuple):
    """What a file holds: certificates, or the reason why none can be spoken of."""

    certificates: tuple[Certificate, ...] = ()
    trouble: str = ""
    is_unknown: bool = False


class _Files(NamedTuple):
    """What a pattern gave, by path."""

    held: dict[str, _Held]


Found = Shown | _Files


class Driver:
    """Looks at all servers and files side by side."""

    def __init__(self, config: Config, host: Host) -> None:
        self._config = config
        self._clock = host.clock
        self._patience: Patience[Found] = Patience(config.timeout + GRACE_S, self._clock.monotonic)

    def check(self) -> CheckResult:
        """Look now."""
        targets = {_name(target): target for target in self._config.targets}
        trust = Trust()
        calls: dict[str, Callable[[], Found]] = {
            name: partial(self._ask, target, trust) for name, target in targets.items()
        }
        calls |= {path: partial(_read, path) for path in self._config.files}
        found: dict[str, Found]
        found, looks = answered(self._patience.gather(calls))
        for name, seen in found.items():
            if isinstance(seen, _Files):
                looks += [self._judge_file(path, held) for path, held in seen.held.items()]
            else:
                looks.append(self._judge(name, targets[name], seen))
        return together("certificate", looks, "certificates are good, first to end")

    def _ask(self, target: Target, trust: Trust) -> Found:
        where = target.address.host, target.address.port or PORT
        deadline = Deadline(self._config.timeout, self._clock.monotonic)
        return show(where, _expected(target), target.ca_file, trust, deadline)

    def _judge(self, name: str, target: Target, seen: Shown) -> Look:
        if seen.certificate is None:
            return Look(CheckStatus.CRITICAL, f"{name} {seen.trouble}")
        look = self._time_left(name, seen.certificate)
        wrong = _distrust(seen, seen.certificate, _expected(target), self._clock.now())
        if not wrong:
            return look
        return look._replace(
            status=CheckStatus.CRITICAL, text=f"{name} {'; '.join(wrong)}; it {look.text.partition(f'{name} ')[2]}"
        )

    def _judge_file(self, path: str, held: _Held) -> Look:
        if held.trouble:
            return Look(CheckStatus.UNKNOWN if held.is_unknown else CheckStatus.CRITICAL, f"{path} {held.trouble}")
        first = min(held.certificates, key=lambda each: each.not_after)
        look = self._time_left(path, first)
        return look._replace(text=f"{path}: {first.shown} {look.text.partition(f'{path} ')[2]}")

    def _time_left(self, name: str, certificate: Certificate) -> Look:
        now = self._clock.now()
        days = (certificate.not_after - now) / _DAY_MS
        levels = float(self._config.warning), float(self._config.critical)
        metric = Metric(f"days_left:{name}", round(days, 1), "", *levels, low=True)
        until = (iso(certificate.not_after) or "")[:10]
        if days < 0:
            status, text = CheckStatus.CRITICAL, f"expired {_days(-days)} ago, on {until}"
        elif certificate.not_before > now:
            begins = (iso(certificate.not_before) or "")[:10]
            status, text = CheckStatus.CRITICAL, f"is not valid before {begins}"
        else:
            status = CheckStatus.CRITICAL if days <= self._config.critical else CheckStatus.OK
            if days <= self._config.warning and status is CheckStatus.OK:
                status = CheckStatus.WARNING
            text = f"expires in {_days(days)}, on {until}"
        return Look(status, f"{name} {text} (issued by {certificate.issuer or 'nobody named'})", (metric,), -days)


def _read(pattern: str) -> Found:
    """The certificates of all files a pattern means."""
    paths = [seen.path for seen in matches(pattern).files]
    if not paths:
        return _Files({pattern: _Held(trouble="does not exist, or matches no file")})
    found = {path: _held(path) for path in sorted(paths)[:SUBJECTS]}
    if len(paths) > SUBJECTS:
        found[pattern] = _Held(trouble=f"matches {len(paths)} files: only {SUBJECTS} were read", is_unknown=True)
    return _Files(found)


def _held(path: str) -> _Held:
    try:
        certificates = pem_blocks(beginning(path, _LARGEST))
    except OSError as error:
        return _Held(trouble=f"cannot be read: {(error.strerror or str(error)).lower()}", is_unknown=True)
    except ValueError as error:
        return _Held(trouble=f"holds {error}")
    return _Held(tuple(certificates)) if certificates else _Held(trouble="holds no certificate (PEM)")


def _distrust(seen: Shown, certificate: Certificate, name: str, now: int) -> list[str]:
    """What is wrong with a certificate besides its own dates: its name, its chain."""
    found = []
    if seen.distrust in (_NAME, _ADDRESS) or (seen.distrust and not certificate.is_for(name)):
        names = ", ".join(certificate.names[:4]) or "no name"
        more = f" and {len(certificate.names) - 4} more" if len(certificate.names) > 4 else ""  # noqa: PLR2004 - four are shown
        found.append(f"shows a certificate for {names}{more} and not for {name}")
    is_in_time = certificate.not_before <= now < certificate.not_after
    if seen.distrust == _SELF:
        found.append("shows a certificate that is signed by itself and not trusted here")
    elif seen.distrust == _SELF_IN_CHAIN:
        found.append("shows a chain that ends in an authority that is not trusted here")
    elif seen.distrust in (_NO_ISSUER, _NO_FIRST):
        issuer = certificate.issuer or "its issuer"
        found.append(
            f"shows a chain that is broken at {issuer}: the server does not send that certificate, or this machine does"
            " not trust it"
        )
    elif seen.distrust in (_EXPIRED, _NOT_YET):
        found += ["shows a chain of which another certificate is out of its time"] if is_in_time else []
    elif seen.distrust not in (0, _NAME, _ADDRESS):
        found.append(f"shows a certificate that does not hold: {seen.distrust_words.lower()}")
    return found


def _expected(target: Target) -> str:
    return target.server_name or target.address.host


def _name(target: Target) -> str:
    """The address; with the name that is asked for where it is another."""
    return f"{target.address} ({target.server_name})" if target.server_name else str(target.address)


def _days(days: float) -> str:
    whole = int(days)
    return "less than a day" if whole < 1 else "1 day" if whole == 1 else f"{whole} days"
