# SPDX-License-Identifier: GPL-2.0-only
"""Device memory in BARs: mapped into the guest, or trapped access by access.

What is mapped the guest reaches without the device; QEMU calls it RAM of a
device. The guest must see no difference, but for the time it takes.
"""

import re
import time

from case import case, check, same
from express import NOWHERE
from express_bench import ExpressBench, TestCardBench
from pci import BAR0, COMMAND_MEMORY
from test_config import ALL_ONES
from vdev_test import AREAS, PM_D0, PM_D3HOT, PMCSR, TestCard, pattern

PAGE = 4096
SIZES = {"b": 1, "w": 2, "l": 4, "q": 8}

# QEMU keeps from mapping for 1.1 s after an INTx.
REMAP_TIMEOUT = 20

MAPPED = re.compile(r"^ *([0-9a-f]{16})-([0-9a-f]{16}) \(prio .*, ramd\)", re.MULTILINE)


def mapped_ranges(bench: TestCardBench) -> set[tuple[int, int]]:
    """Where the guest's address space has memory of a device: (start, size).

    Not by "info mtree -f": QEMU would keep devices it has shown that way for ever.
    """
    tree = bench.machine.qmp.execute("human-monitor-command", command_line="info mtree")
    return {(int(start, 16), int(end, 16) - int(start, 16) + 1)
            for start, end in MAPPED.findall(tree)}


def mappable(card: TestCard) -> set[tuple[int, int]]:
    """What of a card's memory can be mapped: BAR 2 and parts of BAR 4."""
    return {(card.bars[2], card.model.bars[2].size),
            *((card.bars[4] + start, size) for start, size in AREAS)}


# -- mapped or not ------------------------------------------------------------

@case("memory: what can be mapped is mapped, nothing with x-no-mmap", ExpressBench)
def mapping(bench: ExpressBench) -> None:
    expected = mappable(bench.mapped) | mappable(bench.large)
    same(sorted(mapped_ranges(bench)), sorted(expected), "mapped memory of devices")


@case("memory: every width, anywhere in a BAR", ExpressBench)
def widths(bench: ExpressBench) -> None:
    for card in bench.express_cards:
        end = card.model.bars[2].size
        for base in (card.bars[2], card.bars[2] + PAGE - 8, card.bars[2] + end - 8,
                     card.bars[4] + AREAS[0][0] + PAGE - 8, card.bars[4] + AREAS[1][0]):
            all_8 = 0
            commands, expected = [f"writeq {base:#x} 0"], []
            for size, width in SIZES.items():
                for offset in range(0, 8, width):
                    mask = (1 << 8 * width) - 1
                    value = 0xf1e2d3c4b5a69788 >> 3 * offset & mask
                    all_8 = all_8 & ~(mask << 8 * offset) | value << 8 * offset
                    commands += [f"write{size} {base + offset:#x} {value:#x}",
                                 f"read{size} {base + offset:#x}", f"readq {base:#x}"]
                    expected += [value, all_8]
            same(bench.qtest.read_many(commands), expected,
                 f"{card.model.name}, {base:#x}: what was written, and the 8 bytes around it")


@case("memory: 64 KiB there and back", ExpressBench)
def bulk(bench: ExpressBench) -> None:
    for number, card in enumerate(bench.express_cards):
        bench.qtest.write_bytes(card.bars[2] + 0x8000, pattern(0x10000, number))
    for number, card in enumerate(bench.express_cards):
        same(bench.qtest.read_bytes(card.bars[2] + 0x8000, 0x10000), pattern(0x10000, number),
             f"vdev_test-{card.model.name}: the 64 KiB")
        same(bench.qtest.read_bytes(card.bars[2] + 0x18000, 16), bytes(16), "what is behind")


@case("memory: unaligned accesses", ExpressBench)
def unaligned(bench: ExpressBench) -> None:
    for card in (bench.mapped, bench.trapped):
        base = card.bars[2]
        bench.qtest.write_bytes(base + PAGE - 3, b"across")
        same(bench.qtest.read_bytes(base + PAGE - 4, 8), b"\0across\0", "across a page boundary")
        bench.qtest.run([f"writel {base + 0x101:#x} 0x44332211"])
        same(bench.qtest.read_bytes(base + 0x100, 8), b"\x00\x11\x22\x33\x44\x00\x00\x00",
             "a long at an odd address")
        same(bench.qtest.read(f"readq {base + 0x101:#x}"), 0x44332211, "and as a quad")


@case("memory: the same bytes mapped and trapped, across an INTx", ExpressBench, timeout=60)
def both_ways(bench: ExpressBench) -> None:
    card = bench.mapped
    areas = [card.bars[2] + 0x3000, card.bars[4] + AREAS[0][0], card.bars[4] + AREAS[1][0]]
    for number, area in enumerate(areas):
        bench.qtest.write_bytes(area, pattern(PAGE, number))
    card.set_condition(True)
    check(bench.raised(card), "no interrupt")
    same(mapped_ranges(bench) & mappable(card), set(), "mapped while INTx is asserted")
    for number, area in enumerate(areas):
        same(bench.qtest.read_bytes(area, PAGE), pattern(PAGE, number), f"trapped, {area:#x}")
        bench.qtest.write_bytes(area, pattern(PAGE, number + 0x50))
    card.set_condition(False)
    check(bench.lowered(card), "the line stays up")
    end = time.monotonic() + REMAP_TIMEOUT
    while not mappable(card) <= mapped_ranges(bench):
        check(time.monotonic() < end, "not mapped again after the interrupt")
        time.sleep(0.05)
    for number, area in enumerate(areas):
        same(bench.qtest.read_bytes(area, PAGE), pattern(PAGE, number + 0x50),
             f"mapped again, {area:#x}")


@case("memory: a sparse BAR is registers around memory", ExpressBench)
def sparse(bench: ExpressBench) -> None:
    for card in (bench.mapped, bench.trapped):
        base = card.bars[4]
        for start, size in AREAS:
            bench.qtest.write_bytes(base + start, pattern(size, start))
        registers = [0x400, 0x808, 0xff8, 0x3ff8, 0x6000, 0x7ff8, 0x9000, 0xfff8]
        bench.qtest.run([f"writeq {base + offset:#x} {ALL_ONES:#x}" for offset in registers])
        same(bench.qtest.read_many([f"readq {base + offset:#x}" for offset in registers]),
             registers, f"{card.place}: registers, which read as their own offset")
        for start, size in AREAS:
            same(bench.qtest.read_bytes(base + start, size), pattern(size, start),
                 f"{card.place}: memory at {start:#x}")


@case("memory: MSI-X structures in the same BAR are no memory", ExpressBench)
def sparse_and_msix(bench: ExpressBench) -> None:
    for card in (bench.mapped, bench.trapped):
        bench.enable_msix(card, [0, 63])
        bench.qtest.write_bytes(card.bars[4] + AREAS[0][0], pattern(0x2000, 7))
        same(card.msix.entry(63), [bench.message_address(card, 63), 0, bench.message_data(63), 0],
             "the last entry of the table")
        bench.qtest.run([f"writeq {card.bars[4] + card.model.msix_pba:#x} {ALL_ONES:#x}"])
        same([vector for vector in range(64) if card.msix.pending(vector)], [],
             "pending bits after an attempt to set them")


@case("memory: 1 GiB above 4 GiB, first page and last", ExpressBench)
def large(bench: ExpressBench) -> None:
    base, size = bench.large.bars[2], bench.large.model.bars[2].size
    check(base >= 1 << 32, "the BAR lies below 4 GiB")
    places = [base, base + size // 2 - PAGE, base + size // 2, base + size - PAGE]
    for number, place in enumerate(places):
        bench.qtest.write_bytes(place, pattern(PAGE, number))
    for number, place in enumerate(places):
        same(bench.qtest.read_bytes(place, PAGE), pattern(PAGE, number), f"at {place:#x}")
    same(bench.qtest.read_bytes(base + PAGE, PAGE), bytes(PAGE), "a page never written")
    same(bench.qtest.readl(base + size), bench.qtest.readl(NOWHERE), "behind the end")


@case("memory: each card has its own", ExpressBench)
def apart(bench: ExpressBench) -> None:
    for number, card in enumerate(bench.express_cards):
        for bar in (2, 4):
            bench.qtest.write_bytes(card.bars[bar] + AREAS[0][0], pattern(64, 16 * number + bar))
    for number, card in enumerate(bench.express_cards):
        for bar in (2, 4):
            same(bench.qtest.read_bytes(card.bars[bar] + AREAS[0][0], 64),
                 pattern(64, 16 * number + bar), f"vdev_test-{card.model.name}, BAR {bar}")


# -- decoding and resets ------------------------------------------------------

@case("memory: COMMAND.MEMORY off hides it, and it is kept", ExpressBench)
def decode_off(bench: ExpressBench) -> None:
    for card in bench.express_cards:
        places = [card.bars[2], card.bars[4] + AREAS[1][0]]
        for place in places:
            bench.qtest.write_bytes(place, b"keep this")
        for _ in range(2):
            card.function.set_command(off=COMMAND_MEMORY)
            same(mapped_ranges(bench) & mappable(card), set(), "mapped without COMMAND.MEMORY")
            for place in places:
                same(bench.qtest.readl(place), bench.qtest.readl(NOWHERE), f"hidden, {place:#x}")
                bench.qtest.write_bytes(place, b"lose this")
            card.function.set_command(on=COMMAND_MEMORY)
            for place in places:
                same(bench.qtest.read_bytes(place, 9), b"keep this", f"back, {place:#x}")


@case("memory: D3hot hides it, and it is kept", ExpressBench)
def power_state(bench: ExpressBench) -> None:
    # The one that is not mapped: QEMU before 10.0 does not know of power states.
    card = bench.trapped
    places = [card.bars[2], card.bars[4] + AREAS[1][0]]
    for place in places:
        bench.qtest.write_bytes(place, b"keep this")
    card.function.write16(PMCSR, PM_D3HOT)
    for place in places:
        check(bench.qtest.readl(place) in (ALL_ONES, bench.qtest.readl(NOWHERE)),
              f"{place:#x} answers in D3hot")
        bench.qtest.write_bytes(place, b"lose this")
    card.function.write16(PMCSR, PM_D0)
    for place in places:
        same(bench.qtest.read_bytes(place, 9), b"keep this", f"back in D0, {place:#x}")


@case("memory: a BAR is moved while mapped", ExpressBench)
def moved(bench: ExpressBench) -> None:
    for card in (bench.mapped, bench.trapped):
        old, new = card.bars[2], card.bars[2] + 0x40000000
        bench.qtest.write_bytes(old, pattern(PAGE, 1))
        card.function.write32(BAR0 + 8, new & 0xffffffff)
        same(bench.qtest.read_bytes(new, PAGE), pattern(PAGE, 1), "at the new place")
        same(bench.qtest.readl(old), bench.qtest.readl(NOWHERE), "at the old place")
        same((new, card.model.bars[2].size) in mapped_ranges(bench), card is bench.mapped,
             "whether the new place is mapped")
        bench.qtest.write_bytes(new + 8, b"more")
        card.function.write32(BAR0 + 8, old & 0xffffffff)
        same(bench.qtest.read_bytes(old, PAGE), pattern(8, 1) + b"more" + pattern(PAGE, 1)[12:],
             "moved back")


@case("memory: a machine reset clears it", ExpressBench)
def machine_reset(bench: ExpressBench) -> None:
    ends = {card.place: card.model.bars[2].size - PAGE for card in bench.express_cards}
    places = [place for card in bench.express_cards
              for place in (card.bars[2], card.bars[2] + ends[card.place],
                            card.bars[4] + AREAS[0][0], card.bars[4] + AREAS[1][0])]
    for turn in range(2):
        for place in places:
            same(bench.qtest.read_bytes(place, PAGE), bytes(PAGE),
                 f"turn {turn}: power-on, {place:#x}")
            bench.qtest.write_bytes(place, pattern(PAGE, 3))
        bench.reset()
        bench.qtest.run([command for card in bench.cards for command in card.bringing_up()])
    same(sorted(mapped_ranges(bench)), sorted(mappable(bench.mapped) | mappable(bench.large)),
         "mapped memory of devices after the resets")


@case("memory: a function level reset clears it, mapped or not", ExpressBench)
def flr(bench: ExpressBench) -> None:
    for card in bench.express_cards:
        places = [card.bars[2], card.bars[4] + AREAS[0][0]]
        for place in places:
            bench.qtest.write_bytes(place, pattern(PAGE, 4))
        card.function.set_command(off=COMMAND_MEMORY)
        card.flr()
        bench.qtest.run(card.bringing_up())
        for place in places:
            same(bench.qtest.read_bytes(place, PAGE), bytes(PAGE), f"after the reset, {place:#x}")
            bench.qtest.write_bytes(place, pattern(PAGE, 5))
            same(bench.qtest.read_bytes(place, PAGE), pattern(PAGE, 5), f"in use again, {place:#x}")
