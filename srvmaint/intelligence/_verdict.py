"""Whether the host confirms what an alert says. Pure: alerts and evidence in, a verdict and its reason out.

Careful on purpose: "contradicted" is said only when the alert names this host, its name says what it is about, and the
matching figure is clearly good. Everything less is "unverified", with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from srvmaint.intelligence._family import Reading
from srvmaint.intelligence._topics import Topic, hosts_of, relevant, topics
from srvmaint.model import Alert, AlertStatus, CheckResult, CheckStatus, Verdict

Judgement = tuple[Verdict, str]
"""What the host says, and why."""


def judge(alerts: Sequence[Alert], evidence: Sequence[CheckResult], is_this_host: Callable[[str], bool]) -> Judgement:
    """What this host says about these alerts together.

    One confirmed alert confirms them all; otherwise they must agree, else the verdict is "unverified". Alerts that are
    over speak only when all of them are; then "confirmed" means that the host agrees it is over.
    """
    going_on = tuple(alert for alert in alerts if alert.status is not AlertStatus.RESOLVED)
    looked_at = relevant(going_on or tuple(alerts))
    if not looked_at:
        return Verdict.UNVERIFIED, "there is no alert to hold against the host"
    by_checker = {result.checker: result for result in evidence}
    decisive = Verdict.CONFIRMED if going_on else Verdict.CONTRADICTED
    return _combine([_judge_one(alert, by_checker, is_this_host) for alert in looked_at], decisive)


def _combine(found: list[Judgement], decisive: Verdict = Verdict.CONFIRMED) -> Judgement:
    """One decisive verdict decides; otherwise all must agree."""
    verdicts = {verdict for verdict, _ in found}
    if len(verdicts) == 1:
        return found[0]
    for verdict in (decisive, Verdict.UNVERIFIED):
        if verdict in verdicts:
            return verdict, next(reason for candidate, reason in found if candidate is verdict)
    return Verdict.UNVERIFIED, "; ".join(dict.fromkeys(reason for _, reason in found))


def _judge_one(alert: Alert, evidence: dict[str, CheckResult], is_this_host: Callable[[str], bool]) -> Judgement:
    hosts = hosts_of(alert)
    if hosts and not any(is_this_host(host) for host in hosts):
        return Verdict.NOT_THIS_HOST, f"the alert is about {hosts[0]}"
    about = topics(alert)
    if not about:
        return Verdict.UNVERIFIED, "no checker here looks at what this alert is about"
    return _combine([_judge_topic(alert, topic, topic.family.find(evidence), named=bool(hosts)) for topic in about])


def _judge_topic(alert: Alert, topic: Topic, result: CheckResult | None, *, named: bool) -> Judgement:
    if result is None:
        return Verdict.UNVERIFIED, f"no {topic.family.checker} check ran"
    reading = topic.family.read(alert, result)
    if reading.status in (CheckStatus.UNKNOWN, CheckStatus.SKIPPED):
        return Verdict.UNVERIFIED, reading.text
    if not named:
        return Verdict.UNVERIFIED, f"the alert names no host; here: {reading.text}"
    if alert.status is AlertStatus.RESOLVED:
        return _judge_end(reading)
    if reading.status is not CheckStatus.OK:
        return Verdict.CONFIRMED, reading.text
    return _judge_ok(topic, reading)


def _judge_end(reading: Reading) -> Judgement:
    """An alert that says it is over is confirmed by a healthy host."""
    if reading.status is CheckStatus.OK:
        return Verdict.CONFIRMED, reading.text
    return Verdict.CONTRADICTED, f"still: {reading.text}"


def _judge_ok(topic: Topic, reading: Reading) -> Judgement:
    if not topic.sure:
        return Verdict.UNVERIFIED, f"the alert's name does not say what it is about; {reading.text}"
    if not topic.settled_by_ok:
        return Verdict.UNVERIFIED, f"that all is well now does not settle it; {reading.text}"
    if reading.near:
        return Verdict.UNVERIFIED, f"close to the level here; {reading.text}"
    return Verdict.CONTRADICTED, reading.text
