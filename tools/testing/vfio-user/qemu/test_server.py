# SPDX-License-Identifier: GPL-2.0-only
"""What QEMU and the server have with each other, and the guest does not see."""

import re

import mtty
from cards import CardSetting
from case import case, check, same
from machine import QemuDied
from mtty import Card, set_up
from over_socket import SHARED_MEMORY, Vdevd
from pci import BAR0, PciFunction
from qmp import QmpError

SLOT = 4

# A place for timer-card's registers, see tools/vdev/example/timer_card.c.
TIMER_ADDRESS = 0xfe000000
TIMER_SCRATCH = 0xc


class ServerMachine(CardSetting):
    """A server, and one QEMU after the other."""

    def open(self) -> None:
        self.server = self.new_mdev()
        self._read = 0

    def prepare(self) -> None:
        self._read = len(self.server.log())

    def news(self) -> str:
        """What the server has said since the case began."""
        return self.server.log()[self._read:]

    def start_qemu(self, *arguments: str) -> Card:
        self.machine = self.start([
            "-machine", "q35", "-m", "64M", *arguments,
            *self.device_arguments(self.server, "card", SLOT)])
        card = Card(self.machine.qtest, SLOT, ports=2)
        card.bring_up()
        return card

    def use(self, card: Card) -> None:
        """Data goes round, and nothing of an earlier user is there."""
        port = card.ports[0]
        same(port.registers(), mtty.POWER_ON_REGISTERS, "registers")
        set_up(port, fcr=mtty.FCR_ENABLE)
        port.send(b"round trip")
        same(port.receive(), b"round trip", "data")
        port.write(mtty.SCR, 0x77)
        port.write(mtty.IER, 0x0f)
        same(self.machine.stderr(), "", "QEMU's stderr")

    def quit(self) -> None:
        self.machine.quit()
        self.machine = None


@case("server: one QEMU after the other", ServerMachine, timeout=120)
def in_turn(setting: ServerMachine) -> None:
    for _ in range(3):
        setting.use(setting.start_qemu())
        setting.quit()


@case("server: a QEMU that is killed leaves a clean card", ServerMachine, timeout=120)
def killed(setting: ServerMachine) -> None:
    for _ in range(3):
        setting.use(setting.start_qemu())
        setting.machine.kill()
    setting.use(setting.start_qemu())
    setting.quit()


@case("server: a second QEMU is refused, the first not disturbed", ServerMachine, timeout=120)
def second(setting: ServerMachine) -> None:
    card = setting.start_qemu()
    first = setting.machine
    try:
        setting.start_qemu()
        setting.machine.kill()
        setting.machine = first
        check(False, "a second QEMU started with the same server")
    except (QemuDied, QmpError, OSError):
        pass
    check("a second client was refused" in setting.news(), "the server has not refused anybody")
    setting.use(card)
    setting.quit()


def maps(setting: ServerMachine) -> tuple[int, int]:
    """DMA_MAP commands that QEMU has sent: with memory and without."""
    found = re.findall(r"DMA_MAP \(2\), 32 bytes, (\d) fds: done", setting.news())
    return found.count("1"), found.count("0")


@case("server: shared memory of the machine arrives as file descriptors", ServerMachine,
      timeout=120)
def shared_memory(setting: ServerMachine) -> None:
    setting.use(setting.start_qemu(*SHARED_MEMORY))
    with_memory, _ = maps(setting)
    check(with_memory > 0, f"no DMA_MAP with an fd: {setting.news()}")
    setting.quit()


@case("server: other memory of the machine does not", ServerMachine, timeout=120)
def private_memory(setting: ServerMachine) -> None:
    setting.use(setting.start_qemu())
    with_memory, without = maps(setting)
    same(with_memory, 0, "DMA_MAPs with an fd")
    check(without > 0, "no DMA_MAP at all")
    setting.quit()


class TimerMachine(ServerMachine):
    """A server of the example: its registers are in memory."""

    def open(self) -> None:
        super().open()
        self.remove_mdevs()
        self.server = Vdevd("timer-card", wiring=None, program="TIMER_CARD")
        self._mdevs.append(self.server)


@case("server: writes to memory are posted, and get no replies", TimerMachine, timeout=120)
def posted(setting: TimerMachine) -> None:
    setting.machine = setting.start([
        "-machine", "q35", "-m", "64M",
        *setting.device_arguments(setting.server, "card", SLOT)])
    qtest = setting.machine.qtest
    card = PciFunction(qtest, SLOT)
    card.write32(BAR0, TIMER_ADDRESS)
    card.set_command(on=0x6)
    for value in range(100):
        qtest.writel(TIMER_ADDRESS + TIMER_SCRATCH, value)
        same(qtest.readl(TIMER_ADDRESS + TIMER_SCRATCH), value, "scratch register")
    posts = setting.news().count("REGION_WRITE (10), 20 bytes, 0 fds, no reply: done")
    check(posts >= 100, f"{posts} posted writes")
    same(setting.machine.stderr(), "", "QEMU's stderr")
    setting.quit()


@case("server: nothing that QEMU asks is refused", ServerMachine, timeout=120)
def nothing_refused(setting: ServerMachine) -> None:
    card = setting.start_qemu()
    setting.use(card)
    card.set_command(on=0x0406)
    card.write16(mtty.MSI_CONTROL, mtty.MSI_ENABLE)
    card.write16(mtty.MSI_CONTROL, 0)
    setting.machine.reset()
    setting.quit()
    bad = [line for line in setting.news().splitlines()
           if re.search(r"\(\d+\), \d+ bytes", line) and not line.endswith(": done")]
    same(bad, [], "refused commands")


class HotplugMachine(ServerMachine):
    """A running machine that a server's card is plugged into."""

    def open(self) -> None:
        super().open()
        self.machine = self.start(["-machine", "pc", "-m", "64M"])

    def plug(self) -> Card:
        self.machine.qmp.execute("device_add", **self.variant.device(self.server, "card", SLOT))
        card = Card(self.machine.qtest, SLOT, ports=2)
        card.bring_up()
        return card


@case("server: a card is plugged in while the machine runs", HotplugMachine, timeout=120)
def hotplug(setting: HotplugMachine) -> None:
    setting.use(setting.plug())
    setting.quit()
