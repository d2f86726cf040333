# SPDX-License-Identifier: GPL-2.0-only
"""Cards come and go, and their mdevs with them."""

import errno
import subprocess

import mtty
from bench import MESSAGE_ADDRESS
from case import Setting, case, check, same
from machine import Machine, QemuDied
from mdev import REMOVE_TIMEOUT, Mdev
from pci import COMMAND_MASTER, INTERRUPT_LINE
from qmp import QmpError
from test_config import same_config
from test_irq import MESSAGE, ask_for_attention, enable_msi

# ACPI PCI hotplug of the "pc" machine. A guest's firmware selects a bus and
# writes the slots it lets go of; here the test does.
ACPI_BUS_SELECT = 0xae10
ACPI_EJECT = 0xae08

SLOT = 4
EVENT_TIMEOUT = 20


class HotplugMachine(Setting):
    """A "pc" machine, whose root bus takes cards while it runs, without one."""

    def __init__(self, variant):
        super().__init__(variant)
        self.machine: Machine | None = None
        self._mdevs: list[Mdev] = []

    def open(self) -> None:
        self.machine = self.start_qemu()
        self.card = mtty.Card(self.machine.qtest, SLOT, ports=2)

    def start_qemu(self, *arguments: str) -> Machine:
        return Machine(self.variant.binary, ["-machine", "pc", "-m", "64M",
                                             *self.variant.global_arguments(), *arguments])

    def prepare(self) -> None:
        self.machine.qtest.transcript.clear()
        if self.card.present():
            self.unplug()
        self._remove_mdevs()

    def close(self) -> None:
        try:
            if self.machine:
                self.machine.kill()
                self.machine = None
        finally:
            self._remove_mdevs()

    def evidence(self) -> str:
        if not self.machine:
            return ""
        return "\n".join(["command: " + " ".join(self.machine.command),
                          "QEMU's stderr:", self.machine.stderr(),
                          "qtest transcript:", *self.machine.qtest.transcript])

    def new_mdev(self, wiring: str = "loopback") -> Mdev:
        mdev = Mdev("mtty-2", wiring)
        self._mdevs.append(mdev)
        return mdev

    def _remove_mdevs(self) -> None:
        while self._mdevs:
            mdev = self._mdevs.pop()
            if mdev.exists():
                mdev.remove()

    def plug(self, mdev: Mdev) -> None:
        self.machine.qmp.execute("device_add", **self.variant.device(mdev, "card", SLOT))

    def unplug(self) -> None:
        self.machine.qmp.drop_events()
        self.machine.qmp.execute("device_del", id="card")
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


@case("hotplug: a card comes fresh and works", HotplugMachine)
def plug_works(setting: HotplugMachine) -> None:
    card = setting.card
    setting.plug(setting.new_mdev(wiring="cross"))
    check_fresh(card)
    card.ports[0].write(mtty.THR, 0x41)
    same(card.ports[1].read(mtty.RBR), 0x41, "the character")
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


@case("removing an mdev in use waits for its user", HotplugMachine)
def remove_waits(setting: HotplugMachine) -> None:
    mdev = setting.new_mdev()
    setting.plug(mdev)
    setting.card.bring_up()
    removal = mdev.start_removing()
    try:
        removal.wait(0.5)
        check(False, "the mdev was removed under its user")
    except subprocess.TimeoutExpired:
        pass
    setting.card.ports[0].write(mtty.SCR, 0x5a)
    same(setting.card.ports[0].read(mtty.SCR), 0x5a, "scratch register meanwhile")
    setting.unplug()
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
    setting.card.ports[0].write(mtty.THR, 0x41)
    same(setting.card.ports[1].read(mtty.RBR), 0x41, "the character over the new wire")


@case("a second QEMU cannot take the card, the first keeps it", HotplugMachine, timeout=60)
def second_qemu(setting: HotplugMachine) -> None:
    mdev = setting.new_mdev()
    setting.plug(mdev)
    setting.card.bring_up()
    setting.card.ports[0].write(mtty.SCR, 0x5a)
    try:
        thief = setting.start_qemu(*setting.variant.device_arguments(mdev, "card", SLOT))
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
