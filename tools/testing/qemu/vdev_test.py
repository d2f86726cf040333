# SPDX-License-Identifier: GPL-2.0-only
"""The test device as its guest sees it.

Its registers are told in samples/vfio-mdev/vdev_test_model.c.
"""

import dataclasses
import hashlib
import time

from case import check
from express import EXPRESS_CONFIG_SIZE, prefetchable, window
from pci import BAR0, COMMAND, COMMAND_IO, COMMAND_MEMORY, CONFIG_SIZE, ROM, PciFunction

FAMILY = "vdev_test"
VENDOR = 0x1b36
DEVICE = 0xfffe

# -- configuration space ----------------------------------------------------

PMCSR = 0x44
PM_D0, PM_D3HOT = 0, 3
MSI = 0x50
MSI_CONTROL = MSI + 2
MSI_ADDRESS = MSI + 4
MSI_ADDRESS_HIGH = MSI + 8
MSI_DATA = MSI + 12
MSI_ENABLE = 1 << 0
MSIX = 0x60
MSIX_CONTROL = MSIX + 2
MSIX_ENABLE = 1 << 15
MSIX_FUNCTION_MASK = 1 << 14
EXPRESS = 0x70
DEVICE_CONTROL = EXPRESS + 8
DEVICE_CONTROL_FLR = 1 << 15
VENDOR_CAP = 0xb0
SERIAL = 0x100
VENDOR_EXTENDED = 0x110

# BAR flags
BAR_IO = 0x1
BAR_64 = 0x4
BAR_PREFETCHABLE = 0x8

# -- BAR 0 ------------------------------------------------------------------

REG_MAGIC = 0x00
REG_SCRATCH = 0x04
REG_RAISE = 0x08
REG_IOVA = 0x10
REG_IOVA_HIGH = 0x14
REG_LENGTH = 0x18
REG_COMMAND = 0x1c
REG_RESULT = 0x20
REG_TRANSFERS = 0x24
REG_TIMER = 0x28
REG_TIMEOUTS = 0x2c
REG_RESETS = 0x30
BUFFER = 0x1000
BUFFER_SIZE = 0x10000

MAGIC = 0x76646576
RAISE_CONDITION = 1 << 31
FROM_GUEST = 1          # transfer directions, as REG_COMMAND takes them
TO_GUEST = 2
NO_VECTOR = 0xffff
RESULT_BUSY = 0xffffffff

# How long a transfer may take. It is a failure's price only.
TRANSFER_TIMEOUT = 20

# -- MSI-X ------------------------------------------------------------------

MSIX_ENTRY_SIZE = 16
MSIX_MASKED = 1


@dataclasses.dataclass(frozen=True)
class Bar:
    size: int
    flags: int = 0


@dataclasses.dataclass(frozen=True)
class Model:
    """One of the types, in the words of a data sheet."""

    name: str
    bars: dict[int, Bar]
    msi_vectors: int
    msix_vectors: int = 0
    msix_table: int = 0         # both in BAR 4
    msix_pba: int = 0
    vendor_text: bytes = b""
    vendor_extended_text: bytes = b""
    serial: int | None = None
    rom_text: bytes = b""

    @property
    def express(self) -> bool:
        return self.serial is not None

    def rom(self) -> bytes:
        """The whole ROM, as long as its BAR."""
        return self.rom_text.ljust(ROM_SIZE, b"\0")


ROM_SIZE = 2048

PCIE = Model("pcie", {0: Bar(0x20000), 2: Bar(0x100000, BAR_64 | BAR_PREFETCHABLE),
                      4: Bar(0x10000)},
             msi_vectors=32, msix_vectors=64, msix_table=0, msix_pba=0x800,
             vendor_text=b"vdev test", vendor_extended_text=b"vdev test, extended",
             serial=0x0123456789abcdef, rom_text=b"\x55\xaa no code in here")
LARGE = Model("large", {0: Bar(0x20000), 2: Bar(1 << 30, BAR_64 | BAR_PREFETCHABLE),
                        4: Bar(0x20000, BAR_64)},
              msi_vectors=32, msix_vectors=2048, msix_table=0x10000, msix_pba=0x18000,
              vendor_text=b"32 bytes are all that can be had",
              vendor_extended_text=256 * b"v", serial=(1 << 64) - 1)
PCI = Model("pci", {0: Bar(0x20000), 1: Bar(256, BAR_IO)}, msi_vectors=1)

# Stretches of BAR 4 that are memory; all around them reads as its own offset.
AREAS = [(0x4000, 0x2000), (0x8000, 0x1000)]


def power_on_config(model: Model) -> bytes:
    """What is in configuration space right after reset, as the device has it."""
    config = bytearray(EXPRESS_CONFIG_SIZE if model.express else CONFIG_SIZE)

    def put(offset: int, width: int, value: int) -> None:
        config[offset:offset + width] = value.to_bytes(width, "little")

    def put_text(offset: int, text: bytes) -> None:
        config[offset:offset + len(text)] = text

    for offset in (0x00, 0x2c):
        put(offset, 4, DEVICE << 16 | VENDOR)
    put(0x06, 2, 0x10)                  # STATUS: there is a capability list
    put(0x08, 4, 0xff0000 << 8 | 1)     # class: does not fit any; revision
    for number, bar in model.bars.items():
        put(BAR0 + 4 * number, 4, bar.flags)
    put(0x34, 1, 0x40)
    put(0x3d, 1, 1)                     # INTA#
    put(0x40, 4, 0x00030001 | MSI << 8)     # power management 1.2, D0 and D3hot
    put(PMCSR, 2, 0x08)                 # no soft reset
    put(MSI, 4, 0x00800005 | (model.msi_vectors.bit_length() - 1) << 17)
    if not model.express:
        return bytes(config)

    config[MSI + 1] = MSIX
    put(MSIX, 4, (model.msix_vectors - 1) << 16 | EXPRESS << 8 | 0x11)
    put(MSIX + 4, 4, model.msix_table | 4)
    put(MSIX + 8, 4, model.msix_pba | 4)
    put(EXPRESS, 4, 0x00020010 | VENDOR_CAP << 8)   # version 2, endpoint
    put(EXPRESS + 4, 4, 0x10008000)     # function level reset, role-based errors
    put(DEVICE_CONTROL, 2, 0x2810)      # 512-byte requests, no snoop, relaxed order
    put(EXPRESS + 0x0c, 4, 0x11)        # link: 2.5 GT/s, one lane
    put(EXPRESS + 0x12, 2, 0x11)        # and that is what it runs at
    put(EXPRESS + 0x30, 2, 0x1)
    put(VENDOR_CAP, 4, (3 + len(model.vendor_text)) << 16 | 0x09)
    put_text(VENDOR_CAP + 3, model.vendor_text)
    put(SERIAL, 4, 0x00010003)
    put(SERIAL + 4, 8, model.serial)
    if model.vendor_extended_text:
        put(SERIAL, 4, VENDOR_EXTENDED << 20 | 0x00010003)
        put(VENDOR_EXTENDED, 4, 0x0001000b)
        put(VENDOR_EXTENDED + 4, 4, (8 + len(model.vendor_extended_text)) << 20)
        put_text(VENDOR_EXTENDED + 8, model.vendor_extended_text)
    return bytes(config)


def pattern(size: int, seed: int) -> bytes:
    """Bytes like no others; a longer pattern begins with the shorter ones of its seed."""
    return hashlib.shake_128(seed.to_bytes(8, "little")).digest(size)


class TestCard:
    """A test device with its BARs programmed, in the memory set aside for its place."""

    def __init__(self, function: PciFunction, model: Model, place: int):
        self.function = function
        self.qtest = function.qtest
        self.model = model
        self.place = place
        self.bars = {number: self._address(number, bar) for number, bar in model.bars.items()}
        self.msix = Msix(self)

    def _address(self, number: int, bar: Bar) -> int:
        if bar.flags & BAR_PREFETCHABLE:
            return prefetchable(self.place)
        if bar.flags & BAR_IO:
            return 0xc000 + 0x100 * self.place
        return window(self.place) + 0x100000 * number

    @property
    def rom_address(self) -> int:
        return window(self.place) + 0x600000

    @property
    def pin(self) -> int:
        """The I/O APIC pin of INTA#, as the q35 board routes it: by the slot of bus 0."""
        return 20 + self.place % 4

    def bringing_up(self) -> list[str]:
        """The qtest commands that do what firmware does: place the BARs, have them decode."""
        commands = []
        decode = COMMAND_MEMORY
        for number, bar in self.model.bars.items():
            commands += self.function.putting("l", BAR0 + 4 * number,
                                              self.bars[number] & 0xffffffff)
            if bar.flags & BAR_64:
                commands += self.function.putting("l", BAR0 + 4 * number + 4,
                                                  self.bars[number] >> 32)
            if bar.flags & BAR_IO:
                decode |= COMMAND_IO
        commands += self.function.putting("l", ROM, self.rom_address if self.model.rom_text else 0)
        return commands + self.function.putting("w", COMMAND, decode)

    # -- registers ----------------------------------------------------------

    def get(self, register: int) -> int:
        return self.qtest.readl(self.bars[0] + register)

    def put(self, register: int, value: int) -> None:
        self.qtest.writel(self.bars[0] + register, value)

    def fill_buffer(self, data: bytes) -> None:
        self.qtest.write_bytes(self.bars[0] + BUFFER, data)

    def buffer(self, size: int) -> bytes:
        return self.qtest.read_bytes(self.bars[0] + BUFFER, size)

    def raise_vector(self, vector: int) -> None:
        self.raise_vectors([vector])

    def raise_vectors(self, vectors: list[int]) -> None:
        self.qtest.run([f"writel {self.bars[0] + REG_RAISE:#x} {vector:#x}"
                        for vector in vectors])

    def set_condition(self, condition: bool) -> None:
        self.put(REG_RAISE, RAISE_CONDITION | condition)

    def start_transfer(self, direction: int, iova: int, length: int,
                       vector: int = NO_VECTOR) -> None:
        registers = [(REG_IOVA, iova & 0xffffffff), (REG_IOVA_HIGH, iova >> 32),
                     (REG_LENGTH, length), (REG_COMMAND, vector << 16 | direction)]
        self.qtest.run([f"writel {self.bars[0] + register:#x} {value:#x}"
                        for register, value in registers])

    def transfer(self, direction: int, iova: int, length: int) -> int:
        """Copy between the buffer and the guest's memory; return 0 or an errno."""
        self.start_transfer(direction, iova, length)
        return self.result()

    def result(self) -> int:
        """Wait for the transfer under way."""
        end = time.monotonic() + TRANSFER_TIMEOUT
        while (result := self.get(REG_RESULT)) == RESULT_BUSY:
            check(time.monotonic() < end, "the transfer does not end")
            time.sleep(0.001)
        return result

    def flr(self) -> None:
        """Have the guest reset the function."""
        control = self.function.read16(DEVICE_CONTROL)
        self.function.write16(DEVICE_CONTROL, control | DEVICE_CONTROL_FLR)


class Msix:
    """A card's MSI-X capability and its structures in BAR 4."""

    def __init__(self, card: TestCard):
        self._card = card
        self._qtest = card.qtest
        self._function = card.function

    def _entry(self, vector: int) -> int:
        return self._card.bars[4] + self._card.model.msix_table + MSIX_ENTRY_SIZE * vector

    def control(self, on: int = 0, off: int = 0) -> None:
        self._function.write16(MSIX_CONTROL,
                               self._function.read16(MSIX_CONTROL) & ~off | on)

    def enable(self) -> None:
        self.control(on=MSIX_ENABLE)

    def disable(self) -> None:
        self.control(off=MSIX_ENABLE)

    def programming(self, vector: int, address: int, data: int, masked: bool) -> list[str]:
        """The qtest commands that write an entry."""
        words = [address & 0xffffffff, address >> 32, data, int(masked)]
        return [f"writel {self._entry(vector) + 4 * number:#x} {word:#x}"
                for number, word in enumerate(words)]

    def program(self, vector: int, address: int, data: int) -> None:
        self._qtest.run(self.programming(vector, address, data, masked=False))

    def entry(self, vector: int) -> list[int]:
        return self._qtest.read_many([f"readl {self._entry(vector) + 4 * number:#x}"
                                      for number in range(4)])

    def mask(self, vector: int, masked: bool = True) -> None:
        self._qtest.writel(self._entry(vector) + 12, int(masked))

    def unmask(self, vector: int) -> None:
        self.mask(vector, False)

    def pending(self, vector: int) -> bool:
        """The vector's pending bit."""
        address = self._card.bars[4] + self._card.model.msix_pba + vector // 64 * 8
        return bool(self._qtest.read(f"readq {address:#x}") >> vector % 64 & 1)
