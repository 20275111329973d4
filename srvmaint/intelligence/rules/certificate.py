"""Certificates: running out, out, for another name, with a broken chain."""

from __future__ import annotations

from typing import Final

from srvmaint.intelligence._family import Family
from srvmaint.intelligence._targets import read_targets
from srvmaint.model import CheckResult


def _title(result: CheckResult) -> str:
    text = result.message
    if "chain" in text or "signed by itself" in text:
        return "Clients cannot build the certificate's chain: mend what the server sends"
    if " and not for " in text:
        return "The server shows a certificate for another name"
    return (
        "Renew the certificate: clients refuse it" if "expired" in text else "Renew the certificate before it expires"
    )


def _actions(result: CheckResult) -> tuple[str, ...]:
    where = result.message.partition(" ")[0].rstrip(":")
    text = result.message
    if "chain that is broken" in text:
        return (
            f"See what is sent: openssl s_client -connect {where} -showcerts </dev/null",
            "Let the server send the intermediate too: fullchain.pem, not cert.pem (nginx ssl_certificate).",
        )
    if " and not for " in text:
        return (
            f"See its names: openssl s_client -connect {where} </dev/null | openssl x509 -noout -ext subjectAltName",
            "A default server may have answered: look for a server block without this name, or a missing SNI.",
        )
    return (
        "See why it was not renewed: systemctl list-timers '*certbot*' '*acme*'; journalctl -u certbot --since -7d",
        "Renew it now: certbot renew (or what issued it), then reload the service: it may still hold the old file.",
        f"See that the new one is served: openssl s_client -connect {where} </dev/null | openssl x509 -noout -enddate",
    )


FAMILY: Final = Family(
    type="certificate",
    checker="certificate",
    words=frozenset({"certificate", "certificates", "cert", "certs", "x509"}),
    title=_title,
    actions=_actions,
    look=("systemctl list-timers '*certbot*' '*acme*'", "openssl x509 -noout -subject -enddate -in FILE"),
    phrases=(
        "ssl expiry",
        "ssl expires",
        "ssl expiring",
        "ssl will expire",
        "tls expiry",
        "tls expires",
        "tls expiring",
    ),
    read=read_targets,
)
