from __future__ import annotations

import threading

from srvmaint.host.patience import Patience
from tests.fakes import FakeClock


def test_a_call_that_hangs_is_missing_alone_and_is_not_made_again() -> None:
    gate, entered = threading.Event(), threading.Event()
    calls = []

    def hang() -> int:
        calls.append(threading.current_thread())
        entered.set()
        gate.wait()
        return 2

    patience: Patience[int] = Patience(0, FakeClock().monotonic)
    try:
        first = patience.gather({"dead": hang})
        assert entered.wait(10)
        again = patience.gather({"dead": hang})
        assert str(first["dead"]) == "does not answer within 0 s"
        assert str(again["dead"]) == "still does not answer"
        assert len(calls) == 1
        assert calls[0].daemon
    finally:
        gate.set()
    calls[0].join()
    patient: Patience[int] = Patience(10, FakeClock().monotonic)
    assert patient.gather({"dead": hang}) == {"dead": 2}


def test_every_answer_is_under_its_own_name_and_an_oserror_is_one() -> None:
    def fail() -> int:
        raise FileNotFoundError(2, "No such file or directory")

    answers = Patience[int](10, FakeClock().monotonic).gather({"a": lambda: 1, "b": fail})
    assert answers["a"] == 1
    assert isinstance(answers["b"], FileNotFoundError)
