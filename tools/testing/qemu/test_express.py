# SPDX-License-Identifier: GPL-2.0-only
"""PCI Express: 4096 bytes of configuration space, capabilities, function level reset.

QEMU keeps the capability lists itself, and shows what the device has in them.
"""

import vdev_test
from case import case, check, same
from express import NOWHERE, ExpressFunction
from express_bench import ExpressBench
from pci import BAR0, CACHE_LINE, COMMAND, COMMAND_MASTER, COMMAND_MEMORY, INTERRUPT_LINE, ROM
from test_config import ALL_ONES, same_config
from vdev_test import (BAR_64, DEVICE_CONTROL, DEVICE_CONTROL_FLR, EXPRESS, MSI, MSIX,
                       PCIE, PMCSR, REG_MAGIC, REG_RESETS, REG_SCRATCH, REG_TRANSFERS, TestCard)

LINK_CONTROL = EXPRESS + 0x10

# What a guest can change besides what cases of their own are about: dword
# offset -> mask. Everything else is read-only.
WRITABLE = {
    COMMAND: 0x0546,        # MEMORY, MASTER, PARITY, SERR, INTX_DISABLE
    CACHE_LINE: 0xff,
    INTERRUPT_LINE: 0xff,
    vdev_test.MSI_ADDRESS: 0xfffffffc,
    vdev_test.MSI_ADDRESS_HIGH: ALL_ONES,
    vdev_test.MSI_DATA: 0xffff,
    LINK_CONTROL: 0x00cb,   # active state PM, read completion boundary, clock, sync
}
OWN_CASES = {ROM, PMCSR, MSI, MSIX, DEVICE_CONTROL, *range(BAR0, BAR0 + 24, 4)}


@case("test device: QEMU takes all four without a word", ExpressBench)
def quiet_start(bench: ExpressBench) -> None:
    # QEMU 11.1 would rather share device memory by dma-buf, and says what it does instead.
    said = [line for line in bench.machine.stderr().splitlines() if "dma-buf" not in line]
    same(said, [], "QEMU's stderr")


@case("test device: config space is as declared, all of it", ExpressBench)
def config(bench: ExpressBench) -> None:
    bench.reset()
    for card in bench.cards:
        same_config(card.function.config(), vdev_test.power_on_config(card.model),
                    f"vdev_test-{card.model.name}")


@case("test device: a conventional function ends after 256 bytes", ExpressBench)
def config_ends(bench: ExpressBench) -> None:
    function = bench.conventional.function
    in_memory = ExpressFunction(bench.qtest, 0, function.slot).config()
    same_config(in_memory[:256], function.config(), "in memory, and through the ports")
    same(set(in_memory[256:]), {0xff}, "what reads beyond")


@case("test device: extended config space reads by bytes and words", ExpressBench)
def config_access_sizes(bench: ExpressBench) -> None:
    function = bench.mapped.function
    offsets = range(0x100, 0x130)
    expected = vdev_test.power_on_config(PCIE)[0x100:0x130]
    by_byte = bench.qtest.read_many([c for o in offsets for c in function.getting("b", o)])
    same_config(bytes(by_byte), expected, "read by bytes")
    by_word = bench.qtest.read_many([c for o in offsets[::2] for c in function.getting("w", o)])
    same_config(b"".join(word.to_bytes(2, "little") for word in by_word), expected,
                "read by words")


@case("test device: config space keeps what is writable, and only that", ExpressBench)
def config_writable(bench: ExpressBench) -> None:
    bench.reset()
    function = bench.mapped.function
    expected = vdev_test.power_on_config(PCIE)
    offsets = [o for o in range(0, function.config_size, 4) if o not in OWN_CASES]
    for value in (ALL_ONES, 0):
        # COMMAND comes last: it must not disturb what others read meanwhile
        bench.qtest.run([c for o in reversed(offsets) for c in function.putting("l", o, value)])
        got = bench.qtest.read_many([c for o in offsets for c in function.getting("l", o)])
        for offset, read in zip(offsets, got, strict=True):
            before = int.from_bytes(expected[offset:offset + 4], "little")
            mask = WRITABLE.get(offset, 0)
            same(read, before & ~mask | value & mask, f"{value:#x} written at {offset:#x}")
    same_config(function.config(), expected, "after all writes")


@case("test device: message control keeps what is writable", ExpressBench)
def config_messages(bench: ExpressBench) -> None:
    function = bench.mapped.function
    function.write16(vdev_test.MSI_CONTROL, 0xffff)
    same(function.read16(vdev_test.MSI_CONTROL), 0x80 | 5 << 1 | 5 << 4 | 1,
         "MSI, all ones written")
    function.write16(vdev_test.MSI_CONTROL, 0)
    same(function.read16(vdev_test.MSI_CONTROL), 0x80 | 5 << 1, "MSI, zero written")
    function.write16(vdev_test.MSIX_CONTROL, 0xffff)
    same(function.read16(vdev_test.MSIX_CONTROL), 0xc000 | 63, "MSI-X, all ones written")
    function.write16(vdev_test.MSIX_CONTROL, 0)
    same(function.read16(vdev_test.MSIX_CONTROL), 63, "MSI-X, zero written")


@case("test device: BARs tell their size", ExpressBench)
def bar_sizing(bench: ExpressBench) -> None:
    for card in bench.cards:
        card.function.set_command(off=COMMAND_MEMORY)
        rom_mask = 0xfffff801 if card.model.rom_text else 0
        sizes = {**expected_masks(card), ROM: rom_mask}
        for offset, mask in sizes.items():
            card.function.write32(offset, ALL_ONES)
            same(card.function.read32(offset), mask,
                 f"vdev_test-{card.model.name}: {offset:#x} sized")


def expected_masks(card: TestCard) -> dict[int, int]:
    """What the base address registers read after all ones were written."""
    masks = dict.fromkeys(range(BAR0, BAR0 + 24, 4), 0)
    for number, bar in card.model.bars.items():
        masks[BAR0 + 4 * number] = ~(bar.size - 1) & ALL_ONES | bar.flags
        if bar.flags & BAR_64:
            masks[BAR0 + 4 * number + 4] = ALL_ONES
    return masks


@case("test device: registers answer through every kind of BAR", ExpressBench)
def registers(bench: ExpressBench) -> None:
    for number, card in enumerate(bench.cards):
        same(card.get(REG_MAGIC), vdev_test.MAGIC, f"magic of vdev_test-{card.model.name}")
        card.put(REG_SCRATCH, 0x1111 * number)
    same([card.get(REG_SCRATCH) for card in bench.cards], [0, 0x1111, 0x2222, 0x3333],
         "scratch registers")
    port = bench.conventional.bars[1]
    same(bench.qtest.inb(port + 0x3f), 0x3f, "I/O BAR, a byte")
    same(bench.qtest.inw(port + 0x3e), 0x3e, "I/O BAR, a word")
    same(bench.qtest.inl(port + 0x3c), 0x3e003c, "I/O BAR, a long, split into words")


@case("test device: COMMAND.MEMORY off, nobody answers", ExpressBench)
def command_memory(bench: ExpressBench) -> None:
    for card in bench.cards:
        card.put(REG_SCRATCH, 0x5a5a)
        card.function.set_command(off=COMMAND_MEMORY)
        same(card.get(REG_SCRATCH), bench.qtest.readl(NOWHERE),
             "scratch register without COMMAND.MEMORY")
        card.put(REG_SCRATCH, 0xa5a5)
        card.function.set_command(on=COMMAND_MEMORY)
        same(card.get(REG_SCRATCH), 0x5a5a, "scratch register afterwards")


# -- resets -----------------------------------------------------------------

def use(bench: ExpressBench, card: TestCard) -> None:
    """Leave traces in every kind of state."""
    card.put(REG_SCRATCH, 0x5a5a)
    card.fill_buffer(b"left over")
    card.function.set_command(on=COMMAND_MASTER)
    same(card.transfer(vdev_test.TO_GUEST, 0x200000, 4096), 0, "result of a transfer")
    bench.qtest.write_bytes(card.bars[2], b"left over")
    bench.enable_msix(card, [0, 1])
    card.function.write8(CACHE_LINE, 0x10)


def quiet(card: TestCard) -> None:
    """Do what a guest does before it resets a function.

    QEMU takes no notice of that reset: its MSI-X table stays, and so do mappings
    of memory that the device shows no more.
    """
    for vector in (0, 1):
        card.msix.mask(vector)
    card.msix.disable()
    card.function.write16(COMMAND, 0)


def check_fresh(card: TestCard) -> None:
    """The card, brought up again, knows nothing of its past."""
    card.qtest.run(card.bringing_up())
    same([card.get(register) for register in (REG_SCRATCH, REG_TRANSFERS)], [0, 0],
         "scratch register, transfers")
    same(card.buffer(16), bytes(16), "the buffer")
    same(card.qtest.read_bytes(card.bars[2], 16), bytes(16), "memory in BAR 2")


@case("test device: function level reset by the guest", ExpressBench)
def flr(bench: ExpressBench) -> None:
    for card in bench.express_cards:
        resets = card.get(REG_RESETS)
        use(bench, card)
        quiet(card)
        card.flr()
        same(card.function.read16(DEVICE_CONTROL) & DEVICE_CONTROL_FLR, 0, "the bit that resets")
        same(card.function.read16(COMMAND), 0, "COMMAND")
        same(card.function.read8(CACHE_LINE), 0, "cache line size")
        check_fresh(card)
        same(card.get(REG_RESETS), resets + 1, "how often it was reset")


@case("test device: function level reset leaves the neighbours alone", ExpressBench)
def flr_alone(bench: ExpressBench) -> None:
    use(bench, bench.trapped)
    bench.mapped.function.write16(COMMAND, 0)
    bench.mapped.flr()
    same(bench.trapped.get(REG_SCRATCH), 0x5a5a, "the neighbour's scratch register")
    same(bench.qtest.read_bytes(bench.trapped.bars[2], 9), b"left over", "the neighbour's memory")
    bench.trapped.raise_vector(1)
    check(bench.arrived(bench.trapped, 1), "no message from the neighbour")


@case("test device: messages work after a function level reset", ExpressBench)
def flr_then_messages(bench: ExpressBench) -> None:
    card = bench.mapped
    use(bench, card)
    quiet(card)
    card.flr()
    bench.qtest.run(card.bringing_up())
    bench.enable_msix(card, [0, 63])
    for vector in (0, 63):
        card.raise_vector(vector)
        check(bench.arrived(card, vector), f"no message of vector {vector}")


@case("test device: a machine reset takes it back to power-on", ExpressBench)
def machine_reset(bench: ExpressBench) -> None:
    for card in bench.express_cards:
        use(bench, card)
    resets = [card.get(REG_RESETS) for card in bench.express_cards]
    bench.reset()
    for card, before in zip(bench.express_cards, resets, strict=True):
        same_config(card.function.config(), vdev_test.power_on_config(card.model), "config space")
        check_fresh(card)
        same(card.get(REG_RESETS), before + 1, "how often it was reset")
