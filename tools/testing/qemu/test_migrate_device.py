# SPDX-License-Identifier: GPL-2.0-only
"""A machine with test devices moves: memory, DMA, timers, MSI-X."""

import time

from case import check, same
from moving import MovingTestCards, moving_case
from pci import COMMAND_MASTER, STATUS, STATUS_INTERRUPT
from test_config import same_config
from test_dma import TARGET, master
from test_msix import MILLISECOND, enable_msi, msi_message
from vdev_test import (AREAS, BUFFER_SIZE, MSIX_FUNCTION_MASK, NO_VECTOR, REG_IOVA, REG_LENGTH,
                       REG_SCRATCH, REG_TIMEOUTS, REG_TIMER, REG_TRANSFERS,
                       TO_GUEST, TestCard, pattern)

# Vectors in use are the first ones here: see TestCardBench.enable_msix(), which goes
# for a QEMU that takes a machine in, too.

PAGE = 4096
LONG_TRANSFER = 1 << 20
TIMER_TIMEOUT = 20


def memory_places(card: TestCard) -> list[int]:
    """Some pages of a card's memory: first and last, one between, one in each area."""
    end = card.bars[2] + card.model.bars[2].size
    areas = [card.bars[4] + start + size - PAGE for start, size in AREAS]
    return [card.bars[2], card.bars[2] + 0x33000, end - PAGE, *areas]


def fill(bench: MovingTestCards, places: list[int], seed: int) -> None:
    for number, place in enumerate(places):
        bench.qtest.write_bytes(place, pattern(PAGE, seed + number))


def filled(bench: MovingTestCards, places: list[int], seed: int) -> None:
    for number, place in enumerate(places):
        same(bench.qtest.read_bytes(place, PAGE), pattern(PAGE, seed + number),
             f"memory at {place:#x}")


# -- registers and memory -------------------------------------------------------

@moving_case("migration: test devices, their registers and configuration space", MovingTestCards,
             everywhere=False)
def registers(bench: MovingTestCards) -> None:
    for number, card in enumerate(bench.cards):
        card.put(REG_SCRATCH, 0x1234_5678 + number)
        card.put(REG_IOVA, 0x1000 * number)
        card.put(REG_LENGTH, 77 + number)
        card.fill_buffer(pattern(BUFFER_SIZE, number))
    config = [card.function.config() for card in bench.cards]
    bench.move()
    for number, card in enumerate(bench.cards):
        same_config(card.function.config(), config[number], f"vdev_test-{card.model.name}")
        same([card.get(register) for register in (REG_SCRATCH, REG_IOVA, REG_LENGTH)],
             [0x1234_5678 + number, 0x1000 * number, 77 + number], "registers")
        same(card.buffer(BUFFER_SIZE), pattern(BUFFER_SIZE, number), "the buffer")


@moving_case("migration: memory of a BAR", MovingTestCards, everywhere=False)
def memory(bench: MovingTestCards) -> None:
    places = memory_places(bench.mapped)
    fill(bench, places, 1)
    bench.move()
    filled(bench, places, 1)
    same(bench.qtest.read_bytes(places[0] + PAGE, 16), bytes(16), "memory never written")


@moving_case("migration: memory written through the mapping meanwhile", MovingTestCards)
def memory_meanwhile(bench: MovingTestCards) -> None:
    places = memory_places(bench.mapped)
    kept, changed, cleared = places[0], places[1:4], places[4]
    fill(bench, places, 1)
    target = bench.target()
    with bench.held(target):
        for turn in range(3):
            fill(bench, changed, 100 * turn)
            bench.here.device_bytes()
        bench.qtest.run([f"memset {cleared:#x} {PAGE:#x} 0"])
    bench.arrive(target)
    filled(bench, [kept], 1)
    filled(bench, changed, 200)
    same(bench.qtest.read_bytes(cleared, PAGE), bytes(PAGE), "the page that became zero")


@moving_case("migration: cancelled, and memory stays writable and keeps what it has",
             MovingTestCards, everywhere=False)
def memory_cancelled(bench: MovingTestCards) -> None:
    places = memory_places(bench.mapped)
    fill(bench, places, 1)
    target = bench.target()
    with bench.held(target):
        fill(bench, places[2:], 50)
        bench.here.qmp.execute("migrate_cancel")
    bench.here.wait("cancelled")
    bench.end(target)
    filled(bench, places[:2], 1)
    filled(bench, places[2:], 50)
    fill(bench, places[:2], 70)
    bench.move()
    filled(bench, places[:2], 70)
    filled(bench, places[2:], 50)


@moving_case("migration: test devices go to the other QEMU and back", MovingTestCards)
def versions(bench: MovingTestCards) -> None:
    places = memory_places(bench.mapped)
    fill(bench, places, 9)
    bench.enable_msix(bench.mapped, [0, 1])
    other = "11.1" if bench.variant.version == "10.0" else "10.0"
    for version in (other, bench.variant.version):
        bench.move(version=version)
        bench.mapped.raise_vector(1)
        check(bench.arrived(bench.mapped, 1), f"no message in QEMU {version}")
    filled(bench, places, 9)


# -- DMA and time ---------------------------------------------------------------

@moving_case("migration: a transfer under way is finished, once", MovingTestCards)
def transfer(bench: MovingTestCards) -> None:
    # Without KVM, QEMU loses a message that comes as it stops: masked, the device keeps it.
    bench.enable_msix(bench.mapped, [0])
    bench.program_msix(bench.mapped, [1])
    master(*bench.cards)
    for number, card in enumerate(bench.cards):
        card.fill_buffer(pattern(BUFFER_SIZE, number))
    places = [TARGET, TARGET + 2 * LONG_TRANSFER]
    target = bench.target()
    with bench.held(target):
        for card, place, vector in zip(bench.cards, places, (1, NO_VECTOR)):
            card.start_transfer(TO_GUEST, place, LONG_TRANSFER, vector)
    bench.arrive(target)
    for number, (card, place) in enumerate(zip(bench.cards, places)):
        same(card.result(), 0, "the result")
        same(bench.qtest.read_bytes(place, LONG_TRANSFER),
             pattern(BUFFER_SIZE, number) * (LONG_TRANSFER // BUFFER_SIZE), "guest memory")
        same(card.get(REG_TRANSFERS), 1, "transfers that have ended")
    bench.mapped.msix.unmask(1)
    check(bench.arrived(bench.mapped, 1), "no message at the end of the transfer")
    check(bench.nothing_arrived(bench.mapped, 1), "a second message")


@moving_case("migration: time goes on for a timer", MovingTestCards, everywhere=False)
def timer(bench: MovingTestCards) -> None:
    bench.enable_msix(bench.mapped, [0])
    bench.program_msix(bench.mapped, [1])
    bench.mapped.put(REG_TIMER, 4000 * MILLISECOND)
    bench.move()
    end = time.monotonic() + TIMER_TIMEOUT
    while not bench.mapped.msix.pending(1):
        check(time.monotonic() < end, "the time is never over")
        time.sleep(0.05)
    bench.mapped.msix.unmask(1)
    check(bench.arrived(bench.mapped, 1), "no message of the timer")
    same(bench.mapped.get(REG_TIMEOUTS), 1, "how often the time was over")


# -- interrupts -------------------------------------------------------------------

@moving_case("migration: an INTx condition of test devices", MovingTestCards, everywhere=False)
def intx(bench: MovingTestCards) -> None:
    for card in bench.cards:
        card.set_condition(True)
        check(bench.raised(card), f"no interrupt at pin {card.pin}")
    bench.move()
    for card in bench.cards:
        same(card.function.read16(STATUS) & STATUS_INTERRUPT, STATUS_INTERRUPT, "STATUS")
        card.get(REG_SCRATCH)
        check(bench.raised(card), f"pin {card.pin}: the device does not ask again")
        card.set_condition(False)
        check(bench.lowered(card), f"pin {card.pin} stays up")


@moving_case("migration: MSI-X on, each vector has its message", MovingTestCards, everywhere=False)
def msix(bench: MovingTestCards) -> None:
    vectors = [0, 1, 2]
    bench.enable_msix(bench.mapped, vectors)
    bench.move()
    same(bench.arrivals(bench.mapped, vectors), [], "messages of themselves")
    for vector in vectors:
        bench.mapped.raise_vector(vector)
        check(bench.arrived(bench.mapped, vector), f"no message of vector {vector}")
    bench.mapped.msix.disable()
    bench.mapped.set_condition(True)
    check(bench.raised(bench.mapped), "no INTx once MSI-X is off")


@moving_case("migration: MSI-X vectors masked, with messages pending", MovingTestCards)
def msix_masked(bench: MovingTestCards) -> None:
    # 1 was in use before, 2 never: QEMU keeps the first one's message, the device the other's
    card = bench.mapped
    bench.enable_msix(card, [0, 1])
    bench.program_msix(card, [2])
    card.msix.mask(1)
    for vector in (1, 2):
        card.raise_vector(vector)
    same(bench.arrivals(card, [0, 1, 2]), [], "messages of masked vectors")
    bench.move()
    card = bench.mapped
    same(bench.arrivals(card, [0, 1, 2]), [], "messages of masked vectors on the other side")
    # QEMU does not show the bits that it keeps itself, before it has a reason on this side.
    same([card.msix.pending(vector) for vector in (0, 2)], [False, True], "pending bits")
    for vector in (1, 2):
        card.msix.unmask(vector)
        check(bench.arrived(card, vector), f"no message of vector {vector} once it is unmasked")
        check(not card.msix.pending(vector), f"the pending bit of vector {vector} stays set")
    card.raise_vector(0)
    check(bench.arrived(card, 0), "no message of the vector that was never masked")


@moving_case("migration: MSI-X under the function mask, with messages pending", MovingTestCards,
             everywhere=False)
def function_mask(bench: MovingTestCards) -> None:
    card = bench.mapped
    bench.enable_msix(card, [0, 1])
    card.msix.control(on=MSIX_FUNCTION_MASK)
    card.raise_vector(1)
    bench.move()
    card = bench.mapped
    same(bench.arrivals(card, [0, 1]), [], "messages under the function mask")
    card.msix.control(off=MSIX_FUNCTION_MASK)
    check(bench.arrived(card, 1), "no message once it is lifted")
    check(bench.nothing_arrived(card, 0), "a message of a vector that was not raised")


@moving_case("migration: MSI-X messages that wait for bus mastering", MovingTestCards,
             everywhere=False)
def msix_master(bench: MovingTestCards) -> None:
    card = bench.mapped
    bench.enable_msix(card, [0, 1])
    card.function.set_command(off=COMMAND_MASTER)
    card.raise_vector(1)
    bench.move()
    card = bench.mapped
    check(bench.nothing_arrived(card, 1), "a message without COMMAND.MASTER")
    check(card.msix.pending(1), "the pending bit is clear")
    card.function.set_command(on=COMMAND_MASTER)
    check(bench.arrived(card, 1), "no message once COMMAND.MASTER is set")


@moving_case("migration: MSI with 32 vectors, and with one", MovingTestCards, everywhere=False)
def msi(bench: MovingTestCards) -> None:
    addresses = [enable_msi(bench, bench.mapped, 5, 0x4360),
                 enable_msi(bench, bench.conventional, 0, 0x4361)]
    bench.move()
    bench.mapped.raise_vector(17)
    same(msi_message(bench, addresses[0]), 0x4360 | 17, "message of vector 17")
    bench.conventional.raise_vector(0)
    same(msi_message(bench, addresses[1]), 0x4361, "message of the conventional card")


# -- ways to move --------------------------------------------------------------------

@moving_case("migration: test devices by several connections", MovingTestCards, versions=("11.1",),
             everywhere=False)
def multifd(bench: MovingTestCards) -> None:
    with_it = {"x-migration-multifd-transfer": "on"}
    bench.restart(**with_it)
    bench.prepare()
    places = memory_places(bench.mapped)
    fill(bench, places, 3)
    target = bench.target(**with_it)
    bench.begin(target, ["multifd", "return-path"])
    bench.arrive(target)
    filled(bench, places, 3)
    bench.restart()


@moving_case("migration: test devices wait where the machine stands still", MovingTestCards,
             everywhere=False)
def paused(bench: MovingTestCards) -> None:
    places = memory_places(bench.mapped)
    bench.enable_msix(bench.mapped, [0, 1])
    fill(bench, places, 3)
    bench.here.qmp.execute("stop")
    target = bench.target()
    bench.begin(target)
    bench.arrive(target)
    check(not bench.here.running(), "the machine runs")
    bench.here.qmp.execute("cont")
    filled(bench, places, 3)
    bench.mapped.raise_vector(1)
    check(bench.arrived(bench.mapped, 1), "no message once the machine goes on")
