# SPDX-License-Identifier: GPL-2.0-only
"""The device reads and writes guest memory by itself."""

import errno

from case import case, check, same
from express_bench import ExpressBench
from pci import COMMAND_MASTER, COMMAND_MEMORY
from vdev_test import (AREAS, BUFFER, BUFFER_SIZE, FROM_GUEST, REG_RESULT, REG_TRANSFERS,
                       TO_GUEST, TestCard, pattern)

RAM_END = 64 << 20
SOURCE = 0x200000
TARGET = 0x300000
PAGE = 4096

# The firmware's ROM, which only a read transfer may touch.
FIRMWARE = (1 << 32) - PAGE


def master(*cards: TestCard) -> None:
    for card in cards:
        card.function.set_command(on=COMMAND_MASTER)


@case("DMA: 64 KiB from guest memory and back, off page boundaries", ExpressBench)
def both_ways(bench: ExpressBench) -> None:
    for number, card in enumerate(bench.cards):
        data = pattern(BUFFER_SIZE, number)
        source, target = SOURCE + 0x123, TARGET + 0xff1
        master(card)
        bench.qtest.write_bytes(source, data)
        bench.qtest.write_bytes(target - 16, b"\xee" * (BUFFER_SIZE + 32))
        same(card.transfer(FROM_GUEST, source, BUFFER_SIZE), 0, "result, from the guest")
        same(card.buffer(BUFFER_SIZE), data, "the buffer")
        same(card.transfer(TO_GUEST, target, BUFFER_SIZE), 0, "result, to the guest")
        got = bench.qtest.read_bytes(target - 16, BUFFER_SIZE + 32)
        same(got[16:-16], data, "guest memory")
        same(got[:16] + got[-16:], b"\xee" * 32, "guest memory around it")
        same(card.get(REG_TRANSFERS), 2, "transfers that have ended")


@case("DMA: lengths and offsets around a page", ExpressBench)
def lengths(bench: ExpressBench) -> None:
    card = bench.mapped
    master(card)
    card.fill_buffer(pattern(3 * PAGE, 1))
    for offset in (0, 1, PAGE - 1):
        for length in (1, PAGE - 1, PAGE, PAGE + 1, 2 * PAGE):
            bench.qtest.run([f"memset {TARGET:#x} {4 * PAGE:#x} 0xee"])
            what = f"{length} bytes at offset {offset}"
            same(card.transfer(TO_GUEST, TARGET + offset, length), 0, f"result, {what}")
            expected = (b"\xee" * offset + pattern(3 * PAGE, 1)[:length]).ljust(4 * PAGE, b"\xee")
            same(bench.qtest.read_bytes(TARGET, 4 * PAGE), expected,
                 f"{what}: guest memory")


@case("DMA: refused without bus mastering, memory untouched", ExpressBench)
def no_master(bench: ExpressBench) -> None:
    for card in bench.cards:
        card.fill_buffer(b"must not arrive")
        bench.qtest.write_bytes(TARGET, bytes(16))
        same(card.transfer(TO_GUEST, TARGET, 16), errno.EPERM, "result, to the guest")
        same(card.transfer(FROM_GUEST, TARGET, 16), errno.EPERM, "result, from the guest")
        same(bench.qtest.read_bytes(TARGET, 16), bytes(16), "guest memory")
        same(card.buffer(15), b"must not arrive", "the buffer")
        master(card)
        same(card.transfer(TO_GUEST, TARGET, 15), 0, "result once COMMAND.MASTER is set")
        same(bench.qtest.read_bytes(TARGET, 16), b"must not arrive\0", "guest memory then")


@case("DMA: beyond guest memory is reported", ExpressBench)
def beyond(bench: ExpressBench) -> None:
    card = bench.mapped
    master(card)
    card.fill_buffer(pattern(2 * PAGE, 1))
    for direction in (FROM_GUEST, TO_GUEST):
        for iova in (RAM_END, 1 << 40, (1 << 64) - PAGE):
            same(card.transfer(direction, iova, 64), errno.EFAULT, f"result at {iova:#x}")
    bench.qtest.write_bytes(RAM_END - PAGE, bytes(PAGE))
    same(card.transfer(TO_GUEST, RAM_END - PAGE, 2 * PAGE), errno.EFAULT,
         "result across the end of memory")
    same(card.transfer(TO_GUEST, RAM_END - PAGE, PAGE), 0, "result up to the end of memory")
    same(bench.qtest.read_bytes(RAM_END - PAGE, PAGE), pattern(2 * PAGE, 1)[:PAGE],
         "the last page")


@case("DMA: firmware can be read, and not written", ExpressBench)
def read_only(bench: ExpressBench) -> None:
    card = bench.mapped
    master(card)
    firmware = bench.qtest.read_bytes(FIRMWARE, PAGE)
    same(card.transfer(FROM_GUEST, FIRMWARE, PAGE), 0, "result of reading")
    same(card.buffer(PAGE), firmware, "the buffer")
    card.fill_buffer(bytes(PAGE))
    same(card.transfer(TO_GUEST, FIRMWARE, PAGE), errno.EFAULT, "result of writing")
    same(bench.qtest.read_bytes(FIRMWARE, PAGE), firmware, "the firmware")


@case("DMA: a vector tells that it is done", ExpressBench)
def completion(bench: ExpressBench) -> None:
    for card in (bench.mapped, bench.large):
        last = card.model.msix_vectors - 1
        bench.enable_msix(card, [1, last])
        for vector in (1, last):
            bench.qtest.write_bytes(SOURCE, pattern(PAGE, vector))
            card.start_transfer(FROM_GUEST, SOURCE, PAGE, vector)
            check(bench.arrived(card, vector), f"no message of vector {vector}")
            same(card.get(REG_RESULT), 0, "the result, when told")
            same(card.buffer(PAGE), pattern(PAGE, vector), "the data, when told")


@case("DMA: two cards at once, each with its own data", ExpressBench)
def two_cards(bench: ExpressBench) -> None:
    pair = [bench.mapped, bench.trapped]
    master(*pair)
    for turn in range(3):
        for card in pair:
            card.fill_buffer(pattern(BUFFER_SIZE, 16 * turn + card.place))
        for card in pair:
            card.start_transfer(TO_GUEST, TARGET + card.place * BUFFER_SIZE, BUFFER_SIZE)
        same([card.result() for card in pair], [0, 0], "results")
        for card in pair:
            got = bench.qtest.read_bytes(TARGET + card.place * BUFFER_SIZE, BUFFER_SIZE)
            same(got, pattern(BUFFER_SIZE, 16 * turn + card.place),
                 f"turn {turn}: data of the card in {card.place}")


# -- peer to peer -------------------------------------------------------------

@case("DMA: into a card's mapped memory, its own and its neighbour's", ExpressBench)
def peer(bench: ExpressBench) -> None:
    card = bench.mapped
    master(card)
    targets = [bench.large.bars[2] + (1 << 30) - 2 * PAGE, bench.large.bars[4] + AREAS[0][0],
               card.bars[2] + 0x10000, card.bars[4] + AREAS[0][0]]
    for number, target in enumerate(targets):
        card.fill_buffer(pattern(2 * PAGE, number))
        same(card.transfer(TO_GUEST, target, 2 * PAGE), 0, f"result of writing {target:#x}")
        same(bench.qtest.read_bytes(target, 2 * PAGE), pattern(2 * PAGE, number),
             f"what the guest reads at {target:#x}")
        bench.qtest.write_bytes(target, pattern(PAGE, number + 16))
        same(card.transfer(FROM_GUEST, target, PAGE), 0, f"result of reading {target:#x}")
        same(card.buffer(PAGE), pattern(PAGE, number + 16),
             f"what the card reads at {target:#x}")


@case("DMA: what of a card is not mapped memory is no target", ExpressBench)
def peer_refused(bench: ExpressBench) -> None:
    card = bench.mapped
    master(card)
    card.fill_buffer(pattern(PAGE, 1))
    for what, target in (("registers", bench.large.bars[0]),
                         ("a buffer among registers", bench.large.bars[0] + BUFFER),
                         ("its own registers", card.bars[0]),
                         ("between areas of memory", card.bars[4] + 0x6000),
                         ("memory with x-no-mmap", bench.trapped.bars[2])):
        same(card.transfer(TO_GUEST, target, 16), errno.EFAULT, f"result of writing {what}")
    same(bench.qtest.read_bytes(bench.trapped.bars[2], 16), bytes(16), "memory with x-no-mmap")


@case("DMA: a neighbour that does not decode is no target", ExpressBench)
def peer_hidden(bench: ExpressBench) -> None:
    card, neighbour = bench.mapped, bench.large
    master(card)
    card.fill_buffer(pattern(PAGE, 2))
    for _ in range(3):
        neighbour.function.set_command(off=COMMAND_MEMORY)
        same(card.transfer(TO_GUEST, neighbour.bars[2], PAGE), errno.EFAULT, "result")
        neighbour.function.set_command(on=COMMAND_MEMORY)
        same(bench.qtest.read_bytes(neighbour.bars[2], 16), bytes(16), "the neighbour's memory")
    same(card.transfer(TO_GUEST, neighbour.bars[2], PAGE), 0, "result once it decodes")
    same(bench.qtest.read_bytes(neighbour.bars[2], PAGE), pattern(PAGE, 2),
         "the neighbour's memory then")


@case("DMA: a machine reset ends a transfer, and the next one works", ExpressBench)
def reset_under_way(bench: ExpressBench) -> None:
    card = bench.mapped
    for turn in range(3):
        master(card)
        card.fill_buffer(pattern(BUFFER_SIZE, turn))
        card.start_transfer(TO_GUEST, TARGET, BUFFER_SIZE)
        bench.reset()
        # The machine's reset is over: what is written from here on comes too late.
        bench.qtest.run([f"memset {TARGET:#x} {BUFFER_SIZE:#x} 0xee"])
        bench.qtest.run(card.bringing_up())
        bench.qtest.settle()
        same(bench.qtest.read_bytes(TARGET, BUFFER_SIZE), b"\xee" * BUFFER_SIZE,
             f"turn {turn}: guest memory after the reset")
        same([card.get(REG_RESULT), card.get(REG_TRANSFERS)], [0, 0], "result, transfers")
    master(card)
    card.fill_buffer(pattern(PAGE, 3))
    same(card.transfer(TO_GUEST, TARGET, PAGE), 0, "result of a transfer after the resets")
    same(bench.qtest.read_bytes(TARGET, PAGE), pattern(PAGE, 3), "its data")
