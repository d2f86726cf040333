# SPDX-License-Identifier: GPL-2.0-only
"""Halted machines, and the setting most cases use: one with three mtty cards."""

import time

from cards import CardSetting
from mtty import Card
from qtest import Qtest

DUAL_SLOT, SINGLE_SLOT, CROSSED_SLOT = 4, 5, 6

# Nothing lives at this RAM address of a machine without a guest.
MESSAGE_ADDRESS = 0x100000
NO_MESSAGE = 0xffffffff

# How long an interrupt may take. It is a failure's price only.
IRQ_TIMEOUT = 10


class HaltedBench(CardSetting):
    """A machine whose processor sleeps, and what its cards do to it.

    A card has a pin, which is that of the I/O APIC its INTA# is routed to.
    """

    def __init__(self, variant):
        super().__init__(variant)
        self.qtest: Qtest | None = None
        self.cards: list = []

    def forget_irqs(self) -> None:
        for card in self.cards:
            self.qtest.take_changes(card.pin)

    def raised(self, card) -> bool:
        """Wait for card's interrupt pin to go up."""
        return self.qtest.wait_irq(card.pin, True, IRQ_TIMEOUT)

    def lowered(self, card) -> bool:
        return self.qtest.wait_irq(card.pin, False, IRQ_TIMEOUT)

    def changes(self, card) -> list[str]:
        """What card's pin did since forget_irqs(), once all is quiet."""
        self.qtest.settle()
        return self.qtest.take_changes(card.pin)

    def clear_message(self, address: int = MESSAGE_ADDRESS) -> None:
        self.qtest.writel(address, NO_MESSAGE)

    def message(self, address: int = MESSAGE_ADDRESS) -> int | None:
        """Wait for an MSI message; None when none comes."""
        end = time.monotonic() + IRQ_TIMEOUT
        while (value := self.qtest.readl(address)) == NO_MESSAGE:
            if time.monotonic() > end:
                return None
            time.sleep(0.002)
        return value

    def no_message(self) -> bool:
        self.qtest.settle()
        return self.qtest.readl(MESSAGE_ADDRESS) == NO_MESSAGE


class CardBench(HaltedBench):
    """A q35 machine: there PCI pins are routed without firmware's help.

    dual is a two-port card wired as loopback, single a one-port card, crossed a
    two-port card wired crosswise.
    """

    def open(self) -> None:
        cards = self.card_arguments([("dual", DUAL_SLOT, "mtty-2", "loopback"),
                                     ("single", SINGLE_SLOT, "mtty-1", "loopback"),
                                     ("crossed", CROSSED_SLOT, "mtty-2", "cross")])
        self.machine = self.start(["-machine", "q35", "-m", "64M", *cards])
        qtest = self.qtest = self.machine.qtest
        qtest.intercept_ioapic()
        self.dual = Card(qtest, DUAL_SLOT, ports=2)
        self.single = Card(qtest, SINGLE_SLOT, ports=1)
        self.crossed = Card(qtest, CROSSED_SLOT, ports=2)
        self.cards = [self.dual, self.single, self.crossed]

    def prepare(self) -> None:
        """Each case starts from a reset machine with its cards brought up."""
        self.qtest.transcript.clear()
        self.machine.reset()
        for card in self.cards:
            card.bring_up()
        self.forget_irqs()
