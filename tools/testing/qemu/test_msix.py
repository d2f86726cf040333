# SPDX-License-Identifier: GPL-2.0-only
"""MSI-X, and MSI with several vectors: messages of a device arrive in guest memory.

QEMU keeps the MSI-X table. To the device it binds what the guest has unmasked
once; a vector masked later stays bound, and QEMU holds its message back itself.
So pending bits come from either of them, and guests must not be able to tell.
"""

import vdev_test
from case import case, check, same
from express_bench import ExpressBench
from pci import COMMAND_INTX_DISABLE, COMMAND_MASTER, STATUS, STATUS_INTERRUPT
from vdev_test import (MSI_ADDRESS, MSI_ADDRESS_HIGH, MSI_CONTROL, MSI_DATA, MSI_ENABLE,
                       MSIX_ENABLE, MSIX_FUNCTION_MASK, PM_D0, PM_D3HOT, PMCSR, REG_MAGIC,
                       REG_TIMEOUTS, REG_TIMER, TestCard)

MILLISECOND = 1000000


def some_vectors(card: TestCard) -> list[int]:
    """The first two, one in the middle, and the last."""
    last = card.model.msix_vectors - 1
    return [0, 1, last // 2, last]


@case("MSI-X: each vector has its own message", ExpressBench)
def messages(bench: ExpressBench) -> None:
    for card in bench.express_cards:
        vectors = some_vectors(card)
        bench.enable_msix(card, vectors)
        for vector in vectors:
            card.raise_vector(vector)
            check(bench.arrived(card, vector),
                  f"vdev_test-{card.model.name}: no message of vector {vector}")
            same(bench.arrivals(card, vectors), [],
                 f"messages beside that of vector {vector}")


@case("MSI-X: every vector of 64, raised out of order", ExpressBench)
def all_vectors(bench: ExpressBench) -> None:
    card = bench.mapped
    bench.enable_msix(card, list(range(64)))
    # The last raised is the one that is waited for.
    card.raise_vectors([vector * 37 % 64 for vector in range(1, 65)])
    check(bench.arrived(card, 0), "no message of vector 0")
    same(bench.arrivals(card, list(range(64))), list(range(1, 64)), "the other messages")


@case("MSI-X: vectors are unmasked before it is switched on", ExpressBench)
def enabled_unmasked(bench: ExpressBench) -> None:
    card = bench.mapped
    bench.program_msix(card, [0, 1, 2], masked=False)
    card.msix.enable()
    for vector in (2, 0, 1):
        card.raise_vector(vector)
        check(bench.arrived(card, vector), f"no message of vector {vector}")


@case("MSI-X: the table reads back, all of it", ExpressBench)
def table(bench: ExpressBench) -> None:
    for card in bench.express_cards:
        last = card.model.msix_vectors - 1
        same(card.msix.entry(last), [0, 0, 0, 1], "the last entry after reset: masked")
        for vector in (0, last):
            card.msix.program(vector, 0x1234_5678_9abc_def0, vector + 1)
        same(card.msix.entry(0), [0x9abcdef0, 0x12345678, 1, 0], "the first entry")
        same(card.msix.entry(last), [0x9abcdef0, 0x12345678, last + 1, 0], "the last entry")


@case("MSI-X: a masked vector is pending, and sent when unmasked", ExpressBench)
def masked(bench: ExpressBench) -> None:
    for card in (bench.mapped, bench.large):
        last = card.model.msix_vectors - 1
        bench.enable_msix(card, [0, last])
        card.msix.mask(last)
        card.raise_vector(last)
        check(bench.nothing_arrived(card, last), "a message of a masked vector")
        check(card.msix.pending(last), "the pending bit is clear")
        check(not card.msix.pending(0), "another pending bit is set")
        card.raise_vector(0)
        check(bench.arrived(card, 0), "no message of the vector that is not masked")
        card.msix.unmask(last)
        check(bench.arrived(card, last), "no message once it is unmasked")
        check(not card.msix.pending(last), "the pending bit stays set")
        check(bench.nothing_arrived(card, last), "a second message")


@case("MSI-X: a vector never unmasked is pending in the device", ExpressBench)
def never_unmasked(bench: ExpressBench) -> None:
    for card in (bench.mapped, bench.large):
        last = card.model.msix_vectors - 1
        bench.program_msix(card, [last])
        card.msix.enable()
        card.raise_vector(last)
        check(bench.nothing_arrived(card, last), "a message of a masked vector")
        check(card.msix.pending(last), "the pending bit is clear")
        card.msix.unmask(last)
        check(bench.arrived(card, last), "no message once it is unmasked")
        check(not card.msix.pending(last), "the pending bit stays set")


@case("MSI-X: what is masked is pending once, however often raised", ExpressBench)
def pending_once(bench: ExpressBench) -> None:
    card = bench.mapped
    bench.enable_msix(card, [5])
    card.msix.mask(5)
    for _ in range(4):
        card.raise_vector(5)
    check(bench.nothing_arrived(card, 5), "a message of a masked vector")
    card.msix.unmask(5)
    check(bench.arrived(card, 5), "no message once it is unmasked")
    check(bench.nothing_arrived(card, 5), "a second message")


@case("MSI-X: more vectors are unmasked while others are in use", ExpressBench)
def more_vectors(bench: ExpressBench) -> None:
    for card in (bench.mapped, bench.large):
        vectors = some_vectors(card)
        bench.enable_msix(card, vectors[:1])
        for added, vector in enumerate(vectors[1:], start=2):
            bench.program_msix(card, [vector], masked=False)
            for raised in vectors[:added]:
                card.raise_vector(raised)
                check(bench.arrived(card, raised),
                      f"vector {vector} added: no message of vector {raised}")


@case("MSI-X: the function mask holds all back", ExpressBench)
def function_mask(bench: ExpressBench) -> None:
    card = bench.mapped
    vectors = some_vectors(card)
    bench.enable_msix(card, vectors)
    card.msix.control(on=MSIX_FUNCTION_MASK)
    for vector in vectors:
        card.raise_vector(vector)
    same(bench.arrivals(card, vectors), [], "messages under the function mask")
    same([card.msix.pending(vector) for vector in vectors], [True] * 4, "pending bits")
    card.msix.mask(1)
    card.msix.control(off=MSIX_FUNCTION_MASK)
    for vector in (0, *vectors[2:]):
        check(bench.arrived(card, vector), f"no message of vector {vector} afterwards")
    check(bench.nothing_arrived(card, 1), "a message of a vector that is masked itself")
    card.msix.unmask(1)
    check(bench.arrived(card, 1), "no message of that vector when it is unmasked")


@case("MSI-X: switched on with the function masked, as Linux does", ExpressBench)
def linux_order(bench: ExpressBench) -> None:
    card = bench.large
    vectors = some_vectors(card)
    card.msix.control(on=MSIX_ENABLE | MSIX_FUNCTION_MASK)
    card.function.set_command(on=COMMAND_INTX_DISABLE)
    bench.program_msix(card, vectors, masked=False)
    card.raise_vector(vectors[1])
    check(bench.nothing_arrived(card, vectors[1]), "a message under the function mask")
    card.msix.control(off=MSIX_FUNCTION_MASK)
    check(bench.arrived(card, vectors[1]), "the message raised before is lost")
    for vector in vectors:
        card.raise_vector(vector)
        check(bench.arrived(card, vector), f"no message of vector {vector}")


@case("MSI-X: messages wait for bus mastering", ExpressBench)
def bus_master(bench: ExpressBench) -> None:
    card = bench.mapped
    bench.enable_msix(card, [0, 63])
    card.function.set_command(off=COMMAND_MASTER)
    card.raise_vector(63)
    check(bench.nothing_arrived(card, 63), "a message without COMMAND.MASTER")
    check(card.msix.pending(63), "the pending bit is clear")
    card.function.set_command(on=COMMAND_MASTER)
    check(bench.arrived(card, 63), "no message once COMMAND.MASTER is set")
    check(not card.msix.pending(63), "the pending bit stays set")


@case("MSI-X: a message goes where the table says now", ExpressBench)
def message_moves(bench: ExpressBench) -> None:
    card = bench.mapped
    bench.enable_msix(card, [3])
    card.raise_vector(3)
    check(bench.arrived(card, 3), "no message")
    moved = bench.message_address(card, 40)
    bench.clear_message(moved)
    card.msix.program(3, moved, 0xbeef)
    card.raise_vector(3)
    same(bench.message(moved), 0xbeef, "the message at the new address")
    check(bench.nothing_arrived(card, 3), "a message at the old address")


@case("MSI-X: two cards at once, and no line moves", ExpressBench)
def two_cards(bench: ExpressBench) -> None:
    pair = [bench.mapped, bench.trapped]
    for card in pair:
        bench.enable_msix(card, [0, 1])
    bench.forget_irqs()
    for turn in range(10):
        for card in pair:
            card.raise_vector(turn % 2)
        for card in pair:
            check(bench.arrived(card, turn % 2), f"turn {turn}: a message is missing")
    same([bench.changes(card) for card in pair], [[], []], "the INTx lines")


@case("MSI-X: a timer's vector comes when the time is over", ExpressBench)
def timer(bench: ExpressBench) -> None:
    card = bench.mapped
    bench.enable_msix(card, [1])
    card.put(REG_TIMER, 50 * MILLISECOND)
    check(bench.arrived(card, 1), "no message of the timer")
    same(card.get(REG_TIMEOUTS), 1, "how often the time was over")


@case("MSI-X: D3hot holds a message back", ExpressBench)
def power_state(bench: ExpressBench) -> None:
    # In D3hot only time can raise a vector.
    card = bench.mapped
    bench.enable_msix(card, [1])
    card.put(REG_TIMER, 50 * MILLISECOND)
    card.function.write16(PMCSR, PM_D3HOT)
    bench.qtest.settle(0.2)
    check(bench.nothing_arrived(card, 1), "a message in D3hot")
    card.function.write16(PMCSR, PM_D0)
    check(bench.arrived(card, 1), "no message back in D0")


# -- other kinds of interrupt -------------------------------------------------

def enable_msi(bench: ExpressBench, card: TestCard, log2: int, data: int) -> int:
    """Give the function 1 << log2 vectors of MSI; return their address."""
    address = bench.message_address(card, 0)
    bench.clear_message(address)
    card.function.write32(MSI_ADDRESS, address)
    card.function.write32(MSI_ADDRESS_HIGH, 0)
    card.function.write16(MSI_DATA, data)
    card.function.set_command(on=COMMAND_MASTER)
    card.function.write16(MSI_CONTROL, log2 << 4 | MSI_ENABLE)
    return address


def msi_message(bench: ExpressBench, address: int) -> int | None:
    message = bench.message(address)
    bench.clear_message(address)
    return message


@case("MSI with 32 vectors: the message's low bits tell which", ExpressBench)
def msi_32(bench: ExpressBench) -> None:
    for card in bench.express_cards:
        address = enable_msi(bench, card, 5, 0x4360)
        for vector in (0, 1, 17, 31):
            card.raise_vector(vector)
            same(msi_message(bench, address), 0x4360 | vector, f"message of vector {vector}")


@case("MSI with fewer vectors than it asked for: they are shared", ExpressBench)
def msi_shared(bench: ExpressBench) -> None:
    card = bench.mapped
    address = enable_msi(bench, card, 2, 0x4360)
    for vector in (0, 3, 5, 31):
        card.raise_vector(vector)
        same(msi_message(bench, address), 0x4360 | vector & 3, f"message of vector {vector}")


@case("MSI with one vector in a conventional card", ExpressBench)
def msi_conventional(bench: ExpressBench) -> None:
    card = bench.conventional
    address = enable_msi(bench, card, 0, 0x4361)
    card.raise_vector(0)
    same(msi_message(bench, address), 0x4361, "the message")


@case("INTx, MSI and MSI-X take over from each other", ExpressBench)
def take_over(bench: ExpressBench) -> None:
    card = bench.mapped
    for turn in range(2):
        card.set_condition(True)
        check(bench.raised(card), f"turn {turn}: no INTx")
        card.set_condition(False)
        check(bench.lowered(card), f"turn {turn}: the INTx line stays up")

        address = enable_msi(bench, card, 5, 0x4360)
        card.raise_vector(9)
        same(msi_message(bench, address), 0x4369, f"turn {turn}: MSI message")
        card.function.write16(MSI_CONTROL, 0)

        bench.enable_msix(card, [0, 9])
        card.raise_vector(9)
        check(bench.arrived(card, 9), f"turn {turn}: no MSI-X message")
        card.set_condition(True)
        check(bench.arrived(card, 0), f"turn {turn}: no message when the condition rises")
        card.msix.disable()
        check(bench.raised(card), f"turn {turn}: no INTx although the condition holds")
        card.set_condition(False)
        check(bench.lowered(card), f"turn {turn}: the INTx line stays up at the end")


@case("INTx of every test device arrives on its line", ExpressBench)
def intx(bench: ExpressBench) -> None:
    for card in bench.cards:
        bench.forget_irqs()
        card.set_condition(True)
        check(bench.raised(card), f"no interrupt at pin {card.pin}")
        same(card.function.read16(STATUS) & STATUS_INTERRUPT, STATUS_INTERRUPT, "STATUS")
        others = [other for other in bench.cards if other is not card]
        same([bench.changes(other) for other in others], [[], [], []], "the other cards' pins")
        card.set_condition(False)
        check(bench.lowered(card), f"pin {card.pin} stays up")
        same(card.get(REG_MAGIC), vdev_test.MAGIC, "magic")
        same(bench.changes(card), ["raise", "lower"], f"pin {card.pin}")


@case("a machine reset with messages pending: none comes afterwards", ExpressBench)
def reset_pending(bench: ExpressBench) -> None:
    card = bench.mapped
    bench.enable_msix(card, [0, 7])
    card.msix.mask(7)
    card.function.set_command(off=COMMAND_MASTER)
    for vector in (0, 7):
        card.raise_vector(vector)
    bench.qtest.settle()
    bench.reset()
    bench.qtest.run(card.bringing_up())
    check(not (card.msix.pending(0) or card.msix.pending(7)), "a pending bit survived")
    bench.enable_msix(card, [0, 7])
    check(bench.nothing_arrived(card, 0), "a message of before the reset")
    check(bench.nothing_arrived(card, 7), "another message of before the reset")
    card.raise_vector(7)
    check(bench.arrived(card, 7), "no message after the reset")
