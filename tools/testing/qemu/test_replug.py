# SPDX-License-Identifier: GPL-2.0-only
"""Test devices come and go behind a root port, the PCI Express way.

There the guest has the slot's power in its hand: a card that was plugged cannot
be seen before the guest switches it on, and is gone once it has switched it off.
"""

import time

import vdev_test
from case import case, check, same
from express import ExpressFunction, RootPort, show_config_space
from express_bench import MAPPED_SLOT, TestCardBench
from mdev import REMOVE_TIMEOUT, Mdev
from pci import COMMAND_MASTER
from test_config import same_config
from test_express import check_fresh, use
from test_hotplug import EVENT_TIMEOUT
from test_memory import mappable, mapped_ranges
from vdev_test import BUFFER_SIZE, FAMILY, PCIE, TO_GUEST, TestCard, pattern

TARGET = 0x300000

# -- the root port's slot, in its PCI Express capability ----------------------

CAPABILITIES = 0x34
CAP_EXPRESS = 0x10
SLOT_CONTROL = 0x18
SLOT_STATUS = 0x1a
POWER_OFF = 1 << 10
INDICATOR_ON, INDICATOR_OFF = 1 << 8, 3 << 8
ATTENTION_BUTTON = 1 << 0
PRESENCE = 1 << 6


class PortBench(TestCardBench):
    """A q35 machine with one root port, and nothing behind it."""

    def open(self) -> None:
        # The guest's own firmware (ACPI) would otherwise be in charge of the slot.
        self.machine = self.start(["-machine", "q35", "-m", "64M",
                                   "-global", "ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off",
                                   *RootPort.arguments(MAPPED_SLOT)])
        self.qtest = self.machine.qtest
        self.port = RootPort(self.qtest, MAPPED_SLOT)
        self.card = TestCard(ExpressFunction(self.qtest, MAPPED_SLOT, 0), PCIE, MAPPED_SLOT)
        self.cards = [self.card]
        self.bring_up()
        self.express = self.port.read8(CAPABILITIES)
        while self.port.read8(self.express) != CAP_EXPRESS:
            self.express = self.port.read8(self.express + 1)

    def bring_up(self) -> None:
        self.qtest.run(show_config_space(self.qtest) + self.port.bringing_up())

    def prepare(self) -> None:
        self.qtest.transcript.clear()
        if self.occupied():
            self.unplug()
        self.remove_mdevs()

    def new_card(self) -> Mdev:
        return self.new_mdev(f"{FAMILY}-{PCIE.name}", None)

    def occupied(self) -> bool:
        return bool(self.port.read16(self.express + SLOT_STATUS) & PRESENCE)

    def button_pressed(self) -> bool:
        return bool(self.port.read16(self.express + SLOT_STATUS) & ATTENTION_BUTTON)

    def clear_events(self) -> None:
        """Events are cleared by writing them back."""
        self.port.write16(self.express + SLOT_STATUS,
                          self.port.read16(self.express + SLOT_STATUS))

    def plug(self, mdev: Mdev) -> None:
        properties = self.variant.device(mdev, "card", 0) | {"bus": f"port{MAPPED_SLOT}"}
        self.machine.qmp.execute("device_add", **properties)
        self.clear_events()

    def power(self, on: bool) -> None:
        """The power controller, and the indicator that says so."""
        self.port.write16(self.express + SLOT_CONTROL,
                          INDICATOR_ON if on else POWER_OFF | INDICATOR_OFF)

    def plug_and_power(self, mdev: Mdev) -> None:
        self.plug(mdev)
        self.power(True)
        self.qtest.run(self.card.bringing_up())

    def unplug(self) -> None:
        """Ask the guest to let the card go, and be the guest that does."""
        self.machine.qmp.drop_events()
        self.machine.qmp.execute("device_del", id="card")
        self.eject()

    def eject(self) -> None:
        self.power(False)
        check(self.machine.qmp.wait_event("DEVICE_DELETED", EVENT_TIMEOUT, device="card"),
              "no DEVICE_DELETED event")


def check_works(bench: PortBench) -> None:
    """Registers, memory, messages and DMA of the card that was brought up."""
    card = bench.card
    check(mappable(card) <= mapped_ranges(bench), "its memory is not mapped")
    bench.enable_msix(card, [0, 63])
    card.fill_buffer(pattern(4096, 1))
    card.start_transfer(TO_GUEST, TARGET, 4096, 63)
    check(bench.arrived(card, 63), "no message of the transfer's end")
    same(card.result(), 0, "result of the transfer")
    same(bench.qtest.read_bytes(TARGET, 4096), pattern(4096, 1), "its data")


@case("hotplug behind a port: seen when the slot has power, and works", PortBench)
def plug_works(bench: PortBench) -> None:
    check(not bench.occupied(), "the slot is not empty from the start")
    bench.plug(bench.new_card())
    check(bench.occupied(), "the slot is empty")
    check(not bench.card.function.present(), "the card is there without power")
    bench.power(True)
    same_config(bench.card.function.config(), vdev_test.power_on_config(PCIE), "config space")
    bench.qtest.run(bench.card.bringing_up())
    check_works(bench)


@case("hotplug behind a port: unplugged in full use, and replugged", PortBench, timeout=60)
def replug(bench: PortBench) -> None:
    mdev = bench.new_card()
    for turn in range(3):
        bench.plug_and_power(mdev)
        check_fresh(bench.card)
        use(bench, bench.card)
        bench.card.set_condition(bool(turn % 2))
        bench.unplug()
        check(not bench.card.function.present(), "the card is still there")
        same(mapped_ranges(bench), set(), "memory of the card that is gone")
    bench.plug_and_power(mdev)
    check_works(bench)


@case("hotplug behind a port: unplugged while it transfers", PortBench)
def unplug_transferring(bench: PortBench) -> None:
    for turn in range(3):
        mdev = bench.new_card()
        bench.plug_and_power(mdev)
        bench.card.function.set_command(on=COMMAND_MASTER)
        bench.card.fill_buffer(pattern(BUFFER_SIZE, turn))
        bench.card.start_transfer(TO_GUEST, TARGET, BUFFER_SIZE)
        bench.unplug()
        bench.qtest.run([f"memset {TARGET:#x} {BUFFER_SIZE:#x} 0xee"])
        mdev.remove()
        same(bench.qtest.read_bytes(TARGET, BUFFER_SIZE), b"\xee" * BUFFER_SIZE,
             "guest memory, after it is gone")


@case("hotplug behind a port: removing the mdev presses the button, and waits", PortBench)
def remove_waits(bench: PortBench) -> None:
    mdev = bench.new_card()
    bench.plug_and_power(mdev)
    check(not bench.button_pressed(), "the button is pressed from the start")
    bench.machine.qmp.drop_events()
    removal = mdev.start_removing()
    end = time.monotonic() + EVENT_TIMEOUT
    while not bench.button_pressed():
        check(time.monotonic() < end, "the button is not pressed")
        time.sleep(0.05)
    check_works(bench)
    check(removal.poll() is None, "the mdev was removed under its user")
    bench.eject()
    same(removal.wait(REMOVE_TIMEOUT), 0, "status of the removal")
    check(not mdev.exists(), "the mdev is still there")


@case("a killed QEMU leaves a test device free and as at power-on", PortBench, timeout=60)
def killed_qemu(bench: PortBench) -> None:
    mdev = bench.new_card()
    bench.plug_and_power(mdev)
    use(bench, bench.card)
    bench.card.fill_buffer(pattern(BUFFER_SIZE, 1))
    bench.card.start_transfer(TO_GUEST, TARGET, BUFFER_SIZE)
    bench.machine.kill()
    bench.open()
    bench.plug_and_power(mdev)
    check_fresh(bench.card)
    check_works(bench)
    bench.unplug()
    mdev.remove()
