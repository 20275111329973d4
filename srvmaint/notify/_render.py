"""Templates: sandboxed, compiled once when the first message needs them, and escaping by default.

Every `{{ value }}` goes through the channel's own escape function unless it is `Safe` already, so a template that
forgets to escape cannot exist. What is said is decided in `_compose`; a template only gives it a form.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

from jinja2 import StrictUndefined, Template
from jinja2.sandbox import ImmutableSandboxedEnvironment

from srvmaint.model import Message
from srvmaint.notify._compose import compose

_TEMPLATES: Final = files("srvmaint.notify") / "templates"


class Safe(str):
    """Text that is escaped for its channel already."""

    __slots__ = ()


def renderer(
    template: str, escape: Callable[[str], str], helpers: Mapping[str, Callable[..., Safe]] | None = None
) -> Callable[[Message], str]:
    """What renders one message by `templates/<template>`. Compiling takes longer than opening the database: not now."""

    def finalize(value: object) -> str:
        return value if type(value) is Safe else escape(str(value))

    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined,
        # `finalize` escapes every value for its channel, which is hardly ever HTML.
        autoescape=False,
        finalize=finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.clear()
    environment.globals.update(helpers or {})

    @cache
    def compiled() -> Template:
        return environment.from_string((_TEMPLATES / template).read_text("utf-8"))

    def render(message: Message) -> str:
        variables: dict[str, Any] = compose(message)
        return compiled().render(variables)

    return render
