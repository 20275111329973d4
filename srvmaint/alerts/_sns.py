"""Amazon SNS signs the message inside the JSON, with the key of a certificate that the message names.

    https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html

Whoever has an account can have Amazon sign a message of a topic of their own, so a signature is worth nothing without
the topics that are ours. The certificate is taken from Amazon's own hosts over https or not at all, and kept. RSA needs
the package `cryptography`, which only those install who use this.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import importlib.util
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from srvmaint.alerts._access import Fetch, LateProof, Shown
from srvmaint.alerts._decode import decode
from srvmaint.alerts._read import mapping
from srvmaint.alerts._signatures import MAX_SKEW_SECONDS, HubSigned
from srvmaint.alerts._times import millis
from srvmaint.clock import SECOND
from srvmaint.errors import PayloadError, PermanentError
from srvmaint.settings import setting

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

OLDEST_SECONDS: Final = 3600 + MAX_SKEW_SECONDS
"""SNS tries a delivery again for an hour at most: https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html"""
_CERTIFICATE: Final = re.compile(r"https://sns\.[a-z0-9-]{3,40}\.amazonaws\.com(?:\.cn)?/[A-Za-z0-9_-]{1,100}\.pem")
_EXAMPLE: Final = "arn:aws:sns:eu-central-1:123456789012:alarms"
_TOPIC: Final = re.compile(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_.-]{1,256}")
_NOTIFICATION: Final = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
_CONFIRMATION: Final = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
_SIGNED: Final[Mapping[str, tuple[str, ...]]] = {
    "Notification": _NOTIFICATION,
    "SubscriptionConfirmation": _CONFIRMATION,
    "UnsubscribeConfirmation": _CONFIRMATION,
}
"""What is signed, by `Type`, in the order of the alphabet; without a Subject it is left out."""
_MOST_KEYS: Final = 16
_PACKAGE: Final = "cryptography"


@dataclass(frozen=True, slots=True)
class AnySigned(HubSigned):
    """What a sender without a driver of its own may show."""

    sns_topics: tuple[str, ...] = setting(
        (),
        help="topics of Amazon SNS: what Amazon signed for one of them is accepted; needs the extra srvmaint[sns]",
        example=(_EXAMPLE,),
    )

    def problems(self) -> list[str]:
        """What no single key can know."""
        found = HubSigned.problems(self)
        odd = [topic for topic in self.sns_topics if not _TOPIC.fullmatch(topic)]
        found += [f"sns_topics: {topic!r} is no ARN of a topic, such as {_EXAMPLE!r}" for topic in odd]
        if self.sns_topics and importlib.util.find_spec(_PACKAGE) is None:
            found.append(f"has `sns_topics`, which needs the package {_PACKAGE}: pip install 'srvmaint[sns]'")
        return found

    def late_proof(self, fetch: Fetch) -> LateProof | None:
        """Amazon's signature, where there are topics."""
        return SnsProof(self.sns_topics, fetch) if self.sns_topics else None


class SnsProof:
    """A message of one of these topics, signed by Amazon. `fetch` gets a certificate: once, then it is kept."""

    name = "sns_topics"

    def __init__(self, topics: tuple[str, ...], fetch: Fetch) -> None:
        self._topics = frozenset(topics)
        self._fetch = fetch
        self._keys: dict[str, RSAPublicKey] = {}
        self._fetching = asyncio.Lock()

    async def fault(self, shown: Shown) -> str | None:
        """None when Amazon signed it."""
        try:
            message = mapping(decode(shown.body))
        except PayloadError:
            return "it is no message of Amazon SNS"
        fault = self._fault_before_asking(message, shown.at)
        if fault is not None:
            return fault
        try:
            key = await self._key(str(message["SigningCertURL"]))
        except (PermanentError, ValueError):
            return "its SigningCertURL leads to no certificate"
        return None if _is_signed(message, key) else "its Signature is not Amazon's for this message"

    def _fault_before_asking(self, message: Mapping[Any, Any], at: int) -> str | None:
        """What can be seen without the certificate: a stranger must not make us ask anybody."""
        kind, topic, url = message.get("Type"), message.get("TopicArn"), message.get("SigningCertURL")
        if not isinstance(kind, str) or kind not in _SIGNED or not isinstance(message.get("Signature"), str):
            return "it is no signed message of Amazon SNS"
        if not isinstance(topic, str) or topic not in self._topics:
            return "its TopicArn is not among `sns_topics`"
        if not isinstance(url, str) or not _CERTIFICATE.fullmatch(url):
            return "its SigningCertURL is not at sns.<region>.amazonaws.com"
        sent = millis(message.get("Timestamp"))
        if sent is None or not -MAX_SKEW_SECONDS * SECOND <= at - sent <= OLDEST_SECONDS * SECOND:
            return f"its Timestamp is not of the last {OLDEST_SECONDS} s"
        return None

    async def _key(self, url: str) -> RSAPublicKey:
        """The public key of the certificate at `url`.

        Raises:
            TransientError: it cannot be had just now.
            PermanentError: there is none, or its key is of another kind.
            ValueError: it is no certificate.
        """
        if url not in self._keys:
            async with self._fetching:
                if url not in self._keys:
                    key = _key_in(await self._fetch(url))
                    if len(self._keys) >= _MOST_KEYS:
                        del self._keys[next(iter(self._keys))]
                    self._keys[url] = key
        return self._keys[url]


def canonical(message: Mapping[Any, Any]) -> bytes:
    """The text that is signed: names and values, one a line."""
    names = _SIGNED[message["Type"]]
    return "".join(f"{name}\n{message[name]}\n" for name in names if isinstance(message.get(name), str)).encode(
        "utf-8", "surrogatepass"
    )


def _key_in(certificate: bytes) -> RSAPublicKey:
    from cryptography import x509  # noqa: PLC0415 - an optional package
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey  # noqa: PLC0415 - the same

    key = x509.load_pem_x509_certificate(certificate).public_key()
    if not isinstance(key, RSAPublicKey):
        raise PermanentError("cannot use the certificate: its key is no RSA key")
    return key


def _is_signed(message: Mapping[Any, Any], key: RSAPublicKey) -> bool:
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - an optional package
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415 - the same
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15  # noqa: PLC0415 - the same

    versions: dict[str, hashes.HashAlgorithm] = {"1": hashes.SHA1(), "2": hashes.SHA256()}  # noqa: S303 - version 1 is SNS's default
    algorithm = versions.get(str(message.get("SignatureVersion")))
    try:
        signature = base64.b64decode(message["Signature"], validate=True)
        if algorithm is None:
            return False
        key.verify(signature, canonical(message), PKCS1v15(), algorithm)
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True
