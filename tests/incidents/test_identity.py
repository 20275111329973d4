"""What is the same alert, and which alerts belong together."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from srvmaint.incidents.identity import INSTANCE_LABELS, alert_key, group_key, instance_of
from tests.incidents.given import WARNING, alert


def test_an_alert_is_known_by_its_source_and_fingerprint() -> None:
    assert alert_key("grafana", "1") == alert_key("grafana", "1")
    assert len({alert_key("grafana", "1"), alert_key("grafana", "2"), alert_key("zabbix", "1")}) == 3
    assert len(alert_key("grafana", "1")) == 16


@pytest.mark.parametrize("label", INSTANCE_LABELS)
def test_any_label_that_names_a_machine_is_the_instance(label: str) -> None:
    assert instance_of(alert(labels={label: "db1", "other": "x"})) == "db1"


def test_the_most_telling_label_names_the_machine_and_an_empty_one_names_none() -> None:
    assert instance_of(alert(labels={"node": "k8s", "instance": "db1"})) == "db1"
    assert instance_of(alert(labels={"instance": "", "host": "db1"})) == "db1"
    assert instance_of(alert(labels={})) == ""


def test_alerts_that_agree_in_what_they_are_grouped_by_belong_together() -> None:
    one, other = alert("a", labels={"instance": "db1", "disk": "sda"}), alert("b", labels={"host": "db1"})
    assert group_key(one, ("name", "instance")) == group_key(other, ("name", "instance"))
    assert group_key(one, ("name", "disk")) != group_key(other, ("name", "disk"))


def test_grouping_can_be_by_source_and_severity() -> None:
    assert group_key(alert(), ("source", "severity")) == 'source="test",severity="critical"'
    assert group_key(alert(), ("severity",)) != group_key(alert(severity=WARNING), ("severity",))


def test_grouping_by_all_leaves_every_set_of_labels_alone_in_any_order() -> None:
    one = alert(labels={"a": "1", "b": "2"})
    assert group_key(one, ("all",)) == group_key(alert("z", labels={"b": "2", "a": "1"}), ("all",))
    assert group_key(one, ("all",)) != group_key(alert(labels={"a": "1"}), ("all",))


def test_grouping_by_nothing_puts_everything_together() -> None:
    assert group_key(alert("a"), ()) == group_key(alert("b", labels={"x": "y"}), ())


@given(st.text(), st.text(), st.text(), st.text())
def test_values_cannot_imitate_one_another(first: str, second: str, third: str, fourth: str) -> None:
    one = group_key(alert(labels={"a": first, "b": second}), ("a", "b"))
    other = group_key(alert(labels={"a": third, "b": fourth}), ("a", "b"))
    assert (one == other) == ((first, second) == (third, fourth))
