"""TLS servers and what they show, and how this machine trusts: for connections that are only looked at.

Loading the trusted certificates takes 35 ms: a context is made when the first connection wants it, and for one check
only, so that a renewed bundle is seen.
"""

from __future__ import annotations

import ssl
from functools import cache
from typing import NamedTuple

from srvmaint.host.sockets import Deadline, LackingError, connect, is_ours, words
from srvmaint.host.x509 import Certificate, parse


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


class Shown(NamedTuple):
    """What a TLS server shows."""

    certificate: Certificate | None = None
    distrust: int = 0
    """Why it is not believed, as OpenSSL numbers the reasons; 0 when it is."""
    distrust_words: str = ""
    trouble: str = ""
    """Why there is no certificate to speak of, said of the server."""


def show(where: tuple[str, int], server_name: str, ca_file: str, trust: Trust, deadline: Deadline) -> Shown:
    """Let a server show its certificate; one that does not hold is looked at all the same, by asking once more.

    Raises:
        OSError: this machine could not even try.
    """
    code, reason = 0, ""
    try:
        try:
            der = _certificate(where, server_name, trust.context(True, ca_file), deadline)
        except ssl.SSLCertVerificationError as error:
            code, reason = error.verify_code, error.verify_message
            der = _certificate(where, server_name, trust.context(False, ""), deadline)
        return Shown(parse(der), code, reason)
    except ssl.SSLError as error:
        return Shown(trouble=f"cannot agree on TLS: {(error.reason or str(error)).lower()}")
    except OSError as error:
        if is_ours(error):
            raise
        return Shown(trouble=words(error, deadline.seconds))
    except ValueError as error:
        return Shown(trouble=f"shows {error}")


def _certificate(where: tuple[str, int], server_name: str, context: ssl.SSLContext, deadline: Deadline) -> bytes:
    with connect(*where, deadline) as bare:
        bare.settimeout(deadline.left())
        with context.wrap_socket(bare, server_hostname=server_name) as wrapped:
            return wrapped.getpeercert(binary_form=True) or b""
