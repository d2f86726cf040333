# SPDX-License-Identifier: GPL-2.0-only
"""The setting most cases of the test device use, and what other settings of it share."""

from bench import MESSAGE_ADDRESS, NO_MESSAGE, HaltedBench
from express import ExpressFunction, RootPort, show_config_space
from mdev import loaded
from pci import COMMAND_MASTER, PciFunction
from vdev_test import FAMILY, LARGE, PCI, PCIE, Model, TestCard

MAPPED_SLOT, TRAPPED_SLOT, LARGE_SLOT, CONVENTIONAL_SLOT = 4, 5, 6, 7

# Messages of each card have their own places.
MESSAGES_SIZE = 0x4000


class TestCardBench(HaltedBench):
    """A halted machine with test devices."""

    @classmethod
    def unwanted(cls) -> str | None:
        return None if loaded(FAMILY) else f"no module {FAMILY}"

    def test_card_arguments(self, model: Model, name: str, **more) -> list[str]:
        """A device for the machine; more are properties of it, such as its bus and slot."""
        mdev = self.new_mdev(f"{FAMILY}-{model.name}", None)
        return self.device_arguments(mdev, name, 0, **more)

    @staticmethod
    def message_address(card: TestCard, vector: int) -> int:
        return MESSAGE_ADDRESS + MESSAGES_SIZE * card.place + 4 * vector

    @staticmethod
    def message_data(vector: int) -> int:
        return 0xabcd0000 + vector

    def program_msix(self, card: TestCard, vectors: list[int], masked: bool = True) -> None:
        """Have the guest point vectors at memory."""
        commands = []
        for vector in vectors:
            address = self.message_address(card, vector)
            commands.append(f"writel {address:#x} {NO_MESSAGE:#x}")
            commands += card.msix.programming(vector, address, self.message_data(vector), masked)
        self.qtest.run(commands)
        card.function.set_command(on=COMMAND_MASTER)

    def enable_msix(self, card: TestCard, vectors: list[int]) -> None:
        """Switch MSI-X on for vectors, and then unmask them.

        In this order, as Linux does: without KVM, QEMU before 11.1 is not up to
        vectors that are masked between others when MSI-X goes on.
        """
        self.program_msix(card, vectors)
        card.msix.enable()
        for vector in vectors:
            card.msix.unmask(vector)

    def arrived(self, card: TestCard, vector: int) -> bool:
        """Wait for a vector's message, and make room for the next."""
        address = self.message_address(card, vector)
        arrived = self.message(address) == self.message_data(vector)
        self.clear_message(address)
        return arrived

    def nothing_arrived(self, card: TestCard, vector: int) -> bool:
        return self.arrivals(card, [vector]) == []

    def arrivals(self, card: TestCard, vectors: list[int]) -> list[int]:
        """Which of some vectors have sent a message, once all is quiet."""
        self.qtest.settle()
        messages = self.qtest.read_many([f"readl {self.message_address(card, vector):#x}"
                                         for vector in vectors])
        return [vector for vector, message in zip(vectors, messages) if message != NO_MESSAGE]


class ExpressBench(TestCardBench):
    """A q35 machine; all cards but the last are behind root ports.

    mapped is a vdev_test-pcie, and so is trapped, but with x-no-mmap=on; large
    is a vdev_test-large and conventional a vdev_test-pci.
    """

    def open(self) -> None:
        behind = [("mapped", MAPPED_SLOT, PCIE, {}),
                  ("trapped", TRAPPED_SLOT, PCIE, {"x-no-mmap": True}),
                  ("large", LARGE_SLOT, LARGE, {})]
        arguments = ["-machine", "q35", "-m", "64M"]
        for name, slot, model, more in behind:
            arguments += RootPort.arguments(slot)
            arguments += self.test_card_arguments(model, name, bus=f"port{slot}", **more)
        arguments += self.test_card_arguments(PCI, "conventional",
                                              addr=f"{CONVENTIONAL_SLOT:x}")
        self.machine = self.start(arguments)
        qtest = self.qtest = self.machine.qtest
        qtest.intercept_ioapic()
        self.ports = [RootPort(qtest, slot) for _, slot, _, _ in behind]
        self.mapped, self.trapped, self.large = [
            TestCard(ExpressFunction(qtest, slot, 0), model, slot)
            for _, slot, model, _ in behind]
        self.conventional = TestCard(PciFunction(qtest, CONVENTIONAL_SLOT), PCI,
                                     CONVENTIONAL_SLOT)
        self.cards = [self.mapped, self.trapped, self.large, self.conventional]
        self.express_cards = self.cards[:3]

    def prepare(self) -> None:
        """Each case starts from a reset machine with its cards brought up."""
        self.qtest.transcript.clear()
        self.reset()
        self.qtest.run([command for card in self.cards for command in card.bringing_up()])
        self.forget_irqs()

    def reset(self) -> None:
        """The cards are as at power-on, and can be reached."""
        self.machine.reset()
        self.qtest.run(show_config_space(self.qtest) +
                       [command for port in self.ports for command in port.bringing_up()])
