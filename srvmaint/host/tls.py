"""How this machine trusts: contexts for connections that are only looked at.

Loading the trusted certificates takes 35 ms: a context is made when the first connection wants it, and for one check
only, so that a renewed bundle is seen.
"""

from __future__ import annotations

import ssl
from functools import cache

from srvmaint.host.sockets import LackingError


class Trust:
    """The contexts of one check."""

    def __init__(self) -> None:
        self.context = cache(_made)
        """`context(verify, ca_file)`: with `verify` off, anybody is believed."""


def _made(verify: bool, ca_file: str) -> ssl.SSLContext:  # noqa: FBT001 - the key of a cache
    """A context.

    Raises:
        LackingError: the file of trusted certificates cannot be used.
    """
    if not verify:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED  # how old it is is not what is asked here
        return context
    try:
        return ssl.create_default_context(cafile=ca_file or None)
    except ssl.SSLError as error:
        raise LackingError(f"{ca_file} holds no certificates: {error.reason or error}") from error
    except OSError as error:
        raise LackingError(f"cannot read {ca_file}: {(error.strerror or str(error)).lower()}") from error
