"""What a sender has to show before its body is read: the settings that every alert driver has."""

from __future__ import annotations

from dataclasses import dataclass

from srvmaint.settings import Secret, setting


@dataclass(frozen=True, slots=True)
class Access:
    """The base of every alert driver's `Config`."""

    token: Secret | None = setting(
        None, help="what the sender has to show: as Bearer token, as password of Basic, or in `token_header`"
    )
    token_header: str | None = setting(
        None, help="a header of the sender's own that carries `token`", example="X-Srvmaint-Token"
    )
