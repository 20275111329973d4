"""What the evidence about other machines says about alerts that name them, or do not."""

from __future__ import annotations

import pytest

from srvmaint.intelligence import Subject
from srvmaint.intelligence._family import near_level
from srvmaint.intelligence._targets import read_targets
from srvmaint.intelligence._topics import families
from srvmaint.intelligence._verdict import judge
from srvmaint.intelligence.local import Config, Driver
from srvmaint.model import CheckResult, CheckStatus, Metric, Priority, Verdict
from tests.intelligence.alerts import alert

FINE = CheckResult(
    "network",
    CheckStatus.OK,
    "all 2 hosts answer, slowest: db-1 (192.0.2.1) answers in 3 ms (icmp socket)",
    (Metric("loss:db-1", 0, "%", 40, 80), Metric("loss:db-2", 0, "%", 40, 80)),
    details=("db-1 (192.0.2.1) answers in 3 ms (icmp socket)", "db-2 answers in 1 ms (icmp socket)"),
    id="e1",
)
BAD = CheckResult(
    "network",
    CheckStatus.CRITICAL,
    "db-2 does not answer within 5 s (icmp socket)",
    (Metric("loss:db-2", 100, "%", 40, 80), Metric("loss:db-1", 0, "%", 40, 80)),
    details=("db-2 does not answer within 5 s (icmp socket)", "db-1 (192.0.2.1) answers in 3 ms (icmp socket)"),
    id="e2",
)


def test_all_is_well_contradicts_an_alert_only_about_what_was_looked_at() -> None:
    about = read_targets(alert("PacketLoss", labels={"target": "db-1:9100"}), FINE)
    assert (about.status, about.text) == (CheckStatus.OK, "db-1 (192.0.2.1) answers in 3 ms (icmp socket)")
    other = read_targets(alert("PacketLoss", labels={"target": "db-7"}), FINE)
    assert other.status is CheckStatus.UNKNOWN
    assert other.text.startswith("the alert names nothing that the network checker looks at; all 2 hosts")


def test_trouble_confirms_unless_the_alert_names_one_that_is_well() -> None:
    assert read_targets(alert("PacketLoss"), BAD).status is CheckStatus.CRITICAL
    hit = read_targets(alert("PacketLoss", description="packets to 'db-2' get lost"), BAD)
    assert (hit.status, hit.text) == (CheckStatus.CRITICAL, BAD.message)
    assert read_targets(alert("PacketLoss", labels={"to": "https://DB-1/"}), BAD).status is CheckStatus.OK


def test_the_verdict_follows() -> None:
    def verdict(result: CheckResult, **labels: str) -> Verdict:
        told = alert("PacketLoss", labels={"instance": "web-1", **labels})
        return judge([told], [result], lambda host: host == "web-1")[0]

    assert verdict(FINE, target="db-1") is Verdict.CONTRADICTED
    assert verdict(FINE) is Verdict.UNVERIFIED
    assert verdict(BAD) is Verdict.CONFIRMED
    assert verdict(BAD, target="db-1") is Verdict.CONTRADICTED


@pytest.mark.parametrize(("days", "near"), [(15, True), (14, True), (16, False), (80, False)])
def test_a_level_that_is_reached_from_above_is_near_from_above(days: float, near: bool) -> None:  # noqa: FBT001 - a fact
    assert near_level(Metric("days_left:a", days, "", 14, 7, low=True)) is near


def result(checker: str, message: str, status: CheckStatus = CheckStatus.CRITICAL) -> CheckResult:
    return CheckResult(checker, status, message, id="e9")


@pytest.mark.parametrize(
    ("found", "title", "action"),
    [
        (BAD, "how far packets get", "mtr -rwc 20 db-2"),
        (result("network", "db-9 cannot be found: name or service not known"), "packets", "getent hosts db-9"),
        (result("network", "a cannot be reached: this machine has no route to its network"), "packets", "ip route"),
        (result("certificate", "www:443 expired 2 days ago, on x (issued by y)"), "clients refuse it", "certbot"),
        (
            result("certificate", "www:443 expires in 5 days, on x (issued by y)", CheckStatus.WARNING),
            "before it expires",
            "openssl s_client -connect www:443 ",
        ),
        (result("certificate", "w:1 shows a certificate for a and not for w; it expires"), "another name", "SNI"),
        (result("certificate", "w:1 shows a chain that is broken at X: the"), "chain", "fullchain.pem"),
        (result("http", "http://w/ answers 502"), "which layer", "upstream"),
        (result("http", "http://w/ refuses the connection"), "which layer", "ss -ltnp"),
        (result("http", "http://w/ shows a certificate that does not hold: x"), "which layer", "certificate checker"),
        (
            result("http", "http://w/ answers 200 in 9 s", CheckStatus.WARNING),
            "slowly",
            "curl -sSvo /dev/null http://w/",
        ),
        (result("tcp", "db:1 refuses the connection"), "takes no connections", "bind address"),
        (result("tcp", "db:1 does not answer within 5 s"), "takes no connections", "firewall"),
        (result("tcp", "db:1 says 'x' and not 'y'"), "takes no connections", "own log"),
        (result("dns", "w resolves wrongly: s says a, expected b"), "wrong place", "dig +trace w"),
        (result("dns", "w resolves to a, but not everywhere: s: x", CheckStatus.WARNING), "its part", "5 s"),
        (result("dns", "w does not resolve: s: x"), "does not resolve", "dig @$s w"),
        (result("timesync", "nothing keeps the clock (says x)", CheckStatus.WARNING), "keep the clock", "chrony"),
        (result("timesync", "the clock is kept, 9 s behind (says x)"), "clock right", "makestep"),
    ],
)
async def test_trouble_has_its_own_first_steps(found: CheckResult, title: str, action: str) -> None:
    [advice] = await Driver(Config()).analyze(Subject("x", ()), [found])
    assert title in advice.title
    assert action in " ".join(advice.actions)
    assert advice.evidence == (found.id,)
    assert advice.priority is (Priority.CRITICAL if found.status is CheckStatus.CRITICAL else Priority.HIGH)


def test_every_family_says_where_to_look_on_another_machine() -> None:
    assert all(family.look for family in families())
