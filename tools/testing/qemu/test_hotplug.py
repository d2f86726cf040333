# SPDX-License-Identifier: GPL-2.0-only
"""Cards come and go, and their mdevs with them."""

import errno
import subprocess
import time

import mtty
from bench import MESSAGE_ADDRESS
from cards import CardSetting
from case import case, check, same
from machine import QemuDied
from mdev import REMOVE_TIMEOUT, Mdev
from pci import COMMAND_MASTER, INTERRUPT_LINE
from qmp import QmpError
from test_config import same_config
from test_irq import MESSAGE, ask_for_attention, enable_msi

# ACPI PCI hotplug of the "pc" machine. A guest's firmware selects a bus and
# writes the slots it lets go of, when asked to; here the test does.
ACPI_BUS_SELECT = 0xae10
ACPI_GOING = 0xae04
ACPI_EJECT = 0xae08

SLOT = 4
MACHINE = ["-machine", "pc", "-m", "64M"]
EVENT_TIMEOUT = 20


class HotplugMachine(CardSetting):
    """A "pc" machine, whose root bus takes cards while it runs, without one."""

    def open(self) -> None:
        self.machine = self.start(MACHINE)
        self.card = mtty.Card(self.machine.qtest, SLOT, ports=2)

    def prepare(self) -> None:
        self.machine.qtest.transcript.clear()
        if self.card.present():
            self.unplug()
        self.remove_mdevs()

    def plug(self, mdev: Mdev) -> None:
        self.machine.qmp.execute("device_add", **self.variant.device(mdev, "card", SLOT))

    def unplug(self) -> None:
        """Ask the guest to let the card go, and be the guest that does."""
        self.machine.qmp.drop_events()
        self.machine.qmp.execute("device_del", id="card")
        self.eject()

    def asked_to_eject(self) -> bool:
        self.machine.qtest.outl(ACPI_BUS_SELECT, 0)
        return bool(self.machine.qtest.inl(ACPI_GOING) & 1 << SLOT)

    def eject(self) -> None:
        self.machine.qtest.outl(ACPI_BUS_SELECT, 0)
        self.machine.qtest.outl(ACPI_EJECT, 1 << SLOT)
        check(self.machine.qmp.wait_event("DEVICE_DELETED", EVENT_TIMEOUT, device="card"),
              "no DEVICE_DELETED event")


def use(card: mtty.Card) -> None:
    """Leave traces in every kind of state."""
    card.bring_up()
    card.write8(INTERRUPT_LINE, 0x0b)
    for port in card.ports:
        port.send(b"trace")
        port.write(mtty.SCR, 0x5a)
        port.write(mtty.IER, mtty.IER_RDI)


def check_fresh(card: mtty.Card) -> None:
    same_config(card.config(), mtty.power_on_config(ports=2), "config space")
    card.bring_up()
    for port in card.ports:
        same(port.registers(), mtty.POWER_ON_REGISTERS, f"registers at {port.base:#x}")


def check_wire(card: mtty.Card) -> None:
    """A character crosses from the first port to the second."""
    for port in card.ports:
        mtty.set_up(port)
    card.ports[0].write(mtty.THR, 0x41)
    same(card.ports[1].read(mtty.RBR), 0x41, "the character at the second port")


@case("hotplug: a card comes fresh and works", HotplugMachine)
def plug_works(setting: HotplugMachine) -> None:
    card = setting.card
    setting.plug(setting.new_mdev(wiring="cross"))
    check_fresh(card)
    check_wire(card)
    setting.machine.qtest.writel(MESSAGE_ADDRESS, 0)
    card.set_command(on=COMMAND_MASTER)
    enable_msi(card)
    ask_for_attention(card)
    setting.machine.qtest.settle()
    same(setting.machine.qtest.readl(MESSAGE_ADDRESS), MESSAGE, "MSI message")


@case("hotplug: an unplugged card is gone, its mdev can be removed", HotplugMachine)
def unplug_removes(setting: HotplugMachine) -> None:
    mdev = setting.new_mdev()
    setting.plug(mdev)
    use(setting.card)
    setting.unplug()
    check(not setting.card.present(), "the slot is not empty")
    mdev.remove()
    check(not mdev.exists(), "the mdev is still there")
    check(setting.machine.alive(), "QEMU ended")


@case("hotplug: a card plugged again is as at power-on", HotplugMachine)
def replug_fresh(setting: HotplugMachine) -> None:
    mdev = setting.new_mdev()
    for _ in range(3):
        setting.plug(mdev)
        check_fresh(setting.card)
        use(setting.card)
        setting.unplug()


@case("hotplug: unplugged with its interrupt asserted", HotplugMachine)
def unplug_asserted(setting: HotplugMachine) -> None:
    mdev = setting.new_mdev()
    for with_msi in (False, True):
        setting.plug(mdev)
        setting.card.bring_up()
        setting.card.set_command(on=COMMAND_MASTER)
        if with_msi:
            enable_msi(setting.card)
        ask_for_attention(setting.card)
        setting.unplug()
    setting.plug(mdev)
    check_fresh(setting.card)


@case("removing an mdev in use asks the guest for it, and waits", HotplugMachine)
def remove_waits(setting: HotplugMachine) -> None:
    mdev = setting.new_mdev()
    setting.plug(mdev)
    setting.card.bring_up()
    check(not setting.asked_to_eject(), "the guest is asked to let the card go from the start")
    removal = mdev.start_removing()
    end = time.monotonic() + EVENT_TIMEOUT
    while not setting.asked_to_eject():
        check(time.monotonic() < end, "the guest is not asked to let the card go")
        time.sleep(0.05)
    setting.card.ports[0].write(mtty.SCR, 0x5a)
    same(setting.card.ports[0].read(mtty.SCR), 0x5a, "scratch register meanwhile")
    check(removal.poll() is None, "the mdev was removed under its user")
    setting.eject()
    same(removal.wait(REMOVE_TIMEOUT), 0, "status of the removal")
    check(not mdev.exists(), "the mdev is still there")


@case("the wiring is fixed while a guest has the card", HotplugMachine)
def wiring_busy(setting: HotplugMachine) -> None:
    mdev = setting.new_mdev()
    setting.plug(mdev)
    try:
        mdev.set_wiring("cross")
        check(False, "the wiring changed while the card was in use")
    except OSError as error:
        same(error.errno, errno.EBUSY, "errno")
    same(mdev.wiring(), "loopback", "wiring")
    setting.unplug()
    mdev.set_wiring("cross")
    setting.plug(mdev)
    setting.card.bring_up()
    check_wire(setting.card)


@case("a second QEMU cannot take the card, the first keeps it", HotplugMachine, timeout=60)
def second_qemu(setting: HotplugMachine) -> None:
    mdev = setting.new_mdev()
    setting.plug(mdev)
    setting.card.bring_up()
    setting.card.ports[0].write(mtty.SCR, 0x5a)
    try:
        thief = setting.start(MACHINE + setting.device_arguments(mdev, "card", SLOT))
        thief.kill()
        check(False, "a second QEMU started with the same mdev")
    except (QemuDied, QmpError, ConnectionError):
        pass
    same(setting.card.ports[0].read(mtty.SCR), 0x5a, "the first QEMU's scratch register")


@case("mtty cannot be unloaded while a guest has a card", HotplugMachine)
def unload_busy(setting: HotplugMachine) -> None:
    setting.plug(setting.new_mdev())
    result = subprocess.run(["rmmod", "mtty"], capture_output=True, text=True, check=False)
    check(result.returncode != 0, "rmmod mtty succeeded")
    setting.card.bring_up()
    same(setting.card.ports[0].read(mtty.LSR), mtty.LSR_IDLE, "line status")


@case("a killed QEMU leaves its card free and as at power-on", HotplugMachine, timeout=60)
def killed_qemu(setting: HotplugMachine) -> None:
    mdev = setting.new_mdev()
    setting.plug(mdev)
    use(setting.card)
    setting.machine.kill()
    setting.open()
    setting.plug(mdev)
    check_fresh(setting.card)
    setting.unplug()
    mdev.remove()


@case("QEMU quits in the orderly way", HotplugMachine, timeout=60)
def orderly_quit(setting: HotplugMachine) -> None:
    mdev = setting.new_mdev()
    setting.plug(mdev)
    use(setting.card)
    setting.machine.quit()
    mdev.remove()
    setting.open()
