from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from srvmaint import registry
from srvmaint.checkers import PACKAGE as CHECKERS
from srvmaint.intelligence._family import read_text
from srvmaint.intelligence._topics import families, host_of, hosts_of, topics
from srvmaint.intelligence.rules import PACKAGE
from tests.intelligence.alerts import alert


def about(name: str, **more: str) -> set[str]:
    description = more.pop("description", "")
    return {topic.family.type for topic in topics(alert(name, labels=more, description=description))}


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("HighMemoryUsage", "memory"),
        ("HostOutOfMemory", "memory"),
        ("node_memory_MemAvailable_bytes low", "memory"),
        ("OOMKilled", "memory"),
        ("host-swap-full", "memory"),
        ("DiskWillFillIn4Hours", "disk"),
        ("node_filesystem_avail", "disk"),
        ("FS [/data]: Space is critically low (used > 90%)", "disk"),
        ("HostOutOfInodes", "disk"),
        ("No space left on device", "disk"),
        ("HostUnusualDiskReadLatency", "io"),
        ("DiskIOSaturation", "io"),
        ("NodeSystemdServiceFailed", "service"),
        ("SystemdUnitFailed", "service"),
        ("Process down: nginx", "process"),
        ("ProcessNotRunning", "process"),
        ("HostHighCpuLoad", "cpu"),
        ("CPUThrottlingHigh", "cpu"),
        ("NodeLoadAverageHigh", "cpu"),
        ("node_load5 > 4", "cpu"),
        ("Load average is too high", "cpu"),
        ("Processor load is too high on web-1", "cpu"),
        ("HostPacketLoss", "network"),
        ("Ping to gateway failed", "network"),
        ("Network unreachable", "network"),
        ("BlackboxSslCertificateWillExpireSoon", "certificate"),
        ("TLS certificate of www expires", "certificate"),
        ("CertManagerCertExpirySoon", "certificate"),
        ("BlackboxProbeFailed", "http"),
        ("BlackboxProbeHttpFailure", "http"),
        ("Website down", "http"),
        ("Port closed on db-1", "service"),
        ("DNS lookup failed", "dns"),
        ("Temporary failure in name resolution", "dns"),
        ("NodeClockSkewDetected", "timesync"),
        ("NodeClockNotSynchronising", "timesync"),
        ("HostNtpOffsetHigh", "timesync"),
    ],
)
def test_a_name_says_what_an_alert_is_about(name: str, family: str) -> None:
    assert about(name) == {family}


@pytest.mark.parametrize(
    "name",
    [
        "Program crashed",
        "Member service down",
        "API download slow",
        "Payload queue stuck",
        "Frame drops",
        "LoadBalancerDown",
        "HighLoadBalancerLatency",
        "PageLoadSlow",
        "OrderProcessorErrors",
        "NamespaceTerminating",
        "SmartDiskTemperature",
        "RaidDiskFailure",
        "KafkaUnderReplicatedPartitions",
        "Diskussion",
        "HTTPErrorRateHigh",
        "HostUnusualNetworkThroughputIn",
        "NodeNetworkInterfaceFlapping",
        "ShippingDelayed",
        "ExportFailed",
        "UncertainReading",
        "",
    ],
)
def test_words_within_words_and_other_troubles_are_not_taken_for_ours(name: str) -> None:
    assert about(name) == set()


def test_the_name_decides_and_the_description_is_then_not_asked() -> None:
    assert about("HighMemoryUsage", description="check the disk and the cpu") == {"memory"}


def test_where_the_name_says_nothing_the_text_around_it_is_asked_and_believed_less() -> None:
    [topic] = topics(alert("Problem on web-1", description="The filesystem is 97 % full"))
    assert topic.family.type == "disk"
    assert not topic.sure


def test_a_metric_label_is_as_good_as_the_name() -> None:
    [topic] = topics(alert("Problem", labels={"__name__": "node_memory_MemAvailable_bytes"}))
    assert topic.sure


def test_a_label_that_speaks_counts_but_a_host_that_is_called_memory_does_not() -> None:
    assert about("Problem", mountpoint="/data", device="disk1") == {"disk"}
    assert about("Problem", instance="memory-db-1:9100", job="disk") == set()


@pytest.mark.parametrize("name", ["ContainerMemoryHigh", "RedisMemoryHigh", "OOMKilled", "DiskWillFillIn4Hours"])
def test_events_forecasts_and_troubles_inside_one_program_are_not_settled_by_a_healthy_host(name: str) -> None:
    [topic] = topics(alert(name))
    assert not topic.settled_by_ok


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("HighMemoryUsage", " high memory usage "),
        ("node_filesystem_avail", " node filesystem avail "),
        ("CPUUsage", " cpu usage "),
        ("DiskWillFillIn4Hours", " disk will fill in 4 hours "),
        ("", "  "),
    ],
)
def test_case_changes_underscores_and_digits_are_word_boundaries(text: str, line: str) -> None:
    assert read_text(text).line == line


def test_the_host_is_looked_for_in_a_fixed_order_and_shown_without_port_and_scheme() -> None:
    assert host_of(alert("x", labels={"node": "n", "host": "h", "instance": "i:9100"})) == "i"
    assert host_of(alert("x", labels={"nodename": "https://u:p@n.example.com/x"})) == "n.example.com"
    assert host_of(alert("x", labels={})) == ""


def test_localhost_counts_only_when_nothing_better_is_there() -> None:
    assert hosts_of(alert("x", labels={"instance": "localhost:9100", "nodename": "db-2"})) == ("db-2",)
    assert hosts_of(alert("x", labels={"instance": "localhost:9100"})) == ("localhost",)


def test_every_family_has_its_own_checker_and_its_own_words() -> None:
    assert len(families()) == len(registry.names(PACKAGE))
    checkers = [family.checker for family in families()]
    assert len(checkers) == len(set(checkers))
    assert {*checkers, *(name for family in families() for name in (family.instead, *family.helpers) if name)} <= {
        *registry.names(CHECKERS)
    }
    words = [word for family in families() for word in family.words]
    assert len(words) == len(set(words))


@given(st.text(max_size=200), st.dictionaries(st.text(max_size=20), st.text(max_size=20), max_size=5))
def test_no_text_breaks_it(name: str, labels: dict[str, str]) -> None:
    topics(alert(name, labels=labels, description=name))
