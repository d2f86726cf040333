# SPDX-License-Identifier: GPL-2.0-only
"""Interrupts arrive: INTx at the I/O APIC, MSI in memory.

Without KVM, QEMU guesses the end of an INTx interrupt: the next access to any
BAR of the card lowers the line and unmasks it in the device, which then has to
signal again if it still wants attention. So a line goes up, down at the next
access, and up again for as long as the condition holds.
"""

import mtty
from bench import MESSAGE_ADDRESS, CardBench
from case import case, check, same
from mtty import Card, set_up
from pci import (COMMAND_INTX_DISABLE, COMMAND_MASTER, INTERRUPT_LINE, STATUS,
                 STATUS_INTERRUPT)

MESSAGE = 0x4321


def ask_for_attention(card: Card, port: int = 0) -> None:
    """Make the card's interrupt condition true: the transmitter is empty."""
    card.ports[port].write(mtty.IER, mtty.IER_THRI)


def content(card: Card, port: int = 0) -> None:
    """Make it false again: reading IIR takes the condition away."""
    same(card.ports[port].read(mtty.IIR), mtty.IIR_THRI, "IIR")


def enable_msi(card: Card) -> None:
    card.write32(mtty.MSI_ADDRESS, MESSAGE_ADDRESS)
    card.write32(mtty.MSI_ADDRESS_HIGH, 0)
    card.write16(mtty.MSI_DATA, MESSAGE)
    card.write16(mtty.MSI_CONTROL, mtty.MSI_ENABLE)


@case("INTx arrives on the card's line, and only there", CardBench)
def intx_line(bench: CardBench) -> None:
    for card in bench.cards:
        bench.forget_irqs()
        ask_for_attention(card)
        check(bench.raised(card), f"no interrupt at pin {card.pin}")
        others = [other for other in bench.cards if other is not card]
        same([bench.changes(other) for other in others], [[], []], "the other cards' pins")
        content(card)
        check(bench.lowered(card), f"pin {card.pin} stays up")
        same(bench.changes(card), ["raise", "lower"], f"pin {card.pin}")


@case("INTx comes from the second port as from the first", CardBench)
def intx_second_port(bench: CardBench) -> None:
    for card in (bench.dual, bench.crossed):
        ask_for_attention(card, port=1)
        check(bench.raised(card), "no interrupt")
        same(card.ports[0].read(mtty.IIR), mtty.IIR_NONE, "IIR of the first port")
        content(card, port=1)
        check(bench.lowered(card), "the line stays up")


@case("INTx rises again while the card still wants attention", CardBench)
def intx_level(bench: CardBench) -> None:
    card, port = bench.dual, bench.dual.ports[0]
    ask_for_attention(card)
    for turn in range(5):
        check(bench.raised(card), f"no interrupt, turn {turn}")
        port.read(mtty.LSR)     # QEMU takes it for the end of the interrupt
    check(bench.raised(card), "no interrupt after the last turn")
    same(bench.changes(card), ["raise", "lower"] * 5 + ["raise"], "the line")
    content(card)
    same(bench.changes(card), ["lower"], "the line once the card is content")


@case("INTx of two ports is one line until both are content", CardBench)
def intx_shared(bench: CardBench) -> None:
    card = bench.crossed
    ask_for_attention(card, port=0)
    check(bench.raised(card), "no interrupt")
    ask_for_attention(card, port=1)
    check(bench.raised(card), "no interrupt with both ports asking")
    content(card, port=0)
    check(bench.raised(card), "no interrupt although the second port still asks")
    content(card, port=1)
    bench.qtest.settle()
    check(bench.lowered(card), "the line stays up")


@case("two cards interrupt at the same time, each for itself", CardBench)
def intx_two_cards(bench: CardBench) -> None:
    ask_for_attention(bench.dual)
    ask_for_attention(bench.single)
    check(bench.raised(bench.dual) and bench.raised(bench.single), "an interrupt is missing")
    content(bench.single)
    check(bench.lowered(bench.single), "the content card's line stays up")
    bench.qtest.settle()
    check(bench.qtest.levels[bench.dual.pin], "the other card's line went down with it")
    content(bench.dual)
    check(bench.lowered(bench.dual), "the line stays up")


@case("INTx tells of received data, and of a modem line", CardBench)
def intx_sources(bench: CardBench) -> None:
    card = bench.crossed
    first, second = card.ports
    set_up(first)
    set_up(second, ier=mtty.IER_RDI | mtty.IER_RLSI | mtty.IER_MSI)
    first.write(mtty.THR, 0x41)
    check(bench.raised(card), "no interrupt for received data")
    same(second.read(mtty.IIR), mtty.IIR_RDI, "IIR, data")
    same(second.read(mtty.RBR), 0x41, "the character")
    check(bench.lowered(card), "the line stays up")
    first.write(mtty.MCR, mtty.MCR_RTS)
    check(bench.raised(card), "no interrupt for a modem line")
    same(second.read(mtty.IIR), mtty.IIR_MSI, "IIR, modem line")
    same(second.read(mtty.MSR), mtty.MSR_CTS | 0x01, "MSR")
    bench.qtest.settle()
    check(bench.lowered(card), "the line stays up after the modem line was read")


@case("STATUS shows the interrupt, looking at it ends nothing", CardBench)
def status_bit(bench: CardBench) -> None:
    card = bench.dual
    same(card.read16(STATUS) & STATUS_INTERRUPT, 0, "STATUS, idle")
    ask_for_attention(card)
    check(bench.raised(card), "no interrupt")
    same(card.read16(STATUS) & STATUS_INTERRUPT, STATUS_INTERRUPT, "STATUS, asking")
    same(bench.changes(card), ["raise"], "the line")
    content(card)
    same(card.read16(STATUS) & STATUS_INTERRUPT, 0, "STATUS, content")


@case("INTX_DISABLE holds the interrupt back", CardBench)
def intx_disable(bench: CardBench) -> None:
    card = bench.dual
    card.set_command(on=COMMAND_INTX_DISABLE)
    ask_for_attention(card)
    same(bench.changes(card), [], "the line while disabled")
    same(card.read16(STATUS) & STATUS_INTERRUPT, STATUS_INTERRUPT, "STATUS, disabled but asking")
    card.set_command(off=COMMAND_INTX_DISABLE)
    check(bench.raised(card), "no interrupt once INTX_DISABLE is cleared")


@case("D3hot holds an interrupt back", CardBench)
def power_state_holds_back(bench: CardBench) -> None:
    card, port = bench.dual, bench.dual.ports[0]
    # In D3hot only time can raise the condition: the character timeout, here
    # 0.8 s (40 bits at 50 baud).
    set_up(port, fcr=mtty.FCR_ENABLE | mtty.FCR_TRIGGER_14, ier=mtty.IER_RDI, divisor=2304)
    port.send(b"a")
    card.write16(mtty.PMCSR, mtty.PM_D3HOT)
    bench.qtest.settle(1.2)
    same(bench.changes(card), [], "the line in D3hot")
    card.write16(mtty.PMCSR, mtty.PM_D0)
    check(bench.raised(card), "no interrupt back in D0")
    same(port.read(mtty.IIR), mtty.IIR_FIFO | mtty.IIR_TIMEOUT, "IIR")


@case("MSI reaches memory", CardBench)
def msi_arrives(bench: CardBench) -> None:
    for card in bench.cards:
        bench.clear_message()
        card.set_command(on=COMMAND_MASTER)
        enable_msi(card)
        ask_for_attention(card)
        same(bench.message(), MESSAGE, f"message of the card in slot {card.slot}")
        same(bench.changes(card), [], "the INTx line")


@case("MSI comes once for each rise of the condition", CardBench)
def msi_edges(bench: CardBench) -> None:
    card, port = bench.dual, bench.dual.ports[0]
    bench.clear_message()
    card.set_command(on=COMMAND_MASTER)
    enable_msi(card)
    ask_for_attention(card)
    same(bench.message(), MESSAGE, "first message")
    for turn in range(3):
        bench.clear_message()
        port.read(mtty.LSR)
        port.write(mtty.SCR, turn)
        card.write8(INTERRUPT_LINE, turn)
        check(bench.no_message(), "a message although the condition did not rise")
        content(card)
        check(bench.no_message(), "a message although the condition fell")
        port.write(mtty.THR, 0x41)
        same(bench.message(), MESSAGE, "message after the condition rose again")


@case("MSI waits for bus mastering", CardBench)
def msi_bus_master(bench: CardBench) -> None:
    card = bench.dual
    bench.clear_message()
    enable_msi(card)
    ask_for_attention(card)
    check(bench.no_message(), "a message without COMMAND.MASTER")
    card.set_command(on=COMMAND_MASTER)
    same(bench.message(), MESSAGE, "message once COMMAND.MASTER is set")


@case("MSI follows address and data the guest changes", CardBench)
def msi_moves(bench: CardBench) -> None:
    card, port = bench.dual, bench.dual.ports[0]
    bench.clear_message()
    card.set_command(on=COMMAND_MASTER)
    enable_msi(card)
    ask_for_attention(card)
    same(bench.message(), MESSAGE, "first message")
    content(card)
    bench.clear_message()
    moved = MESSAGE_ADDRESS + 0x1000
    bench.qtest.writel(moved, 0)
    card.write32(mtty.MSI_ADDRESS, moved)
    card.write16(mtty.MSI_DATA, 0xbeef)
    port.write(mtty.THR, 0x41)
    check(bench.no_message(), "a message at the old address")
    same(bench.qtest.readl(moved), 0xbeef, "the message at the new address")


@case("INTx takes over when MSI is switched off, and back", CardBench)
def msi_and_intx(bench: CardBench) -> None:
    card = bench.dual
    bench.clear_message()
    card.set_command(on=COMMAND_MASTER)
    enable_msi(card)
    ask_for_attention(card)
    same(bench.message(), MESSAGE, "message")
    card.write16(mtty.MSI_CONTROL, 0)
    check(bench.raised(card), "no INTx although the card still asks")
    content(card)
    check(bench.lowered(card), "the line stays up")
    bench.clear_message()
    enable_msi(card)
    card.ports[0].write(mtty.THR, 0x41)
    same(bench.message(), MESSAGE, "message once MSI is on again")
    same(bench.changes(card), ["raise", "lower"], "the line over all")


@case("MSI switched on while the card asks sends at once", CardBench)
def msi_late(bench: CardBench) -> None:
    card = bench.dual
    bench.clear_message()
    card.set_command(on=COMMAND_MASTER)
    ask_for_attention(card)
    check(bench.raised(card), "no INTx")
    enable_msi(card)
    same(bench.message(), MESSAGE, "message")
    check(bench.lowered(card), "the INTx line stays up under MSI")


@case("interrupts of 200 characters, each served", CardBench, timeout=60)
def interrupt_driven(bench: CardBench) -> None:
    card = bench.crossed
    first, second = card.ports
    set_up(first)
    set_up(second, ier=mtty.IER_RDI)
    for number in range(200):
        byte = number & 0xff
        first.write(mtty.THR, byte)
        check(bench.raised(card), f"no interrupt for character {number}")
        same(second.read(mtty.RBR), byte, f"character {number}")
        check(bench.lowered(card), f"the line stays up after character {number}")
    same(bench.changes(card), ["raise", "lower"] * 200, "the line")
