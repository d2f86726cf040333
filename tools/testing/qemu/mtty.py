# SPDX-License-Identifier: GPL-2.0-only
"""The mtty card as its guest sees it: configuration space and 16550A ports."""

from pci import BAR0, COMMAND_IO, PciFunction
from qtest import Qtest

VENDOR = 0x4348
DEVICE = 0x3253

# -- configuration space ----------------------------------------------------

MSI = 0x50
MSI_CONTROL = MSI + 2
MSI_ADDRESS = MSI + 4
MSI_ADDRESS_HIGH = MSI + 8
MSI_DATA = MSI + 12
MSI_ENABLE = 1 << 0
PMCSR = 0x44
PM_D0 = 0
PM_D3HOT = 3


def power_on_config(ports: int) -> bytes:
    """All 256 bytes a guest reads right after reset."""
    config = bytearray(256)

    def put(offset: int, *values: int) -> None:
        config[offset:offset + len(values)] = bytes(values)

    put(0x00, 0x48, 0x43, 0x53, 0x32)
    put(0x06, 0x10, 0x00)               # STATUS: there is a capability list
    put(0x08, 0x10, 0x02, 0x00, 0x07)   # revision, 16550-compatible serial controller
    for port in range(ports):
        put(BAR0 + 4 * port, 0x01)      # an I/O BAR
    put(0x2c, 0x48, 0x43, 0x53, 0x32)
    put(0x34, 0x40)
    put(0x3d, 0x01)                     # INTA#
    put(0x40, 0x01, MSI, 0x03, 0x00)    # power management 1.2, D0 and D3hot
    put(PMCSR, 0x08, 0x00)              # no soft reset
    put(MSI, 0x05, 0x00, 0x80, 0x00)    # MSI: 64-bit address, one vector
    return bytes(config)


# What a guest can change: dword offset -> mask. Everything else is read-only.
# MSI's multiple message enable bits (52.6:4) are not here: they are writable,
# but QEMU limits what it takes for them to the vectors there are.
WRITABLE = {
    0x04: 0x0545,           # IO, MASTER, PARITY, SERR, INTX_DISABLE
    0x0c: 0xff,             # cache line size
    0x3c: 0xff,             # interrupt line
    MSI_ADDRESS: 0xfffffffc,
    MSI_ADDRESS_HIGH: 0xffffffff,
    MSI_DATA: 0xffff,
}
BAR_MASK = 0xfffffff8

# -- UART registers ---------------------------------------------------------

RBR = THR = DLL = 0
IER = DLM = 1
IIR = FCR = 2
LCR = 3
MCR = 4
LSR = 5
MSR = 6
SCR = 7

IER_RDI = 0x01
IER_THRI = 0x02
IER_RLSI = 0x04
IER_MSI = 0x08
IIR_NONE = 0x01
IIR_MSI = 0x00
IIR_THRI = 0x02
IIR_RDI = 0x04
IIR_RLSI = 0x06
IIR_TIMEOUT = 0x0c
IIR_FIFO = 0xc0
FCR_ENABLE = 0x01
FCR_TRIGGER_8 = 0x80
FCR_TRIGGER_14 = 0xc0
LCR_8N1 = 0x03
LCR_DLAB = 0x80
MCR_DTR = 0x01
MCR_RTS = 0x02
MCR_LOOP = 0x10
LSR_DR = 0x01
LSR_OE = 0x02
LSR_IDLE = 0x60
MSR_CTS = 0x10
MSR_DSR = 0x20
MSR_DCD = 0x80

FIFO_SIZE = 16

# What the eight registers read after reset: RBR IER IIR LCR MCR LSR MSR SCR.
# MSR depends on the wiring's other end, idle too: no line asserted.
POWER_ON_REGISTERS = [0x00, 0x00, IIR_NONE, 0x00, 0x00, LSR_IDLE, 0x00, 0x00]


class Port:
    """One UART, at the eight I/O ports its BAR was programmed to."""

    def __init__(self, qtest: Qtest, base: int):
        self.qtest = qtest
        self.base = base

    def get(self, register: int) -> str:
        """The qtest command that reads register; likewise put() writes."""
        return f"inb {self.base + register:#x}"

    def put(self, register: int, value: int) -> str:
        return f"outb {self.base + register:#x} {value:#x}"

    def read(self, register: int) -> int:
        return self.qtest.read(self.get(register))

    def write(self, register: int, value: int) -> None:
        self.qtest.run([self.put(register, value)])

    def registers(self) -> list[int]:
        return self.qtest.read_many([self.get(r) for r in range(8)])

    def divisor(self) -> int:
        commands = [self.put(LCR, LCR_DLAB), self.get(DLL), self.get(DLM), self.put(LCR, LCR_8N1)]
        low, high = self.qtest.read_many(commands)
        return high << 8 | low

    def send(self, data: bytes) -> None:
        self.qtest.run([self.put(THR, byte) for byte in data])

    def receive(self, most: int = 64) -> bytes:
        """Read what the FIFO holds."""
        data = bytearray()
        while len(data) < most:
            status, byte = self.qtest.read_many([self.get(LSR), self.get(RBR)])
            if not status & LSR_DR:
                break
            data.append(byte)
        return bytes(data)


def set_up(port: Port, fcr: int = 0, ier: int = 0, divisor: int | None = None) -> None:
    """Prepare a port as a driver does: 8N1, interrupts off while at it."""
    commands = [port.put(IER, 0)]
    if divisor is not None:
        commands += [port.put(LCR, LCR_DLAB), port.put(DLL, divisor & 0xff),
                     port.put(DLM, divisor >> 8)]
    commands += [port.put(LCR, LCR_8N1), port.put(FCR, fcr),
                 port.put(IER, ier)]
    port.qtest.run(commands)


class Card(PciFunction):
    """An mtty card with its BARs programmed."""

    def __init__(self, qtest: Qtest, slot: int, ports: int):
        super().__init__(qtest, slot)
        # Leave a gap, so that an access beyond eight bytes hits no neighbour.
        self.bases = [0xc000 + slot * 0x100 + port * 0x10 for port in range(ports)]
        self.ports = [Port(qtest, base) for base in self.bases]

    @property
    def pin(self) -> int:
        """The I/O APIC pin of INTA#, as the q35 board routes it."""
        return 20 + self.slot % 4

    def bring_up(self) -> None:
        """Do what firmware does: place the BARs, switch I/O decoding on."""
        for number, base in enumerate(self.bases):
            self.write32(BAR0 + 4 * number, base)
        self.set_command(on=COMMAND_IO)
