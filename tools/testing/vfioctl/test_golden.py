# SPDX-License-Identifier: GPL-2.0-only
"""Streams that the kernel's writer has made: tools/testing/golden/vmig/."""

from case import TREE, Skip, case, check, run

GOLDEN = TREE / "tools/testing/golden/vmig"


def streams() -> list:
    found = sorted(GOLDEN.glob("*.bin"))
    if not found:
        raise Skip(f"there is none in {GOLDEN.relative_to(TREE)}")
    return found


@case("golden: each is in order, and names all its fields")
def shown() -> None:
    for path in streams():
        status, out, err = run("show", str(path))
        check(status == 0 and not err and "complete" in out, f"{path.name}: {err}")
        check(" field " not in out, f"{path.name}: a field without name\n{out}")
