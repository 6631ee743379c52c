"""Writes docs/messages/CODE.md for each code of `gatewayd check`, and their list: `python docs/messages.py`.

In: CODES. Out: pages; nothing in them is written by hand. tests/unit/docs/test_messages.py fails when one is stale.
"""  # noqa: INP001 - a program beside the files that it writes, no package

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from gatewayd.explain.message_codes import CODES, Code

FOLDER: Final = Path(__file__).with_name("messages")
_MADE: Final = "Made by `python docs/messages.py` from gatewayd/explain/message_codes.py; do not edit."


def pages() -> Mapping[str, str]:
    """Return every page by the name of its file."""
    return {"README.md": _list(), **{f"{name}.md": _page(name, code) for name, code in CODES.items()}}


def _list() -> str:
    rows = "\n".join(f"| [{name}]({name}.md) | {code.summary} |" for name, code in sorted(CODES.items()))
    head = "What `gatewayd check` prints in brackets, and as `reason` in JSON. A code never changes its meaning."
    return f"# Messages\n\n{_MADE}\n\n{head}\n\n| code | what it says |\n|---|---|\n{rows}\n"


def _page(name: str, code: Code) -> str:
    parts = (
        f"# {name}",
        f"{code.summary[0].upper()}{code.summary[1:]}.",
        f"**What it means.** {code.means}",
        f"**What to do.** {code.mend}",
        "[All messages](README.md)",
    )
    return "\n\n".join(parts) + "\n"


def main() -> None:
    """Write the pages, and remove those of codes that are no more."""
    FOLDER.mkdir(exist_ok=True)
    written = pages()
    for path in FOLDER.glob("*.md"):
        if path.name not in written:
            path.unlink()
    for name, text in written.items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
