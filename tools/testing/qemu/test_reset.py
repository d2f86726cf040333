# SPDX-License-Identifier: GPL-2.0-only
"""A machine reset takes the cards back to power-on."""

import mtty
from bench import CardBench
from case import case, check, same
from mtty import POWER_ON_REGISTERS, set_up
from pci import CACHE_LINE, COMMAND_MASTER, INTERRUPT_LINE
from test_config import same_config
from test_irq import MESSAGE, ask_for_attention, content, enable_msi


def disorder(bench: CardBench) -> None:
    """Change every piece of state a card has."""
    card = bench.dual
    card.write8(CACHE_LINE, 0x10)
    card.write8(INTERRUPT_LINE, 0x0b)
    card.set_command(on=0x0545)
    for number, port in enumerate(card.ports):
        port.qtest.run([port.put(mtty.LCR, mtty.LCR_DLAB), port.put(mtty.DLL, 0x34),
                        port.put(mtty.DLM, 0x12), port.put(mtty.LCR, 0x1b),
                        port.put(mtty.FCR, mtty.FCR_ENABLE | mtty.FCR_TRIGGER_8),
                        port.put(mtty.MCR, 0x1b & ~mtty.MCR_LOOP),
                        port.put(mtty.SCR, 0x5a + number)])
        port.send(b"left over, and more than the FIFO holds")
        port.write(mtty.IER, 0x0f)


@case("reset: config space and registers are as at power-on", CardBench)
def reset_state(bench: CardBench) -> None:
    card = bench.dual
    disorder(bench)
    enable_msi(card)
    check(card.config() != mtty.power_on_config(ports=2), "nothing was changed before the reset")
    bench.machine.reset()
    same_config(card.config(), mtty.power_on_config(ports=2), "after reset")
    card.bring_up()
    for port in card.ports:
        same(port.registers(), POWER_ON_REGISTERS, f"registers at {port.base:#x}")
        same(port.divisor(), 12, f"divisor at {port.base:#x}")


@case("reset: from D3hot too", CardBench)
def reset_power_state(bench: CardBench) -> None:
    card = bench.dual
    card.ports[0].write(mtty.SCR, 0x5a)
    card.write16(mtty.PMCSR, mtty.PM_D3HOT)
    bench.machine.reset()
    same_config(card.config(), mtty.power_on_config(ports=2), "after reset")
    card.bring_up()
    same(card.ports[0].registers(), POWER_ON_REGISTERS, "registers")


@case("reset: an asserted INTx goes down and stays down", CardBench)
def reset_intx(bench: CardBench) -> None:
    card = bench.dual
    ask_for_attention(card)
    check(bench.raised(card), "no interrupt")
    bench.machine.reset()
    check(bench.lowered(card), "the line stays up after reset")
    bench.forget_irqs()
    card.bring_up()
    same(card.ports[0].read(mtty.IIR), mtty.IIR_NONE, "IIR after reset")
    same(bench.changes(card), [], "the line after reset")


@case("reset: INTx works afterwards, also when MSI was on", CardBench)
def reset_then_intx(bench: CardBench) -> None:
    card = bench.dual
    card.set_command(on=COMMAND_MASTER)
    enable_msi(card)
    ask_for_attention(card)
    same(bench.message(), MESSAGE, "message")
    bench.clear_message()
    bench.machine.reset()
    card.bring_up()
    ask_for_attention(card)
    check(bench.raised(card), "no INTx after reset")
    check(bench.no_message(), "a message although reset switched MSI off")
    content(card)
    check(bench.lowered(card), "the line stays up")


@case("reset: MSI works afterwards", CardBench)
def reset_then_msi(bench: CardBench) -> None:
    card = bench.dual
    bench.machine.reset()
    bench.clear_message()
    card.bring_up()
    card.set_command(on=COMMAND_MASTER)
    enable_msi(card)
    ask_for_attention(card)
    same(bench.message(), MESSAGE, "message")


@case("reset: the wiring stays", CardBench)
def reset_wiring(bench: CardBench) -> None:
    first, second = bench.crossed.ports
    bench.machine.reset()
    bench.crossed.bring_up()
    set_up(first)
    set_up(second)
    first.write(mtty.THR, 0x41)
    same(second.read(mtty.RBR), 0x41, "the second port")
    same(first.read(mtty.LSR), mtty.LSR_IDLE, "the first port's line status")


@case("twenty resets in a row", CardBench, timeout=60)
def reset_often(bench: CardBench) -> None:
    for _ in range(20):
        disorder(bench)
        bench.machine.reset()
        bench.dual.bring_up()
        same(bench.dual.ports[1].registers(), POWER_ON_REGISTERS, "registers")
    check(bench.machine.alive(), "QEMU ended")
    same(bench.machine.stderr(), "", "QEMU's stderr")
