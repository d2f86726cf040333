# SPDX-License-Identifier: GPL-2.0-only
"""Configuration space, as the guest sees it through QEMU."""

import mtty
from bench import CardBench
from case import case, check, same
from pci import (BAR0, CACHE_LINE, COMMAND, COMMAND_IO, CONFIG_SIZE, INTERRUPT_LINE, ROM,
                 STATUS)

ALL_ONES = 0xffffffff


def same_config(got: bytes, expected: bytes, what: str) -> None:
    wrong = [f"{offset:#04x}: expected {e:#04x}, got {g:#04x}"
             for offset, (g, e) in enumerate(zip(got, expected, strict=True)) if g != e]
    check(not wrong, f"{what}: " + "; ".join(wrong))


@case("QEMU takes the cards without a word", CardBench)
def quiet_start(bench: CardBench) -> None:
    same(bench.machine.stderr(), "", "QEMU's stderr")


@case("config space of a dual port card", CardBench)
def config_dual(bench: CardBench) -> None:
    bench.machine.reset()
    same_config(bench.dual.config(), mtty.power_on_config(ports=2), "dual port card")


@case("config space of a single port card", CardBench)
def config_single(bench: CardBench) -> None:
    bench.machine.reset()
    same_config(bench.single.config(), mtty.power_on_config(ports=1), "single port card")


@case("config space reads the same by bytes and words", CardBench)
def config_access_sizes(bench: CardBench) -> None:
    card = bench.dual
    expected = card.config()
    by_byte = bytes(card.read8(offset) for offset in range(0x60))
    same_config(by_byte, expected[:0x60], "read by bytes")
    by_word = b"".join(card.read16(offset).to_bytes(2, "little") for offset in range(0, 0x60, 2))
    same_config(by_word, expected[:0x60], "read by words")


@case("config space keeps what is writable, and only that", CardBench)
def config_writable(bench: CardBench) -> None:
    card = bench.dual
    bench.machine.reset()
    reset_value = mtty.power_on_config(ports=2)
    bars = range(BAR0, BAR0 + 6 * 4, 4)
    own_cases = {mtty.PMCSR, mtty.MSI, ROM, *bars}
    for offset in range(0, CONFIG_SIZE, 4):
        if offset in own_cases:
            continue
        before = int.from_bytes(reset_value[offset:offset + 4], "little")
        card.write32(offset, ALL_ONES)
        mask = mtty.WRITABLE.get(offset, 0)
        same(card.read32(offset), before | mask, f"all ones written at {offset:#x}")
        card.write32(offset, 0)
        same(card.read32(offset), before & ~mask, f"zero written at {offset:#x}")
    same_config(card.config(), reset_value, "after all writes")


@case("MSI control: enable can be written, the rest is fixed", CardBench)
def config_msi_control(bench: CardBench) -> None:
    card = bench.dual
    card.write16(mtty.MSI_CONTROL, 0xffff)
    # With one vector there is nothing to choose, so QEMU may clamp bits 6:4.
    same(card.read16(mtty.MSI_CONTROL) & ~0x70, 0x80 | mtty.MSI_ENABLE, "all ones written")
    card.write16(mtty.MSI_CONTROL, 0)
    same(card.read16(mtty.MSI_CONTROL), 0x80, "zero written")


@case("config bytes are written one at a time", CardBench)
def config_byte_writes(bench: CardBench) -> None:
    card = bench.dual
    card.write8(CACHE_LINE, 0x10)
    card.write8(INTERRUPT_LINE, 0x0b)
    card.write8(COMMAND + 1, 0x04)
    same(card.read32(CACHE_LINE), 0x10, "cache line size")
    same(card.read32(INTERRUPT_LINE), 0x10b, "interrupt line and pin")
    same(card.read16(COMMAND), 0x400 | COMMAND_IO, "command")
    same(card.read16(STATUS), 0x10, "status")


@case("BARs tell their size", CardBench)
def bar_sizing(bench: CardBench) -> None:
    for card, ports in ((bench.dual, 2), (bench.single, 1)):
        for bar in range(6):
            offset = BAR0 + 4 * bar
            was = card.read32(offset)
            card.write32(offset, ALL_ONES)
            expected = mtty.BAR_MASK | 1 if bar < ports else 0
            same(card.read32(offset), expected, f"{ports} ports: BAR{bar} sized")
            card.write32(offset, was)
            same(card.read32(offset), was, f"{ports} ports: BAR{bar} restored")
        card.write32(ROM, ALL_ONES)
        same(card.read32(ROM), 0, "ROM BAR sized")


@case("a card answers where its BAR points, and moves with it", CardBench)
def bar_moves(bench: CardBench) -> None:
    card, port = bench.dual, bench.dual.ports[1]
    port.write(mtty.SCR, 0x5a)
    moved = mtty.Port(bench.qtest, 0xd008)
    card.write32(BAR0 + 4, moved.base)
    same(moved.read(mtty.SCR), 0x5a, "scratch register at the new place")
    same(port.read(mtty.SCR), 0xff, "the old place")
    same(card.ports[0].read(mtty.LSR), mtty.LSR_IDLE, "the other port, not moved")


@case("COMMAND.IO off: the card is deaf and mute", CardBench)
def command_io(bench: CardBench) -> None:
    card, port = bench.dual, bench.dual.ports[0]
    port.write(mtty.SCR, 0x5a)
    card.set_command(off=COMMAND_IO)
    same(port.registers(), [0xff] * 8, "registers without COMMAND.IO")
    port.write(mtty.SCR, 0xa5)
    port.write(mtty.THR, 0x41)
    card.set_command(on=COMMAND_IO)
    same(port.read(mtty.SCR), 0x5a, "scratch register after COMMAND.IO was off")
    same(port.read(mtty.LSR), mtty.LSR_IDLE, "line status, nothing was sent")


@case("D3hot: the card is deaf and mute, and wakes unchanged", CardBench)
def power_state(bench: CardBench) -> None:
    card, port = bench.dual, bench.dual.ports[0]
    port.write(mtty.SCR, 0x5a)
    card.write16(mtty.PMCSR, mtty.PM_D3HOT)
    same(card.read16(mtty.PMCSR), 0x08 | mtty.PM_D3HOT, "PMCSR in D3hot")
    same(port.registers(), [0xff] * 8, "registers in D3hot")
    port.write(mtty.SCR, 0xa5)
    card.write16(mtty.PMCSR, mtty.PM_D0)
    same(card.read16(mtty.PMCSR), 0x08, "PMCSR back in D0")
    same(port.read(mtty.SCR), 0x5a, "scratch register after D3hot")


@case("BARs take accesses of two and four bytes", CardBench)
def bar_access_sizes(bench: CardBench) -> None:
    port, qtest = bench.dual.ports[0], bench.qtest
    qtest.outw(port.base + mtty.FCR, 0x1b << 8 | mtty.FCR_ENABLE)
    same(qtest.inw(port.base + mtty.IIR), 0x1b << 8 | mtty.IIR_FIFO | mtty.IIR_NONE,
         "IIR and LCR as a word")
    # Loopback wiring: RTS comes back as CTS. LSR and MSR ignore what is written.
    qtest.outl(port.base + mtty.MCR, 0x78 << 24 | mtty.MCR_RTS)
    expected = 0x78 << 24 | (mtty.MSR_CTS | 0x01) << 16 | mtty.LSR_IDLE << 8 | mtty.MCR_RTS
    same(qtest.inl(port.base + mtty.MCR), expected, "MCR, LSR, MSR, SCR as a long")
