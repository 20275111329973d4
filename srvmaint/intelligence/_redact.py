"""Takes out of a text what only this host should know, before it goes to somebody else's machine.

The secrets of the configuration are known and go wherever they stand. Others are recognised by how they are written:
`password=...`, `--token ...`, `https://user:pass@host`, and the forms the large vendors give their keys. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

HIDDEN: Final = "[hidden]"
_SHORTEST: Final = 4
"""Characters: hiding every "ab" would leave nothing to read."""
_NAME: Final = (
    r"[\w-]*(?:passw(?:or)?d|passphrase|pwd|secret|token|api[_-]?key|apikey|access[_-]?key|credential)s?[\w-]*"
)
_KEY: Final = re.compile(rf"{_NAME}|authorization|cookie", re.IGNORECASE)
_FORMS: Final = (
    (re.compile(rf"""(\b{_NAME}["']?\s*[=:]\s*["']?)[^\s"',;&]+""", re.IGNORECASE), rf"\1{HIDDEN}"),
    (re.compile(rf"(--?{_NAME}\s+)[^\s\"',;]+", re.IGNORECASE), rf"\1{HIDDEN}"),
    (re.compile(r"(\b(?:bearer|basic)\s+)[\w.~+/=-]{8,}", re.IGNORECASE), rf"\1{HIDDEN}"),
    (re.compile(r"(\w://)[^\s/:@]*:[^\s/@]+@"), rf"\1{HIDDEN}@"),
    (
        re.compile(
            r"\b(?:sk|pk|rk)-[\w-]{16,}|\bgh[oprsu]_\w{20,}|\bxox[abeoprs]-[\w-]{10,}|\bA(?:KIA|SIA)[A-Z0-9]{16}"
        ),
        HIDDEN,
    ),
    (re.compile(r"\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]*"), HIDDEN),
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)", re.DOTALL), HIDDEN),
)


class Redactor:
    """Hides secrets in JSON-shaped values.

    Args:
        secrets: values that are known to be secret.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        known = sorted({secret for secret in secrets if len(secret) >= _SHORTEST}, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, known))) if known else None

    def text(self, text: str) -> str:
        """The text without its secrets."""
        if self._known is not None:
            text = self._known.sub(HIDDEN, text)
        for form, instead in _FORMS:
            text = form.sub(instead, text)
        return text

    def value(self, value: Any) -> Any:
        """The same for everything in a JSON-shaped value; what a key calls secret is hidden whole."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {
                self.text(str(key)): HIDDEN if _KEY.fullmatch(str(key)) else self.value(entry)
                for key, entry in value.items()
            }
        if isinstance(value, list | tuple):
            return [self.value(entry) for entry in value]
        return value
