"""Writes the pages that are made from the code: `python -m tools.reference`. A test fails while one is not current."""

import sys
from pathlib import Path

from tools.commands_page import commands_page
from tools.settings_page import env_example, settings_page

CHECKOUT = Path(__file__).parent.parent


def pages() -> dict[Path, str]:
    """Each page that is made from the code, by its path."""
    return {
        CHECKOUT / "docs" / "reference" / "settings.md": settings_page(),
        CHECKOUT / "docs" / "reference" / "commands.md": commands_page(),
        CHECKOUT / ".env.example": env_example(),
    }


def main() -> None:
    """Write every page whose text has changed, and print its name."""
    for path, text in pages().items():
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
            sys.stdout.write(f"wrote {path.relative_to(CHECKOUT)}\n")


if __name__ == "__main__":
    main()
