from __future__ import annotations

from srvmaint.model import AlertStatus, Message, Severity, Verdict
from srvmaint.notify._compose import headline
from srvmaint.notify._render import renderer
from srvmaint.notify._text import plain
from tests.notify.messages import EVIDENCE, NOW, TRACE, alert, hostile, long, message, storm

render = renderer("console.txt.j2", plain)


def lines(sent: Message) -> list[str]:
    return render(sent).split("\n")


def test_a_firing_message_reads_from_what_over_evidence_to_what_to_do() -> None:
    assert (
        render(message())
        == """\
[CRITICAL] DiskSpaceLow /var · db1 · confirmed
Filesystem /var on db1 has 3.9 % left and fills up in about 2 hours.
Labels: job=node, mountpoint=/var
Firing since 2025-10-09 08:41 UTC (12 min).

Evidence on db1 (the disk check is critical here as well):
  CRITICAL  disk: /var is 96.1 % full, 1.9 GB of 49 GB left
      31.2 GB  /var/lib/postgresql/16/main/pg_wal
       9.8 GB  /var/log/journal
       2.1 GB  /var/cache/apt
  WARNING  memory: 83 % used, 2.6 GB available
      6.1 GB  postgres (pid 812)
  OK  cpu: 7 % busy

What to do:
  1. Find out why PostgreSQL keeps its write-ahead log (high)
     pg_wal holds 31.2 GB. The usual reason is a replication slot whose consumer is gone.
     - SELECT slot_name, active FROM pg_replication_slots;
     - drop the slot that is not active any more
  2. Shrink the journal (medium)
     - journalctl --vacuum-size=1G

Incident: https://srvmaint.example.com/incidents/01j9qf3m8vbn4k2x/
Runbook: https://wiki.example.com/runbooks/disk?host=db1&page=2
Source: https://prometheus.example.com/graph?g0.expr=node_filesystem_avail_bytes+%3C+5

Analysis: local rules
trace 4bf92f3577b34da6a3ce929d0e0e4736"""
    )


def test_the_first_line_is_the_headline_and_the_last_one_the_trace() -> None:
    for sent in (message(), storm(), message(kind="test", alerts=(), alerts_total=0, evidence=())):
        assert lines(sent)[0] == sent.headline
        assert lines(sent)[-1] == f"trace {TRACE}"


def test_a_resolved_message_says_first_how_long_it_lasted() -> None:
    sent = message(
        kind="resolved", status="resolved", resolved_at=NOW - 60_000, alerts=(alert(status=AlertStatus.RESOLVED),)
    )
    assert lines(sent)[:3] == [
        "[RESOLVED] DiskSpaceLow /var · db1 · confirmed",
        "Resolved after 11 min: fired 2025-10-09 08:41 UTC, resolved 2025-10-09 08:52 UTC.",
        "It was: Filesystem /var on db1 has 3.9 % left and fills up in about 2 hours.",
    ]


def test_what_has_changed_comes_before_what_is_known_already() -> None:
    assert lines(message(kind="acknowledged"))[1] == "Acknowledged. Firing since 2025-10-09 08:41 UTC (12 min)."
    changed = message(kind="severity_changed", severity=Severity.WARNING)
    assert lines(changed)[1] == "Severity is now warning. Firing since 2025-10-09 08:41 UTC (12 min)."


def test_a_test_message_says_that_nothing_is_wrong() -> None:
    sent = message(
        kind="test",
        title="Test message",
        severity=Severity.INFO,
        host="mon1",
        verdict=Verdict.UNVERIFIED,
        verdict_reason="",
        alerts=(),
        alerts_total=0,
        evidence=(),
        recommendations=(),
        analysis="",
        links={},
    )
    assert lines(sent) == [
        "[INFO] Test message · mon1 · unverified",
        "This is a test. Nothing is wrong.",
        "",
        f"trace {TRACE}",
    ]


def test_there_is_never_an_empty_section_or_two_blank_lines() -> None:
    bare = message(alerts=(), alerts_total=0, evidence=(), recommendations=(), analysis="", links={})
    for sent in (message(), storm(), bare, hostile(), long(), message(started_at=None, verdict_reason="")):
        text = render(sent)
        assert "\n\n\n" not in text
        assert ":\n\n" not in text
        assert not text.endswith("\n")


def test_a_hundred_alerts_are_ten_lines_firing_before_resolved_and_a_count() -> None:
    text = render(storm())
    assert "100 alerts:\n  CRITICAL  TargetDown web0:9100: web0 has been unreachable for 5 minutes.\n" in text
    assert text.count("TargetDown web") == 10
    assert "  and 90 more\n" in text
    assert "RESOLVED" not in text


def test_some_resolved_alerts_are_counted() -> None:
    alerts = (alert("A"), alert("B", status=AlertStatus.RESOLVED, description="gone"))
    text = render(message(alerts=alerts, alerts_total=2))
    assert "2 alerts, 1 of them resolved:\n  CRITICAL  A db1:9100: Filesystem" in text
    assert "  RESOLVED  B db1:9100: gone\n" in text


def test_a_description_all_alerts_share_is_said_once() -> None:
    text = render(message(alerts=(alert("A"), alert("B")), alerts_total=2))
    assert text.count("Filesystem /var on db1") == 1
    assert "  CRITICAL  A db1:9100\n  CRITICAL  B db1:9100\n" in text


def test_evidence_from_another_host_is_never_taken_for_the_alerts_own() -> None:
    sent = message(host="db9", verdict=Verdict.NOT_THIS_HOST, evidence_host="mon1")
    assert "Evidence from mon1, where srvmaint runs, NOT from db9:\n" in render(sent)


def test_without_evidence_the_verdict_still_has_its_reason() -> None:
    sent = message(evidence=(), verdict=Verdict.UNVERIFIED, verdict_reason="no checker knows this kind of alert")
    assert "Unverified: no checker knows this kind of alert." in lines(sent)
    assert "Evidence" not in render(sent)


def test_details_of_what_is_well_are_left_out() -> None:
    assert "pg_wal" in render(message())
    assert "OK  cpu: 7 % busy\n" in render(message(evidence=EVIDENCE[:1]))


def test_each_address_is_given_once() -> None:
    same = {"incident": "https://s/1", "runbook_url": "https://wiki.example.com/runbooks/disk?host=db1&page=2"}
    text = render(message(links=same, alerts=(alert(), alert("B")), alerts_total=2))
    assert text.count("Runbook: ") == 1
    assert text.count("Source: ") == 1


def test_newlines_in_a_title_do_not_make_a_second_first_line() -> None:
    assert lines(message(title="a\nb\r\n\tc"))[0] == "[CRITICAL] a b c · db1 · confirmed"


def test_a_long_title_gives_way_before_the_host_and_the_verdict_do() -> None:
    short = headline(message(title="word " * 200), 150)
    assert len(short) <= 150
    assert short.endswith("… · db1 · confirmed")
    assert len(headline(long(), 150)) <= 150


def test_even_the_longest_message_stays_readable() -> None:
    assert len(render(long())) < 30_000
