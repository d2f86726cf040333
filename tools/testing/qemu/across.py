#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Write a machine with cards to a file, or go on from one.

usage: across.py NEW
       across.py OLD NEW

Without OLD the machine is made, and all sorts of things are under way in its cards.
With it the machine goes on from there; it is written to NEW again with nothing
changed, so that what its devices write has to be the same; then it is looked at.
"""

import subprocess
import sys

import mtty
from bench import CROSSED_SLOT, SINGLE_SLOT
from case import check, same
from migration import Device
from mig_stream import streams
from moving import MovingTestCards
from moving import mtty as mtty_device
from mtty import Card
from pci import COMMAND_MASTER
from test_irq import MESSAGE, ask_for_attention, enable_msi
from test_migrate import answered, set_apart, settings
from test_migrate_device import fill, filled, memory_places
from variant import Variant
from vdev_test import BUFFER_SIZE, REG_SCRATCH, pattern

VARIANT = Variant("10.0", "container")
SENT = b"across kernels"


class Traveller(MovingTestCards):
    """A machine with two test devices and two mtty cards."""

    def devices(self) -> list[Device]:
        return [*super().devices(), mtty_device("single", SINGLE_SLOT, 1, "loopback"),
                mtty_device("crossed", CROSSED_SLOT, 2, "cross")]

    def find_cards(self) -> None:
        super().find_cards()
        self.single = Card(self.qtest, SINGLE_SLOT, ports=1)
        self.crossed = Card(self.qtest, CROSSED_SLOT, ports=2)
        self.serial = [self.single, self.crossed]

    def prepare(self) -> None:
        super().prepare()
        for card in self.serial:
            card.bring_up()


def begin(machine: Traveller) -> None:
    """Have something of each kind under way."""
    for card in machine.serial:
        set_apart(card)
    machine.crossed.ports[0].send(SENT)
    ask_for_attention(machine.crossed)
    check(machine.raised(machine.crossed), "no INTx")

    machine.clear_message()
    enable_msi(machine.single)
    ask_for_attention(machine.single)

    machine.mapped.put(REG_SCRATCH, 0x12345678)
    machine.mapped.fill_buffer(pattern(BUFFER_SIZE, 1))
    fill(machine, memory_places(machine.mapped), 2)
    machine.enable_msix(machine.mapped, [0, 1])
    machine.program_msix(machine.mapped, [2])
    machine.mapped.raise_vector(2)
    machine.conventional.set_condition(True)
    machine.qtest.settle(0.3)       # a port has noticed that nobody reads


def expect(machine: Traveller) -> None:
    """Look at all of that."""
    same([settings(port)[3:] for card in machine.serial for port in card.ports],
         [[mtty.MCR_DTR | mtty.MCR_RTS, 0x50], [mtty.MCR_DTR | mtty.MCR_RTS, 0x60],
          [mtty.MCR_DTR, 0x61]], "modem control and scratch registers")
    same(machine.crossed.ports[1].receive(), SENT, "the FIFO")
    check(machine.raised(machine.crossed), "the card does not ask again")
    answered(machine.crossed.ports[0])

    check(machine.no_message(), "a message without COMMAND.MASTER")
    machine.single.set_command(on=COMMAND_MASTER)
    same(machine.message(), MESSAGE, "message once COMMAND.MASTER is set")

    same(machine.mapped.get(REG_SCRATCH), 0x12345678, "scratch register")
    same(machine.mapped.buffer(BUFFER_SIZE), pattern(BUFFER_SIZE, 1), "the buffer")
    filled(machine, memory_places(machine.mapped), 2)
    check(machine.mapped.msix.pending(2), "the pending bit is clear")
    machine.mapped.msix.unmask(2)
    check(machine.arrived(machine.mapped, 2), "no message of the vector that was masked")
    machine.mapped.raise_vector(1)
    check(machine.arrived(machine.mapped, 1), "no message of a vector in use")
    machine.conventional.set_condition(False)
    check(machine.lowered(machine.conventional), "the test device's line stays up")


def stand_still_and_save(machine: Traveller, path: str) -> None:
    machine.here.qmp.execute("stop")
    machine.save(path)
    check(len(streams(path)) == len(machine.devices()), f"{len(streams(path))} devices in {path}")


def same_streams(old: str, new: str) -> None:
    for device, before, after in zip(Traveller(VARIANT).devices(), streams(old), streams(new)):
        same(after, before, f"the bytes of {device.name}")


def main() -> None:
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    *old, new = sys.argv[1:]
    for module in ("mtty", "vdev_test"):
        subprocess.run(["modprobe", module], check=True)
    machine = Traveller(VARIANT)
    try:
        if old:
            machine.restore(old[0])
            machine.here.qmp.execute("cont")
        else:
            machine.open()
            machine.prepare()
            begin(machine)
        stand_still_and_save(machine, new)
        if old:
            same_streams(old[0], new)
        machine.here.qmp.execute("cont")
        expect(machine)
    except Exception:
        print(machine.evidence(), file=sys.stderr)
        raise
    finally:
        machine.close()


if __name__ == "__main__":
    main()
