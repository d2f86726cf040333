# SPDX-License-Identifier: GPL-2.0-only
"""A machine with mtty cards moves to another QEMU, and its cards go on."""

import contextlib
import os

import mtty
from bench import MESSAGE_ADDRESS
from case import check, same
from moving import MovingCards, OneCard, moving_case
from mtty import Card, Port, set_up
from pci import COMMAND_INTX_DISABLE, COMMAND_MASTER, STATUS, STATUS_INTERRUPT
from relay import Relay
from test_config import same_config
from test_irq import MESSAGE, ask_for_attention, content, enable_msi

FIFO_14 = mtty.FCR_ENABLE | mtty.FCR_TRIGGER_14

# How a device's stream begins, and how far behind that one is cut off: in its
# header, in the record of the identity, in what comes then.
STREAM = b"\x89VFM\r\n\x1a\n"
CUTS = (3, 30, 150)

# A 16550A at 50 baud takes 0.8 s to notice that nobody reads what it has.
SLOW = 2304


def settings(port: Port) -> list[int]:
    """What a port was set to, and reading does not change."""
    return [port.divisor(), *(port.read(r) for r in (mtty.IER, mtty.LCR, mtty.MCR, mtty.SCR))]


def set_apart(card: Card) -> list[list[int]]:
    """Give each port of a card settings of its own; return them."""
    for number, port in enumerate(card.ports):
        set_up(port, fcr=mtty.FCR_ENABLE, divisor=3 + number + card.slot)
        port.write(mtty.MCR, mtty.MCR_DTR if number else mtty.MCR_DTR | mtty.MCR_RTS)
        port.write(mtty.SCR, 0x10 * card.slot + number)
    return [settings(port) for port in card.ports]


def answered(port: Port) -> None:
    """The guest has seen that the transmitter is empty, and wants to hear no more."""
    same(port.read(mtty.IIR) & ~mtty.IIR_FIFO, mtty.IIR_THRI, "IIR")
    port.write(mtty.IER, 0)


def works(card: Card) -> None:
    """Characters go through the first port of a loopback card."""
    port = card.ports[0]
    port.receive()
    port.send(b"works")
    same(port.receive(), b"works", "what comes back after what was sent")


# -- what a card takes along --------------------------------------------------

@moving_case("migration: one card, its settings and what is in its FIFOs", OneCard,
             everywhere=False)
def one_card(bench: OneCard) -> None:
    before = set_apart(bench.dual)
    for port in bench.dual.ports:
        port.send(b"%04x was here" % port.base)
    config = bench.dual.config()
    bench.move()
    same_config(bench.dual.config(), config, "configuration space")
    same([settings(port) for port in bench.dual.ports], before, "settings")
    for port in bench.dual.ports:
        same(port.receive(), b"%04x was here" % port.base, "the FIFO")
        same(port.read(mtty.LSR), mtty.LSR_IDLE, "line status when all is read")
    works(bench.dual)


@moving_case("migration: three cards, each with its own state", MovingCards)
def three_cards(bench: MovingCards) -> None:
    before = [set_apart(card) for card in bench.cards]
    first, second = bench.crossed.ports
    first.send(b"for the second")
    second.send(b"for the first")
    bench.single.ports[0].send(b"to myself")
    lines = [port.read(mtty.MSR) >> 4 for port in bench.crossed.ports]
    config = [card.config() for card in bench.cards]
    bench.move()
    for card, expected in zip(bench.cards, config):
        same_config(card.config(), expected, f"configuration space in slot {card.slot}")
    same([[settings(port) for port in card.ports] for card in bench.cards], before, "settings")
    first, second = bench.crossed.ports
    same([port.read(mtty.MSR) for port in (first, second)], [line << 4 for line in lines],
         "modem lines, none of them changed")
    same(second.receive(), b"for the second", "what the first port sent before")
    same(first.receive(), b"for the first", "what the second port sent before")
    same(bench.single.ports[0].receive(), b"to myself", "what the single port sent before")
    first.send(b"and on")
    same(second.receive(), b"and on", "what the first port sends")


@moving_case("migration: five times in a row, a character each", OneCard, everywhere=False)
def five_times(bench: OneCard) -> None:
    set_up(bench.dual.ports[0], fcr=mtty.FCR_ENABLE)
    for turn in range(5):
        bench.dual.ports[0].send(bytes([0x61 + turn]))
        bench.move()
    same(bench.dual.ports[0].receive(), b"abcde", "the FIFO")


@moving_case("migration: an overrun, and a FIFO that is full", OneCard, everywhere=False)
def overrun(bench: OneCard) -> None:
    port = bench.dual.ports[1]
    set_up(port, fcr=mtty.FCR_ENABLE)
    port.send(bytes(range(17)))
    bench.move()
    port = bench.dual.ports[1]
    same(port.read(mtty.LSR), mtty.LSR_IDLE | mtty.LSR_DR | mtty.LSR_OE, "line status")
    same(port.receive(), bytes(range(16)), "the FIFO")


@moving_case("migration: nothing done before, nothing there after", MovingCards, everywhere=False)
def untouched(bench: MovingCards) -> None:
    bench.machine.reset()
    bench.move()
    for card, ports in zip(bench.cards, (2, 1, 2)):
        same_config(card.config(), mtty.power_on_config(ports), f"card in slot {card.slot}")
        card.bring_up()
        for port in card.ports:
            same(port.registers(), mtty.POWER_ON_REGISTERS, f"registers at {port.base:#x}")


@moving_case("migration: a machine reset afterwards takes a card to power-on", OneCard,
             everywhere=False)
def reset_after(bench: OneCard) -> None:
    set_apart(bench.dual)
    bench.dual.ports[0].send(b"lost")
    bench.move()
    bench.machine.reset()
    same_config(bench.dual.config(), mtty.power_on_config(2), "configuration space")
    bench.dual.bring_up()
    for port in bench.dual.ports:
        same(port.registers(), mtty.POWER_ON_REGISTERS, f"registers at {port.base:#x}")


# -- interrupts ----------------------------------------------------------------

@moving_case("migration: an asserted INTx is asserted on the other side", MovingCards)
def intx_asserted(bench: MovingCards) -> None:
    for card in (bench.dual, bench.crossed):
        ask_for_attention(card)
        check(bench.raised(card), f"no interrupt at pin {card.pin}")
    bench.move()
    for card in (bench.dual, bench.crossed):
        same(card.read16(STATUS) & STATUS_INTERRUPT, STATUS_INTERRUPT, "STATUS")
        # QEMU takes this for the end of the interrupt, and its card must ask again
        card.ports[0].read(mtty.LSR)
        check(bench.raised(card), f"slot {card.slot}: the card does not ask again")
        answered(card.ports[0])
        check(bench.lowered(card), f"slot {card.slot}: the line stays up")
    same(bench.changes(bench.single), [], "the line of the card that never asked")


@moving_case("migration: INTX_DISABLE holds the interrupt back on the other side", OneCard,
             everywhere=False)
def intx_disabled(bench: OneCard) -> None:
    card = bench.dual
    card.set_command(on=COMMAND_INTX_DISABLE)
    ask_for_attention(card)
    bench.move()
    card = bench.dual
    card.ports[0].read(mtty.LSR)
    same(bench.changes(card), [], "the line while disabled")
    same(card.read16(STATUS) & STATUS_INTERRUPT, STATUS_INTERRUPT, "STATUS")
    card.set_command(off=COMMAND_INTX_DISABLE)
    check(bench.raised(card), "no interrupt once INTX_DISABLE is cleared")


@moving_case("migration: MSI goes on, and sends nothing twice", OneCard, everywhere=False)
def msi(bench: OneCard) -> None:
    bench.clear_message()
    bench.dual.set_command(on=COMMAND_MASTER)
    enable_msi(bench.dual)
    ask_for_attention(bench.dual)
    same(bench.message(), MESSAGE, "message on this side")
    bench.clear_message()
    bench.move()
    card = bench.dual
    check(bench.no_message(), "a message although the condition did not rise")
    content(card)
    card.ports[0].write(mtty.THR, 0x41)
    same(bench.message(), MESSAGE, "message on the other side")
    same(bench.changes(card), [], "the INTx line")


@moving_case("migration: an MSI message that waits for bus mastering", OneCard)
def msi_pending(bench: OneCard) -> None:
    bench.clear_message()
    enable_msi(bench.dual)
    ask_for_attention(bench.dual)
    check(bench.no_message(), "a message without COMMAND.MASTER")
    bench.move()
    check(bench.no_message(), "a message without COMMAND.MASTER, on the other side")
    bench.dual.set_command(on=COMMAND_MASTER)
    same(bench.message(), MESSAGE, "message once COMMAND.MASTER is set")
    bench.clear_message()
    bench.dual.ports[0].read(mtty.LSR)
    check(bench.no_message(), "a second message")


@moving_case("migration: D3hot, and an interrupt that waits for D0", OneCard, everywhere=False)
def power_state(bench: OneCard) -> None:
    set_up(bench.dual.ports[0], fcr=FIFO_14, ier=mtty.IER_RDI, divisor=SLOW)
    bench.dual.ports[0].send(b"a")
    bench.dual.write16(mtty.PMCSR, mtty.PM_D3HOT)
    bench.move()
    card = bench.dual
    same(card.read16(mtty.PMCSR) & 3, mtty.PM_D3HOT, "power state")
    bench.qtest.settle(1.2)
    same(bench.changes(card), [], "the line in D3hot")
    card.write16(mtty.PMCSR, mtty.PM_D0)
    check(bench.raised(card), "no interrupt back in D0")
    same(card.ports[0].read(mtty.IIR), mtty.IIR_FIFO | mtty.IIR_TIMEOUT, "IIR")


# -- ways to move ----------------------------------------------------------------

@moving_case("migration: to the other QEMU and back", MovingCards)
def versions(bench: MovingCards) -> None:
    before = [set_apart(card) for card in bench.cards]
    ask_for_attention(bench.crossed)
    check(bench.raised(bench.crossed), "no interrupt")
    bench.dual.ports[0].send(b"there and back")
    other = "11.1" if bench.variant.version == "10.0" else "10.0"
    for version in (other, bench.variant.version):
        bench.move(version=version)
        bench.crossed.ports[1].read(mtty.LSR)
        check(bench.raised(bench.crossed), f"no interrupt in QEMU {version}")
    answered(bench.crossed.ports[0])
    same([[settings(port) for port in card.ports] for card in bench.cards], before, "settings")
    same(bench.dual.ports[0].receive(), b"there and back", "the FIFO")


@moving_case("migration: what QEMU tells of it, and in which order", MovingCards, everywhere=False)
def events(bench: MovingCards) -> None:
    target, left = bench.target(), bench.here
    bench.begin(target)
    left.wait("completed")
    target.wait("completed")
    switchover = ["pre-copy-p2p-prepare"] if bench.variant.version == "11.1" else []
    for name in ("dual", "single", "crossed"):
        expected = ["pre-copy", *switchover, "pre-copy-p2p", "stop-copy"]
        same(left.device_states(name)[:len(expected)], expected, f"{name}, on this side")
        arriving = target.device_states(name)
        same(arriving[0], "resuming", f"{name}, first on the other side")
        same(arriving[-2:], ["running-p2p", "running"], f"{name}, last on the other side")
    check(left.device_bytes() > 3 * 100, f"three devices came to {left.device_bytes()} bytes")
    bench.arrive(target)


@moving_case("migration: a machine that stands still arrives standing still", OneCard)
def paused(bench: OneCard) -> None:
    before = set_apart(bench.dual)
    bench.dual.ports[0].send(b"paused")
    bench.here.qmp.execute("stop")
    target = bench.target()
    bench.begin(target)
    bench.arrive(target)
    check(not bench.here.running(), "the machine runs")
    bench.here.qmp.execute("cont")
    same([settings(port) for port in bench.dual.ports], before, "settings")
    same(bench.dual.ports[0].receive(), b"paused", "the FIFO")
    works(bench.dual)


@moving_case("migration: QEMU waits on the other side until it is told to go on", OneCard,
             everywhere=False)
def told_to_wait(bench: OneCard) -> None:
    ask_for_attention(bench.dual)
    check(bench.raised(bench.dual), "no interrupt")
    target = bench.target("-S")
    bench.begin(target)
    bench.arrive(target)
    check(not bench.here.running(), "the machine runs")
    bench.here.qmp.execute("cont")
    bench.dual.ports[0].read(mtty.LSR)
    check(bench.raised(bench.dual), "no interrupt on the other side")


@moving_case("migration: cancelled in pre-copy, goes on here, and moves later", OneCard)
def cancelled(bench: OneCard) -> None:
    port = bench.dual.ports[0]
    set_up(port, fcr=mtty.FCR_ENABLE)
    port.send(b"before ")
    target = bench.target()
    with bench.held(target):
        port.send(b"during ")
        bench.here.qmp.execute("migrate_cancel")
    bench.here.wait("cancelled")
    same(bench.here.device_states("dual")[-1], "running", "the device")
    same(bench.here.events("STOP"), [], "how often the machine was stopped")
    bench.end(target)
    port.send(b"on")
    bench.move()
    same(bench.dual.ports[0].receive(), b"before during on", "the FIFO")
    works(bench.dual)


@moving_case("migration: cancelled at the switchover, with the machine stopped", OneCard,
             everywhere=False)
def cancelled_late(bench: OneCard) -> None:
    for port in bench.dual.ports:
        set_up(port, fcr=mtty.FCR_ENABLE)
    ask_for_attention(bench.dual)
    check(bench.raised(bench.dual), "no interrupt")
    bench.dual.ports[1].send(b"kept")
    target = bench.target()
    bench.begin(target, ["pause-before-switchover"])
    bench.here.wait("pre-switchover")
    bench.here.qmp.execute("migrate_cancel")
    bench.here.wait("cancelled")
    bench.end(target)
    bench.wait_running()
    bench.dual.ports[0].read(mtty.LSR)
    check(bench.raised(bench.dual), "the card does not ask again")
    same(bench.dual.ports[1].receive(), b"kept", "the FIFO")
    works(bench.dual)


@moving_case("migration: switchover-ack", MovingCards, everywhere=False)
def switchover_ack(bench: MovingCards) -> None:
    set_up(bench.dual.ports[0], fcr=mtty.FCR_ENABLE)
    bench.dual.ports[0].send(b"acknowledged")
    bench.move(capabilities=["switchover-ack", "return-path"])
    same(bench.dual.ports[0].receive(), b"acknowledged", "the FIFO")


@moving_case("migration: by several connections", MovingCards, versions=("11.1",))
def multifd(bench: MovingCards) -> None:
    with_it = {"x-migration-multifd-transfer": "on"}
    bench.restart(**with_it)
    bench.prepare()
    before = [set_apart(card) for card in bench.cards]
    bench.dual.ports[0].send(b"in parallel")
    target = bench.target(**with_it)
    bench.begin(target, ["multifd", "return-path"])
    bench.arrive(target)
    same([[settings(port) for port in card.ports] for card in bench.cards], before, "settings")
    same(bench.dual.ports[0].receive(), b"in parallel", "the FIFO")
    bench.restart()     # for the cases that come next


@moving_case("migration: to a file, and from it twice", MovingCards)
def file(bench: MovingCards) -> None:
    before = [set_apart(card) for card in bench.cards]
    ask_for_attention(bench.crossed)
    check(bench.raised(bench.crossed), "no interrupt")
    bench.dual.ports[0].send(b"in a file")
    bench.save("/tmp/machine")
    try:
        for turn in ("first", "second"):
            bench.restore("/tmp/machine")
            bench.wait_running()
            bench.crossed.ports[1].read(mtty.LSR)
            check(bench.raised(bench.crossed), f"no interrupt, {turn} time")
            answered(bench.crossed.ports[0])
            same([[settings(port) for port in card.ports] for card in bench.cards], before,
                 f"settings, {turn} time")
            same(bench.dual.ports[0].receive(), b"in a file", f"the FIFO, {turn} time")
    finally:
        os.unlink("/tmp/machine")


# -- ways to fail -----------------------------------------------------------------

def goes_on_here(bench: OneCard) -> None:
    """The machine runs on this side as if nothing had been."""
    bench.wait_running()
    same(bench.dual.ports[0].receive(), b"stays", "the FIFO")
    works(bench.dual)
    bench.dual.ports[0].send(b"moves")
    bench.move()
    same(bench.dual.ports[0].receive(), b"moves", "the FIFO, moved after all")


@moving_case("migration: another type on the other side is refused before the switchover", OneCard)
def wrong_type(bench: OneCard) -> None:
    set_up(bench.dual.ports[0], fcr=mtty.FCR_ENABLE)
    bench.dual.ports[0].send(b"stays")
    device = bench.devices()[0]._replace(mdev_type="mtty-1")
    target = bench.target(devices=[device])
    bench.begin(target, ["switchover-ack", "return-path"])
    bench.here.wait("failed")
    same(bench.here.events("STOP"), [], "how often the machine was stopped")
    same(bench.here.device_states("dual")[-1], "running", "the device")
    target.wait_end()
    reason = target.mdevs[0].attribute("migration/last_error")
    check("mtty-1" in reason and "mtty-2" in reason, f"the reason: {reason}")
    bench.end(target)
    goes_on_here(bench)


@moving_case("migration: a stream that ends early is refused, wherever it ends", OneCard,
             timeout=120, everywhere=False)
def cut_off(bench: OneCard) -> None:
    set_up(bench.dual.ports[0], fcr=mtty.FCR_ENABLE)
    bench.dual.ports[0].send(b"stays")
    for more in CUTS:
        target = bench.target()
        with contextlib.closing(Relay(target.machine.path("relay"), bench.address(target),
                                      STREAM, more)) as relay:
            bench.begin(target, ["return-path"], relay)
            bench.here.wait("failed")
            check(relay.was_cut(), f"{more} bytes after the magic: the stream went on")
        target.wait_end()
        bench.end(target)
        bench.wait_running()
    goes_on_here(bench)


def failing(bench: OneCard, fault: str, here: bool) -> None:
    """Try to move with something that fails in a device, on this side or on the other."""
    target = bench.target()
    side = bench.here if here else target
    side.mdevs[0].set_attribute("migration/fault", fault)
    bench.begin(target, ["return-path"])
    bench.here.wait("failed")
    reason = side.mdevs[0].attribute("migration/last_error")
    check("a test made" in reason, f"the reason: {reason}")
    bench.wait_running()
    bench.end(target)


@moving_case("migration: a device on the other side that fails to load", OneCard, everywhere=False)
def load_fails(bench: OneCard) -> None:
    set_up(bench.dual.ports[0], fcr=mtty.FCR_ENABLE)
    bench.dual.ports[0].send(b"stays")
    failing(bench, "write 5", here=False)
    goes_on_here(bench)


@moving_case("migration: a device that fails to begin", OneCard, everywhere=False)
def begin_fails(bench: OneCard) -> None:
    set_up(bench.dual.ports[0], fcr=mtty.FCR_ENABLE)
    bench.dual.ports[0].send(b"stays")
    failing(bench, "file 23", here=True)
    goes_on_here(bench)


@moving_case("migration: a device that fails to stop is reset, and works", OneCard,
             everywhere=False)
def stop_fails(bench: OneCard) -> None:
    # QEMU resets what cannot stop, and lets the machine run on.
    set_apart(bench.dual)
    for fault in ("stop 16", "save 5"):
        failing(bench, fault, here=True)
        bench.dual.bring_up()
        for port in bench.dual.ports:
            same(port.registers(), mtty.POWER_ON_REGISTERS, f"{fault}: registers at "
                 f"{port.base:#x}")
    set_up(bench.dual.ports[0], fcr=mtty.FCR_ENABLE)
    works(bench.dual)
    bench.move()
    works(bench.dual)
