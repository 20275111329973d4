"""What vendors sign their webhooks with: HMAC-SHA256 over the bytes of the body, each in a header of its own form.

A driver whose sender signs takes one of these as the base of its `Config`. What is signed with RSA is in `_sns`; what
srvmaint itself signs is in `net.sign`.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from typing import Final

from srvmaint.alerts._access import Access, Proof, Shown, header_problems, raw
from srvmaint.clock import SECOND
from srvmaint.settings import Secret, setting

MAX_SKEW_SECONDS: Final = 300
"""A signed time further from this host's clock is a replay, or one of the two clocks is wrong."""
PAGERDUTY_HEADER: Final = "X-PagerDuty-Signature"
"""https://developer.pagerduty.com/docs/verifying-webhook-signatures"""
GRAFANA_HEADER: Final = "X-Grafana-Alerting-Signature"
"""https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/#hmac-signature"""
HUB_HEADER: Final = "X-Hub-Signature-256"
"""https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries"""
_MOST_DIGITS: Final = 12


@dataclass(frozen=True, slots=True)
class PagerDutySigned(Access):
    """A PagerDuty v3 subscription signs with the secret it was given when it was made."""

    signing_secret: Secret | None = setting(
        None, help=f"the subscription's secret: the sender signs the body in {PAGERDUTY_HEADER}"
    )

    def proofs(self) -> tuple[Proof, ...]:
        """A token, or the signature."""
        return (*Access.proofs(self), *_signed(self.signing_secret, PAGERDUTY_HEADER, "v1="))


@dataclass(frozen=True, slots=True)
class GrafanaSigned(Access):
    """A webhook contact point of Grafana 12 signs when it has a secret."""

    signing_secret: Secret | None = setting(
        None, help="the contact point's HMAC secret: the sender signs the body in `signature_header`"
    )
    signature_header: str = setting(GRAFANA_HEADER, help="the header that carries the signature")
    timestamp_header: str | None = setting(
        None,
        help="the contact point's timestamp header, where it has one: the time is signed as well, and one more than"
        f" {MAX_SKEW_SECONDS} s off is refused",
        example="X-Grafana-Alerting-Timestamp",
    )

    def problems(self) -> list[str]:
        """What no single key can know."""
        found = Access.problems(self)
        if self.timestamp_header is not None and self.signing_secret is None:
            found.append("has `timestamp_header` without `signing_secret`: set `signing_secret`, or remove it")
        names = {"signature_header": self.signature_header, "timestamp_header": self.timestamp_header}
        return found + [problem for key, name in names.items() for problem in header_problems(key, name)]

    def proofs(self) -> tuple[Proof, ...]:
        """A token, or the signature."""
        signed = _signed(self.signing_secret, self.signature_header, "", self.timestamp_header)
        return (*Access.proofs(self), *signed)


@dataclass(frozen=True, slots=True)
class HubSigned(Access):
    """What GitHub does, and whoever does as GitHub does."""

    signing_secret: Secret | None = setting(
        None, help=f"the sender signs the body in {HUB_HEADER}: sha256=<HMAC-SHA256 in hex>"
    )

    def proofs(self) -> tuple[Proof, ...]:
        """A token, or the signature."""
        return (*Access.proofs(self), *_signed(self.signing_secret, HUB_HEADER, "sha256="))


@dataclass(frozen=True, slots=True)
class SignatureProof:
    """An HMAC-SHA256 of the body in a header.

    Args:
        secret: the key.
        header: carries the signatures, separated by commas: while a secret is replaced there are two.
        prefix: stands before the digits; what begins otherwise is a signature of another kind.
        timestamp_header: carries the unix seconds that are signed too, as `<seconds>:` before the body.
    """

    secret: bytes = field(repr=False)
    header: str
    prefix: str
    timestamp_header: str | None = None
    name = "signing_secret"

    def fault(self, shown: Shown) -> str | None:
        """None when one of the signatures is that of the body."""
        text = shown.headers.get(self.header)
        if text is None:
            return f"it has no header {self.header}"
        signed = shown.body
        if self.timestamp_header is not None:
            stamp = shown.headers.get(self.timestamp_header, "").strip()
            fault = _stamp_fault(stamp, self.timestamp_header, shown.at)
            if fault is not None:
                return fault
            signed = b"%b:%b" % (stamp.encode(), shown.body)
        parts = (part.strip() for part in text.split(","))
        given = [part.removeprefix(self.prefix) for part in parts if part.startswith(self.prefix)]
        expected = hmac.digest(self.secret, signed, "sha256").hex().encode()
        if any(hmac.compare_digest(raw(each.lower()), expected) for each in given):
            return None
        if not given:
            return f"its {self.header} has nothing that begins with {self.prefix}"
        return f"its {self.header} is not the signature of this body with the secret that is configured"


def _signed(secret: Secret | None, header: str, prefix: str, timestamp_header: str | None = None) -> tuple[Proof, ...]:
    if secret is None:
        return ()
    return (SignatureProof(raw(secret.reveal()), header, prefix, timestamp_header),)


def _stamp_fault(stamp: str, header: str, at: int) -> str | None:
    """What is wrong with a signed time."""
    if not stamp:
        return f"it has no header {header}"
    if not (stamp.isascii() and stamp.isdecimal() and len(stamp) <= _MOST_DIGITS):
        return f"its {header} is no time in unix seconds"
    skew = abs(at // SECOND - int(stamp))
    if skew > MAX_SKEW_SECONDS:
        return f"its {header} is {skew} s off this host's clock, and {MAX_SKEW_SECONDS} s are allowed"
    return None
