from __future__ import annotations

import hashlib
import hmac

from srvmaint.net.sign import hmac_sha256_hex, signature


def test_the_digest_is_the_one_of_rfc_4231() -> None:
    assert (
        hmac_sha256_hex("Jefe", b"what do ya want for nothing?")
        == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    )


def test_a_receiver_can_check_the_signature_as_documented() -> None:
    body = '{"title": "Zürich"}'.encode()
    header = signature("geheim ü", body, 1_760_000_000_999)
    time, _, digest = header.partition(",v1=")
    assert time == "t=1760000000"
    expected = hmac.new("geheim ü".encode(), b"1760000000." + body, hashlib.sha256).hexdigest()
    assert hmac.compare_digest(digest, expected)
