# SPDX-License-Identifier: GPL-2.0-only
"""Work that a device does by itself: transfers, and resets in the middle of them.

The device is vdev_test, see samples/vfio-mdev/vdev_test_model.c.
"""

import contextlib
import errno
import time

import testcard
import vfio_user as vu
from case import case, check, same
from server import Server
from test_dma import PAGE, RW, Memory
from testcard import (BUSY, COMMAND, DECODE, FLR, IOVA_LOW, MASTER, READ, RESULT, SCRATCH,
                      TRANSFERS, WRITE, TestCard)
from vfio_user import Event

BASE = 1 << 34

# The core does transfers in pieces, which begin at multiples of this. One of two
# pages that starts here is done in two.
PIECE = 0x10000
START = BASE + PIECE - PAGE


def pattern(size: int, seed: int = 1) -> bytes:
    return bytes((n * 7 + n // 256 + seed) & 0xff for n in range(size))


@case("jobs: transfers through memory that the client shares")
def shared(_) -> None:
    for mode in (0, vu.MMAP, vu.FILE_IO):
        with testcard.test_card() as card, Memory(32 * PAGE) as memory:
            card.client.dma_map(BASE, 20 * PAGE, RW | mode, 4 * PAGE, memory.fd)
            data = pattern(0x10000)
            memory.write(4 * PAGE + 100, data)
            same(card.transfer(READ, BASE + 100, len(data)), "0", "errno")
            same(card.buffer(len(data)), data, "what the device has read")
            card.set_buffer(pattern(3 * PAGE, 9))
            same(card.transfer(WRITE, BASE + PAGE - 1, 2 * PAGE), "0", "errno")
            same(memory.read(5 * PAGE - 1, 2 * PAGE), pattern(2 * PAGE, 9), "what it has written")
            same(memory.read(7 * PAGE - 1, 8), data[3 * PAGE - 101:3 * PAGE - 93], "behind that")
            same(card.get(TRANSFERS), 2, "transfers")


@case("jobs: what the client does not allow is the model's to know")
def refused(_) -> None:
    with testcard.test_card() as card, Memory() as memory:
        client = card.client
        client.dma_map(0x10000, 2 * PAGE, vu.READABLE, 0, memory.fd)
        client.dma_map(0x20000, 2 * PAGE, vu.WRITEABLE, 4 * PAGE, memory.fd)
        for command, place, length in ((READ, 0, 4), (WRITE, 0x10000, 4), (READ, 0x20000, 4),
                                       (READ, 0x12000 - 4, 8), (READ, 0xf000, 2 * PAGE),
                                       (READ, (1 << 64) - 4, 8)):
            same(card.transfer(command, place, length), "EFAULT", f"{command} at {place:#x}")
        card.set_buffer(pattern(3 * PAGE))
        same(card.transfer(WRITE, 0x21000, 2 * PAGE), "EFAULT", "half of it")
        same(memory.read(5 * PAGE, PAGE), pattern(PAGE), "the half that is mapped")
        for command_register in (DECODE, 0x100 | DECODE):
            client.set_config(testcard.PCI_COMMAND, 2, command_register)
            same(card.transfer(READ, 0x10000, 4), "EPERM", "not master")
        client.set_config(testcard.PCI_COMMAND, 2, DECODE | MASTER)
        same(card.transfer(READ, 0x10000, 4), "0", "errno")


@case("jobs: the end of a transfer is a message")
def message(_) -> None:
    with testcard.test_card() as card, Memory() as memory, Event() as event, Event() as other:
        card.client.dma_map(0, PAGE, RW, 0, memory.fd)
        card.client.bind(vu.MSIX, *[event.fd if n == 5 else other.fd for n in range(8)])
        control = card.capability(testcard.MSIX) + 2
        card.client.set_config(control, 2, 0x8000)
        for number in range(1, 50):
            card.start(READ, 0, 100, 5)
            same(event.wait(), 1, f"messages of transfer {number}")
            same((card.get(RESULT), card.get(TRANSFERS)), (0, number), "result, transfers")
        same(other.take(), 0, "other messages")


@case("jobs: the client is asked for memory that it does not share")
def asked(_) -> None:
    with testcard.test_card() as card:
        card.client.dma_map(BASE, 2 * PIECE)
        data = pattern(2 * PAGE)
        card.start(READ, START + 10, len(data))
        for place, size in ((10, PAGE - 10), (PAGE, PAGE + 10)):
            request = card.asked()
            same(request.command, vu.DMA_READ, "command")
            same(vu.DMA_ACCESS.unpack(request.body), (START + place, size), "what it asks for")
            same(card.get(RESULT), BUSY, "registers answer meanwhile")
            card.answer_read(request, data[place - 10:place - 10 + size])
        same(card.result(), 0, "result")
        same(card.buffer(len(data)), data, "what it has got")
        card.start(WRITE, BASE + 100, 50)
        request = card.asked()
        same(request.command, vu.DMA_WRITE, "command")
        same(request.body, vu.DMA_ACCESS.pack(BASE + 100, 50) + data[:50], "what it writes")
        card.answer(request)
        same(card.result(), 0, "result")


# Ways to reset a device, given the client and the place of Device Control.

def by_message(client: vu.Client, _: int) -> None:
    client.reset()


def by_flr(client: vu.Client, control: int) -> None:
    client.set_config(control, 2, FLR)


def by_flr_byte(client: vu.Client, control: int) -> None:
    client.set_config(control + 1, 1, FLR >> 8)


def by_long_write(client: vu.Client, control: int) -> None:
    data = bytearray(client.read(vu.CONFIG_REGION, control - 16, 32))
    data[17] |= FLR >> 8
    client.write(vu.CONFIG_REGION, control - 16, bytes(data))


def by_multi(client: vu.Client, control: int) -> None:
    ones = [(testcard.BUFFER, testcard.REGISTERS, b"x" * 4),
            (control, vu.CONFIG_REGION, FLR.to_bytes(2, "little"))]
    client.call(vu.REGION_WRITE_MULTI, len(ones).to_bytes(8, "little") + b"".join(
        vu.WRITE_ONE.pack(offset, region, len(data), data.ljust(8, b"\0"))
        for offset, region, data in ones))


RESETS = (by_message, by_flr, by_flr_byte, by_long_write, by_multi)


@contextlib.contextmanager
def a_card_that_waits(command: int = READ):
    """A card, what it has asked for, and where its Device Control is."""
    with testcard.test_card() as card:
        control = card.capability(testcard.EXPRESS) + testcard.DEVICE_CONTROL
        card.client.dma_map(BASE, 2 * PIECE)
        card.put(SCRATCH, 0x12345678)
        card.start(command, START, 2 * PAGE)
        yield card, card.asked(), control


def is_fresh(card: TestCard) -> None:
    """It must be as after power-on, and able to do another transfer."""
    same(card.client.config(testcard.PCI_COMMAND, 2), 0, "COMMAND")
    card.start_up()
    same([card.get(r) for r in (SCRATCH, RESULT, TRANSFERS, IOVA_LOW, COMMAND)], [0] * 5,
         "registers")
    same(card.buffer(0x10000), bytes(0x10000), "the buffer")
    card.start(READ, BASE, 16)
    request = card.asked()
    card.answer_read(request, b"0123456789abcdef")
    same((card.result(), card.buffer(16)), (0, b"0123456789abcdef"), "the next transfer")


@case("jobs: a reset need not wait for the client's answer, whichever way it comes")
def reset_first(_) -> None:
    for how in RESETS:
        for command in (READ, WRITE):
            with a_card_that_waits(command) as (card, request, control):
                how(card.client, control)
                # too late: nobody has a use for it
                if command == READ:
                    card.answer_read(request, b"\xff" * PAGE)
                else:
                    card.answer(request)
                is_fresh(card)


@case("jobs: nor need an answer ever come")
def never_answered(_) -> None:
    with a_card_that_waits() as (card, _, control):
        by_message(card.client, control)
        is_fresh(card)
        by_flr(card.client, control)
        is_fresh(card)


@case("jobs: many an unanswered request is one too many")
def too_many_unanswered(_) -> None:
    with testcard.test_server() as server:
        with server.client() as client:
            card = TestCard(client)
            client.dma_map(BASE, PAGE)
            try:
                for _ in range(100):
                    card.start_up()
                    card.start(READ, BASE, 16)
                    card.asked()
                    client.reset()
            except vu.Cut:
                pass
            else:
                check(False, "it was not cut off")
        check("does not answer" in server.stderr(), server.stderr())
        with server.client() as client:
            TestCard(client).start_up()


@case("jobs: other writes of configuration space disturb no transfer")
def no_reset(_) -> None:
    with a_card_that_waits() as (card, request, control):
        client = card.client
        client.set_config(control, 2, FLR - 1)
        client.set_config(control, 1, 0xff)
        client.set_config(control + 2, 2, 0xffff)
        client.set_config(0x3c, 1, 0x80)
        client.write(testcard.REGISTERS, control + 1, b"\x80")
        client.write(vu.CONFIG_REGION, control - 8, client.read(vu.CONFIG_REGION, control - 8, 16))
        same(card.get(RESULT), BUSY, "result")
        card.answer_read(request, pattern(PAGE))
        card.answer_read(card.asked(), pattern(PAGE, 3))
        same(card.result(), 0, "result")
        same(card.buffer(2 * PAGE), pattern(PAGE) + pattern(PAGE, 3), "what it has read")


@case("jobs: a device that loses its mastership in the middle stops there")
def master_lost(_) -> None:
    with a_card_that_waits() as (card, request, _):
        card.client.set_config(testcard.PCI_COMMAND, 2, DECODE)
        card.answer_read(request, pattern(PAGE))
        same(card.result(), 1, "result: EPERM")
        check(card.client.idle() and not card.client.commands, "it asks for nothing more")


@case("jobs: memory that is unmapped in the middle is not asked for again")
def unmapped(_) -> None:
    with a_card_that_waits() as (card, request, _):
        card.client.dma_unmap(BASE, 2 * PIECE)
        card.answer_read(request, pattern(PAGE))
        same(card.result(), errno.EFAULT, "result")
        check(card.client.idle() and not card.client.commands, "it asks for nothing more")
    with testcard.test_card() as card, Memory() as memory:
        card.client.dma_map(0, PAGE, RW, 0, memory.fd)
        card.client.dma_map(PAGE, PAGE)
        card.client.dma_map(2 * PAGE, PAGE, RW, PAGE, memory.fd)
        card.start(WRITE, 0, 3 * PAGE)
        request = card.asked()
        card.client.dma_unmap(0, 0, vu.UNMAP_ALL)
        memory.write(PAGE, b"mine")
        card.answer(request)
        same(card.result(), errno.EFAULT, "result")
        same(memory.read(PAGE, 4), b"mine", "memory that was unmapped")


@case("jobs: what comes behind a reset is done behind it, in order")
def behind(_) -> None:
    with a_card_that_waits() as (card, request, _):
        client = card.client
        write = vu.ACCESS.pack(testcard.PCI_COMMAND, vu.CONFIG_REGION, 2) + b"\2\0"
        scratch = vu.ACCESS.pack(SCRATCH, testcard.REGISTERS, 4)
        batch = [(vu.REGION_READ, scratch), (vu.DEVICE_RESET, b""), (vu.REGION_WRITE, write),
                 (vu.REGION_READ, scratch), (vu.REGION_WRITE, scratch + b"next"),
                 (vu.REGION_READ, scratch), (vu.DEVICE_RESET, b""), (vu.REGION_WRITE, write),
                 (vu.REGION_READ, scratch)]
        client.send_raw(b"".join(vu.message(command, body, 1000 + n)
                                 for n, (command, body) in enumerate(batch)))
        replies = [client.reply_to(1000 + n, command) for n, (command, _) in enumerate(batch)]
        same([reply.error for reply in replies], [0] * len(batch), "errors")
        same([replies[n].body[vu.ACCESS.size:] for n in (0, 3, 5, 8)],
             [bytes.fromhex("78563412"), bytes(4), b"next", bytes(4)], "scratch register")
        card.answer_read(request, bytes(PAGE))


@case("jobs: replies are in form even when the client reads none meanwhile")
def behind_unread(_) -> None:
    with a_card_that_waits() as (card, _, _):
        client = card.client
        config = vu.ACCESS.pack(0, vu.CONFIG_REGION, 4096)
        reads = 400
        client.send_raw(b"".join(vu.message(vu.REGION_READ, config, n) for n in range(reads)) +
                        vu.message(vu.DEVICE_RESET, b"", reads))
        time.sleep(0.1)
        for number in range(reads):
            same(len(client.reply_to(number, vu.REGION_READ).body), 16 + 4096, "size of a reply")
        same(client.reply_to(reads, vu.DEVICE_RESET).error, 0, "error")
        is_fresh(card)


@case("jobs: a client that dies in the middle leaves a clean device")
def client_dies(_) -> None:
    with testcard.test_server() as server:
        for held in (False, True):
            client = server.client()
            card = TestCard(client)
            client.dma_map(BASE, 4 * PAGE)
            card.start_up()
            card.put(SCRATCH, 1)
            card.start(READ, BASE, 2 * PAGE)
            card.asked()
            if held:
                client.send(vu.DEVICE_RESET)
            client.close()
            with server.client() as client:
                card = TestCard(client)
                client.dma_map(BASE, 4 * PAGE)
                is_fresh(card)


@case("jobs: the server ends although one waits")
def server_ends(_) -> None:
    server = Server("--model", "vdev_test-pcie", name="vdevd-test")
    with server.client() as client:
        card = TestCard(client)
        card.start_up()
        client.dma_map(BASE, 4 * PAGE)
        card.start(READ, BASE, 2 * PAGE)
        card.asked()
        server.end()


@case("jobs: a timer sends its message when its time has come")
def timer(_) -> None:
    with testcard.test_card() as card, Event() as event, Event() as other:
        card.client.bind(vu.MSIX, other.fd, event.fd)
        card.client.set_config(card.capability(testcard.MSIX) + 2, 2, 0x8000)
        for number in range(1, 20):
            start = time.monotonic()
            card.put(testcard.TIMER, 3000000)
            same(event.wait(), 1, "messages")
            check(time.monotonic() - start >= 0.003, "too early")
            same(card.get(testcard.TIMEOUTS), number, "timeouts")
        card.put(testcard.TIMER, 30000000)
        card.client.reset()
        time.sleep(0.05)
        same(event.take(), 0, "messages after a reset")
