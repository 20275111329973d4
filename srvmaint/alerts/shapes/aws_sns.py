"""Amazon SNS: the envelope around everything AWS tells by HTTP, posted as text/plain.

    https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html

The message is handed back as the body it is; a message that is no JSON is an alert named by its subject. A relay may
have left out what the envelope says besides a message about an alarm, or have decoded the message. The address
that confirms a subscription is shown to the operator and never called: whoever can post here could have us call any.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

from srvmaint.alerts import Parsed
from srvmaint.alerts._read import line, mapping, member_text
from srvmaint.alerts._table import Facts, at, has, host_of, text_of, words
from srvmaint.alerts.shapes import Inner
from srvmaint.errors import PayloadError

PRECEDENCE: Final = 10
KEYS: Final = frozenset({"TopicArn", "Records", "Message", "SubscribeURL"})

_SOURCE: Final = "aws_sns"
_CONFIRM: Final = "SubscriptionConfirmation"
_NOTIFICATION: Final = "Notification"
_TYPES: Final = frozenset({_CONFIRM, "UnsubscribeConfirmation", _NOTIFICATION})
_OWN_HOST: Final = re.compile(r"sns\.[a-z0-9-]+\.amazonaws\.com(\.cn)?")
_HASH_DIGITS: Final = 8


def claims(payload: Mapping[str, Any]) -> str | None:
    """A topic and one of the three types, or the record of one as Lambda gets it; or a message about an alarm alone."""
    body = _record(payload)
    kind = words(body, "Type")
    mark = next((key for key in ("TopicArn", "SubscribeURL") if has(body, key)), None)
    if kind in _TYPES and mark:
        return f"an SNS {kind} with `{mark}`"
    return "the `Message` of SNS about an alarm" if kind in ("", _NOTIFICATION) and _is_alarm(body) else None


def read(payload: Mapping[str, Any]) -> Parsed | Inner:
    """The message of a notification; of the two handshakes what the operator has to do."""
    payload = _record(payload)
    topic = line(words(payload, "TopicArn")) or "an unnamed topic"
    kind = words(payload, "Type") or _NOTIFICATION
    if kind == _CONFIRM:
        return Parsed(ignored=_how_to_confirm(topic, text_of(payload.get("SubscribeURL"))))
    if kind != _NOTIFICATION:
        return Parsed(ignored=f"the subscription to {topic} was cancelled; to undo that, open the SubscribeURL in it")
    message = payload.get("Message")
    body = message if isinstance(message, str) else member_text(message, sys.maxsize)
    written = body.encode("utf-8", "replace")
    delivery = text_of(payload.get("MessageId"), 100)
    delivery_id = f"{delivery}-{sha256(written).hexdigest()[:_HASH_DIGITS]}" if delivery else None
    return Inner(written, _as_text(payload, topic), delivery_id)


def _is_alarm(body: Mapping[str, Any]) -> bool:
    message = body.get("Message")
    if isinstance(message, str):
        return message.lstrip().startswith("{") and '"AlarmName"' in message
    return has(message, "AlarmName")


def _record(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """The message itself where it is the one record of an event."""
    return mapping(at(payload, "Records.0.Sns")) if "Records" in payload else payload


def _how_to_confirm(topic: str, address: str) -> str:
    if not address.startswith("https://") or not _OWN_HOST.fullmatch(host_of(address)):
        return f"SNS wants to send {topic} here, but its SubscribeURL is not Amazon's: do not open it"
    return f"SNS wants to send {topic} here: to let it, open {line(address, 2000)}"


def _as_text(payload: Mapping[str, Any], topic: str) -> Parsed:
    text = words(payload, "Message")
    facts = Facts(
        source=_SOURCE,
        name=words(payload, "Subject") or text.partition("\n")[0],
        description=text,
        labels={"topic": topic},
        moment=payload.get("Timestamp"),
    )
    try:
        return facts.parsed()
    except PayloadError:
        return Parsed(ignored=f"the message from {topic} is empty")
