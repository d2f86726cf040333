# SPDX-License-Identifier: GPL-2.0-only
"""PCI Express functions of a q35 machine: behind ports, all configuration space."""

from pci import COMMAND, COMMAND_IO, COMMAND_MASTER, COMMAND_MEMORY, PciFunction
from qtest import Qtest

# Where the host bridge shall show configuration space in memory, 1 MiB a bus.
ECAM = 0xb0000000
PCIEXBAR = 0x60
PCIEXBAR_ENABLE = 1

EXPRESS_CONFIG_SIZE = 4096

# -- a root port's registers ------------------------------------------------

BUS_NUMBERS = 0x18
MEMORY_WINDOW = 0x20
PREFETCHABLE_WINDOW = 0x24
PREFETCHABLE_BASE_HIGH = 0x28
PREFETCHABLE_LIMIT_HIGH = 0x2c

# Each port's windows, beginning with that of port 0.
WINDOW = 0xc0000000
WINDOW_SIZE = 16 << 20
PREFETCHABLE = 32 << 30
PREFETCHABLE_SIZE = 4 << 30


# Nobody is given this address.
NOWHERE = ECAM - 0x1000


def window(place: int) -> int:
    """Address of the 32-bit memory set aside for a place; likewise prefetchable()."""
    return WINDOW + place * WINDOW_SIZE


def prefetchable(place: int) -> int:
    return PREFETCHABLE + place * PREFETCHABLE_SIZE


def show_config_space(qtest: Qtest) -> list[str]:
    """The qtest commands that have the q35 host bridge show it at ECAM."""
    bridge = PciFunction(qtest, 0)
    return (bridge.putting("l", PCIEXBAR + 4, 0) +
            bridge.putting("l", PCIEXBAR, ECAM | PCIEXBAR_ENABLE))


class ExpressFunction(PciFunction):
    """Function 0 of a slot of any bus, 4096 bytes of configuration space."""

    config_size = EXPRESS_CONFIG_SIZE

    def __init__(self, qtest: Qtest, bus: int, slot: int):
        super().__init__(qtest, slot)
        self.bus = bus

    def address(self, offset: int) -> int:
        return ECAM + (self.bus << 20 | self.slot << 15 | offset)

    def getting(self, size: str, offset: int) -> list[str]:
        return [f"read{size} {self.address(offset):#x}"]

    def putting(self, size: str, offset: int, value: int) -> list[str]:
        return [f"write{size} {self.address(offset):#x} {value:#x}"]


class RootPort(ExpressFunction):
    """A root port on bus 0; the bus behind it has the number of its slot."""

    def __init__(self, qtest: Qtest, slot: int):
        super().__init__(qtest, 0, slot)

    @staticmethod
    def arguments(slot: int, **more) -> list[str]:
        """The port on QEMU's command line; its bus is called port followed by slot."""
        extra = "".join(f",{name}={value}" for name, value in more.items())
        return ["-device", f"pcie-root-port,id=port{slot},addr={slot:x},chassis={slot},"
                           f"slot={slot}{extra}"]

    def bringing_up(self) -> list[str]:
        """The qtest commands that number the bus and open the windows, as firmware does."""
        base, top = window(self.slot), prefetchable(self.slot)
        base_end, top_end = base + WINDOW_SIZE - 1, top + PREFETCHABLE_SIZE - 1
        settings = [(BUS_NUMBERS, self.slot << 16 | self.slot << 8),
                    (MEMORY_WINDOW, base_end & 0xfff00000 | base >> 16 & 0xfff0),
                    (PREFETCHABLE_WINDOW, top_end & 0xfff00000 | top >> 16 & 0xfff0),
                    (PREFETCHABLE_BASE_HIGH, top >> 32),
                    (PREFETCHABLE_LIMIT_HIGH, top_end >> 32),
                    (COMMAND, COMMAND_IO | COMMAND_MEMORY | COMMAND_MASTER)]
        return [command for offset, value in settings
                for command in self.putting("l", offset, value)]
