"""Signatures on what srvmaint sends, so that a receiver can tell it from a forgery and from a replay.

The header is `X-Srvmaint-Signature: t=<unix seconds>,v1=<hex>`, where `<hex>` is HMAC-SHA256 over the bytes
`<unix seconds>.<body>`. A receiver recomputes it over the raw body, compares in constant time, and refuses a `t` that
is too old. Checking what others signed belongs to the alert drivers, not here.
"""

from __future__ import annotations

import hmac
from typing import Final

SIGNATURE_HEADER: Final = "X-Srvmaint-Signature"


def hmac_sha256_hex(secret: str, body: bytes) -> str:
    """HMAC-SHA256 of `body` under `secret`, as 64 hex digits."""
    return hmac.digest(secret.encode(), body, "sha256").hex()


def signature(secret: str, body: bytes, at: int) -> str:
    """The value of `X-Srvmaint-Signature` for `body` sent at `at` (epoch milliseconds)."""
    seconds = at // 1000
    return f"t={seconds},v1={hmac_sha256_hex(secret, b'%d.%b' % (seconds, body))}"
