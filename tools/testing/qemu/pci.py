# SPDX-License-Identifier: GPL-2.0-only
"""A PCI function as a PC's software reaches it: ports 0xcf8 and 0xcfc."""

from qtest import Qtest

CONFIG_ADDRESS = 0xcf8
CONFIG_DATA = 0xcfc
CONFIG_SIZE = 256

COMMAND = 0x04
STATUS = 0x06
CACHE_LINE = 0x0c
BAR0 = 0x10
ROM = 0x30
INTERRUPT_LINE = 0x3c

COMMAND_IO = 1 << 0
COMMAND_MEMORY = 1 << 1
COMMAND_MASTER = 1 << 2
COMMAND_INTX_DISABLE = 1 << 10
STATUS_INTERRUPT = 1 << 3


class PciFunction:
    """Function 0 of the device in a slot of bus 0."""

    config_size = CONFIG_SIZE

    def __init__(self, qtest: Qtest, slot: int):
        self.qtest = qtest
        self.slot = slot

    def _at(self, offset: int) -> str:
        address = 0x80000000 | self.slot << 11 | offset & 0xfc
        return f"outl {CONFIG_ADDRESS:#x} {address:#x}"

    def getting(self, size: str, offset: int) -> list[str]:
        """The qtest commands that read size ("b", "w" or "l"); likewise putting()."""
        return [self._at(offset), f"in{size} {CONFIG_DATA + offset % 4:#x}"]

    def putting(self, size: str, offset: int, value: int) -> list[str]:
        return [self._at(offset), f"out{size} {CONFIG_DATA + offset % 4:#x} {value:#x}"]

    def _read(self, size: str, offset: int) -> int:
        return self.qtest.read_many(self.getting(size, offset))[0]

    def _write(self, size: str, offset: int, value: int) -> None:
        self.qtest.run(self.putting(size, offset, value))

    def read8(self, offset: int) -> int:
        return self._read("b", offset)

    def read16(self, offset: int) -> int:
        return self._read("w", offset)

    def read32(self, offset: int) -> int:
        return self._read("l", offset)

    def write8(self, offset: int, value: int) -> None:
        self._write("b", offset, value)

    def write16(self, offset: int, value: int) -> None:
        self._write("w", offset, value)

    def write32(self, offset: int, value: int) -> None:
        self._write("l", offset, value)

    def config(self) -> bytes:
        """The whole configuration space."""
        commands = []
        for offset in range(0, self.config_size, 4):
            commands += self.getting("l", offset)
        return b"".join(v.to_bytes(4, "little") for v in self.qtest.read_many(commands))

    def set_command(self, on: int = 0, off: int = 0) -> None:
        self.write16(COMMAND, self.read16(COMMAND) & ~off | on)

    def present(self) -> bool:
        return self.read32(0) != 0xffffffff
