# SPDX-License-Identifier: GPL-2.0-only
"""Machines that move, with the cards that cases of migration look at."""

import functools

from bench import CROSSED_SLOT, DUAL_SLOT, SINGLE_SLOT
from case import case
from express import ExpressFunction, RootPort, show_config_space
from express_bench import CONVENTIONAL_SLOT, MAPPED_SLOT, TestCardBench
from migration import Device, Movable
from mtty import Card
from pci import PciFunction
from vdev_test import FAMILY, PCI, PCIE, TestCard

# Declares a test in which a machine moves, for which a QEMU has to start. What QEMU
# 7.2 knows of migration, no device here does.
moving_case = functools.partial(case, timeout=60, versions=("10.0", "11.1"))


def mtty(name: str, slot: int, ports: int, wiring: str) -> Device:
    return Device(name, f"mtty-{ports}", wiring, {"addr": f"{slot:x}"})


class OneCard(Movable):
    """A machine with one mtty card of two ports, wired as loopback."""

    def devices(self) -> list[Device]:
        return [mtty("dual", DUAL_SLOT, 2, "loopback")]

    def find_cards(self) -> None:
        self.dual = Card(self.qtest, DUAL_SLOT, ports=2)
        self.cards = [self.dual]

    def prepare(self) -> None:
        super().prepare()
        for card in self.cards:
            card.bring_up()
        self.forget_irqs()


class MovingCards(OneCard):
    """The three cards of CardBench, in a machine that can move."""

    def devices(self) -> list[Device]:
        return [*super().devices(), mtty("single", SINGLE_SLOT, 1, "loopback"),
                mtty("crossed", CROSSED_SLOT, 2, "cross")]

    def find_cards(self) -> None:
        super().find_cards()
        self.single = Card(self.qtest, SINGLE_SLOT, ports=1)
        self.crossed = Card(self.qtest, CROSSED_SLOT, ports=2)
        self.cards += [self.single, self.crossed]


class MovingTestCards(Movable, TestCardBench):
    """A machine that can move, with two test devices.

    mapped is a vdev_test-pcie behind a root port, conventional a vdev_test-pci.
    """

    def board(self) -> list[str]:
        return RootPort.arguments(MAPPED_SLOT)

    def devices(self) -> list[Device]:
        return [Device("mapped", f"{FAMILY}-{PCIE.name}", None,
                       {"addr": "0", "bus": f"port{MAPPED_SLOT}"}),
                Device("conventional", f"{FAMILY}-{PCI.name}", None,
                       {"addr": f"{CONVENTIONAL_SLOT:x}"})]

    def find_cards(self) -> None:
        self.mapped = TestCard(ExpressFunction(self.qtest, MAPPED_SLOT, 0), PCIE, MAPPED_SLOT)
        self.conventional = TestCard(PciFunction(self.qtest, CONVENTIONAL_SLOT), PCI,
                                     CONVENTIONAL_SLOT)
        self.cards = [self.mapped, self.conventional]

    def prepare(self) -> None:
        super().prepare()
        self.qtest.run(show_config_space(self.qtest) +
                       RootPort(self.qtest, MAPPED_SLOT).bringing_up() +
                       [command for card in self.cards for command in card.bringing_up()])
        self.forget_irqs()
