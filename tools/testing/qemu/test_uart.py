# SPDX-License-Identifier: GPL-2.0-only
"""The serial ports carry data."""

import time

import mtty
from bench import CardBench
from case import case, check, same
from mtty import Port, set_up

CHARACTER_BITS = 10     # 8N1 with its start bit
CLOCK = 115200


def pass_through(sender: Port, receiver: Port, data: bytes) -> bytes:
    """Send data FIFO by FIFO, return what comes out, all pipelined."""
    commands = []
    for start in range(0, len(data), mtty.FIFO_SIZE):
        part = data[start:start + mtty.FIFO_SIZE]
        commands += [sender.put(mtty.THR, byte) for byte in part]
        commands += [receiver.get(mtty.RBR)] * len(part)
    return bytes(sender.qtest.read_many(commands))


@case("power-on registers of all five ports", CardBench)
def power_on_registers(bench: CardBench) -> None:
    for card in bench.cards:
        for port in card.ports:
            same(port.registers(), mtty.POWER_ON_REGISTERS, f"registers at {port.base:#x}")
            same(port.divisor(), 12, f"divisor at {port.base:#x}")


@case("loopback: both ports return every byte value", CardBench)
def loopback(bench: CardBench) -> None:
    data = bytes(range(256))
    for port in [*bench.dual.ports, *bench.single.ports]:
        set_up(port, fcr=mtty.FCR_ENABLE)
        same(pass_through(port, port, data), data, f"data through {port.base:#x}")
        same(port.read(mtty.LSR), mtty.LSR_IDLE, "line status when all is read")


@case("loopback: the ports of a card do not hear each other", CardBench)
def loopback_apart(bench: CardBench) -> None:
    first, second = bench.dual.ports
    set_up(first, fcr=mtty.FCR_ENABLE)
    set_up(second, fcr=mtty.FCR_ENABLE)
    first.send(b"to myself")
    same(second.receive(), b"", "the other port's FIFO")
    same(first.receive(), b"to myself", "the port's own FIFO")


@case("loopback: the cards of a machine do not hear each other", CardBench)
def cards_apart(bench: CardBench) -> None:
    ports = [port for card in bench.cards for port in card.ports]
    for number, port in enumerate(ports):
        set_up(port, fcr=mtty.FCR_ENABLE)
        port.write(mtty.SCR, 0x50 + number)
    bench.single.ports[0].send(b"mine")
    same([len(port.receive()) for port in ports], [0, 0, 4, 0, 0], "characters received")
    same([port.read(mtty.SCR) for port in ports], [0x50, 0x51, 0x52, 0x53, 0x54],
         "scratch registers")


@case("cross: each port hears the other, both ways at once", CardBench)
def cross(bench: CardBench) -> None:
    first, second = bench.crossed.ports
    data = bytes(range(256))
    set_up(first, fcr=mtty.FCR_ENABLE)
    set_up(second, fcr=mtty.FCR_ENABLE)
    same(pass_through(first, second, data), data, "first to second")
    same(pass_through(second, first, data), data, "second to first")
    first.send(b"ping")
    second.send(b"pong")
    same(first.receive(), b"pong", "the first port's FIFO")
    same(second.receive(), b"ping", "the second port's FIFO")


@case("cross: modem lines reach the other port", CardBench)
def cross_modem_lines(bench: CardBench) -> None:
    first, second = bench.crossed.ports
    first.write(mtty.MCR, mtty.MCR_RTS)
    same(second.read(mtty.MSR), mtty.MSR_CTS | 0x01, "RTS arrives as CTS")
    first.write(mtty.MCR, mtty.MCR_DTR)
    same(second.read(mtty.MSR), mtty.MSR_DSR | mtty.MSR_DCD | 0x0b, "DTR arrives as DSR and DCD")
    same(second.read(mtty.MSR), mtty.MSR_DSR | mtty.MSR_DCD, "reading takes the changes away")
    same(first.read(mtty.MSR), 0, "the sender's own inputs")


@case("cross: a break reaches the other port", CardBench)
def cross_break(bench: CardBench) -> None:
    first, second = bench.crossed.ports
    first.write(mtty.LCR, mtty.LCR_8N1 | 0x40)
    status, byte = bench.qtest.read_many([second.get(mtty.LSR), second.get(mtty.RBR)])
    # A break is a framing error too; chips differ in telling so (bit 3).
    same(status & 0x17, mtty.LSR_DR | 0x10, "line status: break interrupt, no other error")
    same(byte, 0, "the character")


@case("MCR loop: the line is cut, the port hears itself", CardBench)
def mcr_loop(bench: CardBench) -> None:
    first, second = bench.crossed.ports
    set_up(first, fcr=mtty.FCR_ENABLE)
    set_up(second, fcr=mtty.FCR_ENABLE)
    first.write(mtty.MCR, mtty.MCR_LOOP | mtty.MCR_RTS | mtty.MCR_DTR)
    first.send(b"inward")
    same(first.receive(), b"inward", "the port's own FIFO")
    same(second.receive(), b"", "the other port's FIFO")
    same(first.read(mtty.MSR) & 0xf0, mtty.MSR_CTS | mtty.MSR_DSR, "modem status in the loop")
    same(second.read(mtty.MSR) & 0xf0, 0, "modem status of the other port")


@case("the FIFO holds 16, the seventeenth is lost and told", CardBench)
def fifo_overrun(bench: CardBench) -> None:
    port = bench.dual.ports[0]
    set_up(port, fcr=mtty.FCR_ENABLE)
    port.send(bytes(range(0x20, 0x30)))
    same(port.read(mtty.LSR), mtty.LSR_IDLE | mtty.LSR_DR, "line status, FIFO full")
    port.send(b"!")
    same(port.read(mtty.LSR), mtty.LSR_IDLE | mtty.LSR_DR | mtty.LSR_OE, "line status, overrun")
    same(port.receive(), bytes(range(0x20, 0x30)), "the FIFO")


@case("without FIFO the newest character wins", CardBench)
def no_fifo_overrun(bench: CardBench) -> None:
    port = bench.dual.ports[0]
    set_up(port)
    port.send(b"ab")
    same(port.read(mtty.LSR), mtty.LSR_IDLE | mtty.LSR_DR | mtty.LSR_OE, "line status")
    same(port.receive(), b"b", "the receive buffer")


@case("received data interrupts at the trigger level", CardBench)
def trigger_level(bench: CardBench) -> None:
    port = bench.dual.ports[0]
    # 50 baud: the character timeout is 0.8 s away and does not interfere.
    set_up(port, fcr=mtty.FCR_ENABLE | mtty.FCR_TRIGGER_8, ier=mtty.IER_RDI, divisor=2304)
    port.send(b"1234567")
    same(port.read(mtty.IIR), mtty.IIR_FIFO | mtty.IIR_NONE, "IIR below the trigger level")
    port.send(b"8")
    same(port.read(mtty.IIR), mtty.IIR_FIFO | mtty.IIR_RDI, "IIR at the trigger level")
    check(bench.raised(bench.dual), "no interrupt at the trigger level")


@case("a few characters interrupt after four character times", CardBench)
def character_timeout(bench: CardBench) -> None:
    port = bench.dual.ports[1]
    divisor = 2304
    wait = 4 * CHARACTER_BITS * divisor / CLOCK
    set_up(port, fcr=mtty.FCR_ENABLE | mtty.FCR_TRIGGER_14, ier=mtty.IER_RDI, divisor=divisor)
    start = time.monotonic()
    port.send(b"abc")
    check(bench.raised(bench.dual), "no interrupt for characters below the trigger level")
    waited = time.monotonic() - start
    check(waited >= wait, f"interrupt after {waited:.3f} s, expected not before {wait:.3f} s")
    same(port.read(mtty.IIR), mtty.IIR_FIFO | mtty.IIR_TIMEOUT, "IIR")
    same(port.receive(), b"abc", "the FIFO")
    same(port.read(mtty.IIR), mtty.IIR_FIFO | mtty.IIR_NONE, "IIR when all is read")
