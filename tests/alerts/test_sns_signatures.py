"""Messages that Amazon SNS signed: with a certificate made here and a fetch that is passed in."""

from __future__ import annotations

import asyncio
import base64
import json
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from srvmaint.alerts import generic
from srvmaint.alerts._sns import AnySigned, SnsProof, canonical
from srvmaint.clock import iso
from srvmaint.errors import PermanentError, TransientError, UnauthorizedError
from srvmaint.settings import Secret
from tests.alerts.test_access import problems, shown
from tests.fakes import START

x509 = pytest.importorskip("cryptography.x509", reason="no cryptography here: pip install 'srvmaint[sns]'")
from cryptography.hazmat.primitives import hashes, serialization  # noqa: E402 - only where it is installed
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa  # noqa: E402 - the same

TOPIC: Final = "arn:aws:sns:eu-central-1:123456789012:alarms"
URL: Final = "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem"
KEY: Final = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def certificate(key: Any = KEY) -> bytes:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "sns.amazonaws.com")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2040, 1, 1, tzinfo=UTC))
        .sign(key, hashes.SHA256())
    )
    return bytes(made.public_bytes(serialization.Encoding.PEM))


class Amazon:
    """Gives out certificates, and counts who asks."""

    def __init__(self, document: bytes | Exception) -> None:
        self.document = document
        self.asked: list[str] = []

    async def fetch(self, url: str) -> bytes:
        self.asked.append(url)
        await asyncio.sleep(0)
        if isinstance(self.document, Exception):
            raise self.document
        return self.document


def message(kind: str = "Notification", version: str = "1", **changed: Any) -> dict[str, Any]:
    """A signed message; what is in `changed` is changed before it is signed."""
    unsigned = {
        "Type": kind,
        "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
        "TopicArn": TOPIC,
        "Subject": "ALARM: ℙ",
        "Message": '{"AlarmName": "cpu"}\n',
        "Timestamp": iso(START - 1000),
        "SignatureVersion": version,
        "SigningCertURL": URL,
        **({"Token": "abc", "SubscribeURL": "https://sns.eu-central-1.amazonaws.com/?Action=x"} if "C" in kind else {}),
        **changed,
    }
    body = {key: value for key, value in unsigned.items() if value is not None}
    algorithm = hashes.SHA256() if version == "2" else hashes.SHA1()  # noqa: S303 - what SNS does
    signature = KEY.sign(canonical(body), padding.PKCS1v15(), algorithm)
    return {**body, "Signature": base64.b64encode(signature).decode()}


async def fault(body: Any, amazon: Amazon | None = None) -> str | None:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return await SnsProof((TOPIC,), (amazon or Amazon(certificate())).fetch).fault(shown(body=raw))


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("kind", ["Notification", "SubscriptionConfirmation", "UnsubscribeConfirmation"])
async def test_what_amazon_signed_is_let_through(kind: str, version: str) -> None:
    assert await fault(message(kind, version)) is None


async def test_a_message_without_a_subject_is_signed_without_it() -> None:
    assert await fault(message(Subject=None)) is None
    assert b"Subject" not in canonical(message(Subject=None))


def test_what_is_signed_are_the_names_and_values_in_their_order() -> None:
    signed = {"Type": "Notification", "Message": "m", "MessageId": "i", "Timestamp": "t", "TopicArn": "a", "Other": "o"}
    assert canonical(signed) == b"Message\nm\nMessageId\ni\nTimestamp\nt\nTopicArn\na\nType\nNotification\n"


NOT_SIGNED: Mapping[str, Mapping[str, Any]] = {
    "another text": {"Message": "changed"},
    "another subject": {"Subject": "changed"},
    "another time": {"Timestamp": iso(START)},
    "another version": {"SignatureVersion": "2"},
    "no version": {"SignatureVersion": None},
    "an unknown version": {"SignatureVersion": ["1"]},
    "no base64": {"Signature": "***"},
    "another signature": {"Signature": base64.b64encode(b"x" * 256).decode()},
    "no signature at all": {"Signature": ""},
}


@pytest.mark.parametrize("case", NOT_SIGNED)
async def test_what_was_changed_on_the_way_is_refused(case: str) -> None:
    assert "Signature is not Amazon's" in str(await fault({**message(), **NOT_SIGNED[case]}))


BEFORE_ASKING: Mapping[str, tuple[Mapping[str, Any], str]] = {
    "another topic": ({"TopicArn": TOPIC + "2"}, "TopicArn is not among"),
    "no topic": ({"TopicArn": [TOPIC]}, "TopicArn is not among"),
    "another type": ({"Type": "Other"}, "no signed message"),
    "a type of another type": ({"Type": ["Notification"]}, "no signed message"),
    "old": ({"Timestamp": iso(START - 3_901_000)}, "Timestamp is not of the last 3900 s"),
    "of the future": ({"Timestamp": iso(START + 301_000)}, "Timestamp is not of the last"),
    "without a time": ({"Timestamp": None}, "Timestamp is not of the last"),
    **{
        url: ({"SigningCertURL": url}, "SigningCertURL is not at")
        for url in (
            "http://sns.eu-central-1.amazonaws.com/x.pem",
            "https://sns.eu-central-1.amazonaws.com.evil.example/x.pem",
            "https://sns.eu-central-1.amazonaws.com@evil.example/x.pem",
            "https://sns.eu-central-1.amazonaws.com:444/x.pem",
            "https://evil.example/sns.eu-central-1.amazonaws.com/x.pem",
            "https://s3.eu-central-1.amazonaws.com/x.pem",
            "https://sns.evil.example.amazonaws.com/x.pem",
            "https://sns.eu-central-1.amazonaws.com/../x.pem",
            "https://sns.eu-central-1.amazonaws.com/x.pem?x",
            "https://sns.eu-central-1.amazonaws.com/x.pem\n",
            "https://sns.eu-central-1xamazonaws.com/x.pem",
            "https://169.254.169.254/x.pem",
            "",
        )
    },
}


@pytest.mark.parametrize("case", BEFORE_ASKING)
async def test_a_stranger_makes_nobody_fetch_anything(case: str) -> None:
    changed, reason = BEFORE_ASKING[case]
    amazon = Amazon(certificate())
    assert reason in str(await fault({**message(), **changed}, amazon))
    assert amazon.asked == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"5", b'{"Type": "Notification"}'])
async def test_what_is_no_message_of_sns_is_refused(body: bytes) -> None:
    amazon = Amazon(certificate())
    assert "message of Amazon SNS" in str(await fault(body, amazon))
    assert amazon.asked == []


async def test_china_has_hosts_of_its_own() -> None:
    assert await fault(message(SigningCertURL="https://sns.cn-north-1.amazonaws.com.cn/x.pem")) is None


async def test_a_certificate_is_fetched_once_however_many_messages_come_at_a_time() -> None:
    amazon = Amazon(certificate())
    proof = SnsProof((TOPIC,), amazon.fetch)
    raw = json.dumps(message()).encode()
    assert await asyncio.gather(*(proof.fault(shown(body=raw)) for _ in range(5))) == [None] * 5
    assert amazon.asked == [URL]


async def test_only_so_many_certificates_are_kept() -> None:
    amazon = Amazon(certificate())
    proof = SnsProof((TOPIC,), amazon.fetch)
    for number in range(40):
        body = message(SigningCertURL=f"https://sns.eu-central-1.amazonaws.com/{number}.pem")
        assert await proof.fault(shown(body=json.dumps(body).encode())) is None
    assert len(proof._keys) == 16


@pytest.mark.parametrize(
    "document",
    [PermanentError("gone"), b"", b"<html>", certificate(ec.generate_private_key(ec.SECP256R1()))],
    ids=["gone", "empty", "page", "another kind of key"],
)
async def test_an_address_without_a_certificate_is_refused(document: bytes | Exception) -> None:
    assert "leads to no certificate" in str(await fault(message(), Amazon(document)))


async def test_a_certificate_that_cannot_be_had_just_now_is_no_verdict_and_is_asked_for_again() -> None:
    amazon = Amazon(TransientError("cannot GET https://sns.eu-central-1.amazonaws.com/…: no answer within 4 s"))
    proof = SnsProof((TOPIC,), amazon.fetch)
    request = shown(body=json.dumps(message()).encode())
    with pytest.raises(TransientError):
        await proof.fault(request)
    amazon.document = certificate()
    assert await proof.fault(request) is None


async def test_a_token_shown_besides_asks_nobody() -> None:
    amazon = Amazon(certificate())
    config = generic.Config(token=Secret("t"), sns_topics=(TOPIC,))
    gate = config.gate("generic", amazon.fetch)
    assert gate is not None
    body = json.dumps(message()).encode()
    await gate.admit(shown(token="t", body=body))
    assert amazon.asked == []
    await gate.admit(shown(body=body))
    with pytest.raises(UnauthorizedError, match="`token` or `sns_topics`"):
        await gate.admit(shown(body=b'{"name": "x"}'))


@pytest.mark.parametrize("topic", ["alarms", "", "arn:aws:sqs:eu-central-1:123456789012:alarms", TOPIC + ":id"])
def test_what_is_no_topic_is_named(topic: str) -> None:
    (problem,) = problems(AnySigned, {"sns_topics": [TOPIC, topic]})
    assert f"{topic!r} is no ARN of a topic" in problem.message


def test_governments_and_china_have_topics_too() -> None:
    topics = ["arn:aws-us-gov:sns:us-gov-west-1:123456789012:a", "arn:aws-cn:sns:cn-north-1:123456789012:a.fifo"]
    assert problems(AnySigned, {"sns_topics": topics}) == []


def test_without_the_package_the_configuration_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cryptography", None)
    (problem,) = problems(generic.Config, {"sns_topics": [TOPIC]})
    assert "pip install 'srvmaint[sns]'" in problem.message
