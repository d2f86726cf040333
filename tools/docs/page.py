#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Write the files that a page of the documentation shows.

usage: page.py PAGE DIRECTORY

A file is shown as one or several code blocks with its name as their caption. In
the file an empty line is between two of them.
"""

import pathlib
import re
import sys
import textwrap

BLOCK = re.compile(r"^\.\. code-block:: (\w+)\n(?:   :caption: (\S+)\n)?\n((?:   .*\n|\n)+)",
                   re.MULTILINE)


def blocks(page: pathlib.Path) -> list[tuple[str, str, str]]:
    """Language, caption or "", and text of each code block, in the order of the page."""
    text = page.read_text(encoding="utf-8") + "\n"
    return [(language, caption, textwrap.dedent(block).strip("\n") + "\n")
            for language, caption, block in BLOCK.findall(text)]


def files(page: pathlib.Path) -> dict[str, str]:
    """Contents of each file that a page shows, in the order of the page."""
    pieces: dict[str, list[str]] = {}
    for _, caption, text in blocks(page):
        if caption:
            pieces.setdefault(caption, []).append(text)
    return {name: "\n".join(texts) for name, texts in pieces.items()}


def commands(page: pathlib.Path) -> list[tuple[str, str]]:
    """Each command of the console blocks, and what the page says that it prints."""
    found = []
    for language, _, text in blocks(page):
        if language == "console":
            for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
                command, _, output = part.partition("\n")
                found.append((command, output))
    return found


def main() -> int:
    if len(sys.argv) != 3:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    page, directory = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    directory.mkdir(parents=True, exist_ok=True)
    shown = files(page)
    for name, text in shown.items():
        (directory / name).write_text(text, encoding="utf-8")
    print(f"{directory}: {' '.join(shown)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
