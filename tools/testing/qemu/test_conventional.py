# SPDX-License-Identifier: GPL-2.0-only
"""The test device on a machine without PCI Express; and what becomes of its ROM."""

import tempfile

import vdev_test
from case import case, check, same
from express import NOWHERE
from express_bench import TestCardBench
from pci import BAR0, ROM, STATUS, PciFunction
from test_config import ALL_ONES, same_config
from test_express import use
from vdev_test import PCIE, TestCard, pattern

ROM_ENABLE = 1
ROM_FILE = pattern(0x2000, 9)


class PcBench(TestCardBench):
    """A "pc" machine with three times the same device.

    own shows its own ROM, silent none, replaced what is in a file.
    """

    def open(self) -> None:
        # pylint: disable=consider-using-with
        self.file = tempfile.NamedTemporaryFile(prefix="rom-")
        self.file.write(ROM_FILE)
        self.file.flush()
        arguments = ["-machine", "pc", "-m", "64M"]
        roms = [("own", {}), ("silent", {"rombar": 0}), ("replaced", {"romfile": self.file.name})]
        for slot, (name, more) in enumerate(roms, start=4):
            arguments += self.test_card_arguments(PCIE, name, addr=f"{slot}", **more)
        self.machine = self.start(arguments)
        self.qtest = self.machine.qtest
        self.cards = [TestCard(PciFunction(self.qtest, slot), PCIE, slot) for slot in (4, 5, 6)]
        self.own, self.silent, self.replaced = self.cards

    def close(self) -> None:
        super().close()
        self.file.close()

    def prepare(self) -> None:
        self.qtest.transcript.clear()
        self.machine.reset()
        self.qtest.run([command for card in self.cards for command in card.bringing_up()])


@case("test device on a conventional bus: 256 bytes, all capabilities", PcBench)
def config(bench: PcBench) -> None:
    bench.machine.reset()
    for card in bench.cards:
        same_config(card.function.config(), vdev_test.power_on_config(PCIE)[:256], "config space")


@case("test device on a conventional bus: it works", PcBench)
def works(bench: PcBench) -> None:
    for card in bench.cards:
        use(bench, card)
        for vector in (0, 1):
            card.raise_vector(vector)
            check(bench.arrived(card, vector), f"no message of vector {vector}")
        same(bench.qtest.read_bytes(card.bars[2], 9), b"left over", "memory in BAR 2")
        same(card.function.read16(STATUS) & 0xf900, 0, "errors in STATUS")


def enable_rom(card: TestCard) -> None:
    card.function.write32(ROM, card.rom_address | ROM_ENABLE)


@case("ROM: its BAR tells the size, and is missing with rombar=0", PcBench)
def sizing(bench: PcBench) -> None:
    sizes = []
    for card in bench.cards:
        card.function.write32(ROM, ALL_ONES)
        sizes.append(card.function.read32(ROM))
    same(sizes, [0xfffff801, 0, 0xffffe001], "ROM BARs sized")


@case("ROM: the guest reads the device's", PcBench)
def rom(bench: PcBench) -> None:
    card, qtest = bench.own, bench.qtest
    same(qtest.readl(card.rom_address), qtest.readl(NOWHERE), "not enabled")
    for _ in range(2):
        enable_rom(card)
        same(qtest.read_bytes(card.rom_address, vdev_test.ROM_SIZE), PCIE.rom(), "the ROM")
        qtest.writel(card.rom_address, 0)
        same(qtest.readl(card.rom_address), 0x6e20aa55, "its start, after a write to it")
        card.function.write32(ROM, card.rom_address)
        same(qtest.readl(card.rom_address), qtest.readl(NOWHERE), "disabled again")


@case("ROM: a file given to QEMU stands in for it", PcBench)
def rom_file(bench: PcBench) -> None:
    card = bench.replaced
    enable_rom(card)
    same(bench.qtest.read_bytes(card.rom_address, len(ROM_FILE)), ROM_FILE, "the ROM")
    same(card.get(vdev_test.REG_MAGIC), vdev_test.MAGIC, "the device's magic")


@case("ROM: it does not keep BARs from answering", PcBench)
def rom_beside_bars(bench: PcBench) -> None:
    card = bench.own
    enable_rom(card)
    same(card.get(vdev_test.REG_MAGIC), vdev_test.MAGIC, "magic with the ROM enabled")
    same(card.function.read32(BAR0), card.bars[0], "BAR 0")
