# SPDX-License-Identifier: GPL-2.0-only
"""DMA through a guest's own IOMMU; there the card is part of the root complex."""

import errno

import vdev_test
import vtd
from case import case, same
from express import ExpressFunction, show_config_space
from express_bench import TestCardBench
from pci import COMMAND_MASTER
from test_config import same_config
from vdev_test import FROM_GUEST, PCIE, TO_GUEST, TestCard, pattern

SLOT, NEIGHBOUR_SLOT = 4, 5
PAGE = 4096
PAGES = 16
IOVA = 0x10000000
MEMORY = 0x800000


class IommuBench(TestCardBench):
    """A q35 machine with an IOMMU, which two cards are behind."""

    def open(self) -> None:
        arguments = ["-machine", "q35", "-m", "64M", *vtd.ARGUMENTS]
        for slot, name in ((SLOT, "card"), (NEIGHBOUR_SLOT, "neighbour")):
            arguments += self.test_card_arguments(PCIE, name, addr=f"{slot}")
        self.machine = self.start(arguments)
        self.qtest = self.machine.qtest
        self.cards = [TestCard(ExpressFunction(self.qtest, 0, slot), PCIE, slot)
                      for slot in (SLOT, NEIGHBOUR_SLOT)]
        self.card, self.neighbour = self.cards
        self.iommu = vtd.Vtd(self.qtest)

    def prepare(self) -> None:
        self.qtest.transcript.clear()
        self.machine.reset()
        self.qtest.run(show_config_space(self.qtest) +
                       [command for card in self.cards for command in card.bringing_up()])
        for card in self.cards:
            card.function.set_command(on=COMMAND_MASTER)

    def translate(self) -> None:
        """Map PAGES pages at IOVA, the last first."""
        self.iommu.set_up([SLOT])
        for page in range(PAGES):
            self.iommu.map(IOVA + page * PAGE, page_address(page))
        self.iommu.invalidate()


def page_address(page: int) -> int:
    """Where a page of what the card sees in one piece is: elsewhere for each."""
    return MEMORY + (PAGES - 1 - page) * 3 * PAGE


def scattered(bench: IommuBench) -> bytes:
    return b"".join(bench.qtest.read_bytes(page_address(page), PAGE) for page in range(PAGES))


@case("integrated endpoint: config space without a link", IommuBench)
def config(bench: IommuBench) -> None:
    bench.machine.reset()
    bench.qtest.run(show_config_space(bench.qtest))
    expected = bytearray(vdev_test.power_on_config(PCIE))
    expected[vdev_test.EXPRESS + 2] |= 9 << 4   # root complex integrated endpoint
    for offset in (0x0c, 0x12, 0x30):           # link capabilities, status, control 2
        expected[vdev_test.EXPRESS + offset] = 0
    same_config(bench.card.function.config(), bytes(expected), "config space")


@case("IOMMU off: the card uses guest addresses", IommuBench)
def off(bench: IommuBench) -> None:
    bench.card.fill_buffer(pattern(PAGE, 1))
    same(bench.card.transfer(TO_GUEST, MEMORY, PAGE), 0, "result")
    same(bench.qtest.read_bytes(MEMORY, PAGE), pattern(PAGE, 1), "guest memory")


@case("IOMMU on: scattered pages are one piece to the card", IommuBench)
def translated(bench: IommuBench) -> None:
    bench.translate()
    size = PAGES * PAGE
    bench.card.fill_buffer(pattern(size, 2))
    same(bench.card.transfer(TO_GUEST, IOVA, size), 0, "result, to the guest")
    same(scattered(bench), pattern(size, 2), "the guest's pages")
    for page in range(PAGES):
        bench.qtest.write_bytes(page_address(page), pattern(PAGE, 0x40 + page))
    same(bench.card.transfer(FROM_GUEST, IOVA, size), 0, "result, from the guest")
    same(bench.card.buffer(size), b"".join(pattern(PAGE, 0x40 + page) for page in range(PAGES)),
         "the buffer")


@case("IOMMU on: what is not mapped is out of reach", IommuBench)
def unmapped(bench: IommuBench) -> None:
    bench.translate()
    for what, iova in (("below what is mapped", IOVA - PAGE), ("above it", IOVA + PAGES * PAGE),
                       ("a guest address", page_address(0))):
        for direction in (FROM_GUEST, TO_GUEST):
            same(bench.card.transfer(direction, iova, 64), errno.EFAULT, f"result {what}")
    same(bench.neighbour.transfer(FROM_GUEST, IOVA, 64), errno.EFAULT,
         "result of a card that has no domain")


@case("IOMMU on: pages for reading only", IommuBench)
def read_only(bench: IommuBench) -> None:
    bench.iommu.set_up([SLOT])
    bench.iommu.map(IOVA, MEMORY, vtd.READ)
    bench.iommu.invalidate()
    bench.qtest.write_bytes(MEMORY, pattern(PAGE, 3))
    same(bench.card.transfer(FROM_GUEST, IOVA, PAGE), 0, "result of reading")
    same(bench.card.buffer(PAGE), pattern(PAGE, 3), "the buffer")
    bench.card.fill_buffer(bytes(64))
    same(bench.card.transfer(TO_GUEST, IOVA, 64), errno.EFAULT, "result of writing")
    same(bench.qtest.read_bytes(MEMORY, PAGE), pattern(PAGE, 3), "the page")


@case("IOMMU on: pages come and go while the card works", IommuBench)
def remapped(bench: IommuBench) -> None:
    bench.translate()
    for turn in range(4):
        bench.iommu.map(IOVA, 0, access=0)
        bench.iommu.invalidate()
        same(bench.card.transfer(TO_GUEST, IOVA, 64), errno.EFAULT, f"turn {turn}: unmapped")
        place = MEMORY + 0x100000 + turn * PAGE
        bench.iommu.map(IOVA, place)
        bench.iommu.invalidate()
        bench.card.fill_buffer(pattern(PAGE, turn))
        same(bench.card.transfer(TO_GUEST, IOVA, PAGE), 0, f"turn {turn}: mapped elsewhere")
        same(bench.qtest.read_bytes(place, PAGE), pattern(PAGE, turn), "guest memory")


@case("IOMMU switched off again: the card uses guest addresses", IommuBench)
def switched_off(bench: IommuBench) -> None:
    bench.translate()
    same(bench.card.transfer(FROM_GUEST, MEMORY, 64), errno.EFAULT, "result while on")
    bench.iommu.switch_off()
    same(bench.card.transfer(FROM_GUEST, MEMORY, 64), 0, "result once off")
