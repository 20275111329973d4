"""`python -m srvmaint.config --write | --check`: the generated files, for `make generate` and `make check`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from srvmaint.config.render import README, generated, readme, reference


def main() -> int:
    """Write the files made from the declarations, or name those that are stale (exit 1)."""
    parser = argparse.ArgumentParser(prog="python -m srvmaint.config", description=main.__doc__)
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--write", action="store_true", help="write them below the current directory")
    action.add_argument("--check", action="store_true", help="name those that are stale")
    action.add_argument("--reference", action="store_true", help="print the reference as Markdown")
    chosen = parser.parse_args()
    if chosen.reference:
        sys.stdout.write(reference())
        return 0
    wanted = generated()
    if Path(README).is_file():
        wanted[README] = readme(Path(README).read_text(encoding="utf-8"))
    stale = {path: text for path, text in wanted.items() if not _is_current(Path(path), text)}
    for path, text in stale.items():
        if chosen.write:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            Path(path).write_text(text, encoding="utf-8")
        sys.stderr.write(f"{path}: {'written' if chosen.write else 'is stale: run make generate'}\n")
    return 1 if stale and chosen.check else 0


def _is_current(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text


sys.exit(main())
