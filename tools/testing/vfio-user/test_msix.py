# SPDX-License-Identifier: GPL-2.0-only
"""Many messages: MSI and MSI-X, which take several SET_IRQS to bind.

The device is vdev_test, see samples/vfio-mdev/vdev_test_model.c.
"""

import contextlib
import errno

import testcard
import vfio_user as vu
from case import case, check, refused, same
from server import Server
from testcard import MIXED, RAISE, TestCard
from vfio_user import Event

VECTORS = {"vdev_test-pcie": 64, "vdev_test-large": 2048}
PBA = {"vdev_test-pcie": 0x800, "vdev_test-large": 0x18000}
MSI_VECTORS = 32

EVENTFD = vu.DATA_EVENTFD | vu.ACTION_TRIGGER


@contextlib.contextmanager
def enabled(card: TestCard, capability: int, on: int):
    """MSI or MSI-X, enabled as a guest does it."""
    control = card.capability(capability) + 2
    card.client.set_config(control, 2, card.client.config(control, 2) | on)
    yield control


@contextlib.contextmanager
def events(number: int):
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(Event()) for _ in range(number)]


def sent(card: TestCard, some: list[Event], vector: int) -> list[int]:
    """Raise a message; which events were signalled?"""
    card.put(RAISE, vector)
    card.get(RAISE)
    return [number for number, event in enumerate(some) if event.take()]


@case("msix: what there is")
def infos(_) -> None:
    for model, vectors in VECTORS.items():
        with testcard.test_card(model) as card:
            same([card.client.irq_info(index) for index in range(vu.NUM_IRQS)],
                 [(16, 7, 0, 1), (16, 9, 1, 32), (16, 1, 2, vectors), (16, 9, 3, 1),
                  (16, 9, 4, 1)], f"interrupts of {model}")


@case("msix: every vector has its eventfd, bound 16 at a time")
def all_vectors(_) -> None:
    with testcard.test_card() as card, events(64) as some:
        card.client.bind(vu.MSIX, *[event.fd for event in some])
        with enabled(card, testcard.MSIX, 0x8000):
            for vector in range(64):
                same(sent(card, some, vector), [vector], f"vector {vector}")


@case("msix: 2048 of them")
def most_vectors(_) -> None:
    # as many descriptors as the server may have, and not as it has at first
    with Server("--model", "vdev_test-large", name="vdevd-test", max_fds=64) as server, \
         server.client() as client:
        card = TestCard(client)
        card.start_up()
        with events(2) as (last, others):
            client.bind(vu.MSIX, *[last.fd if n == 2047 else others.fd for n in range(2048)])
            with enabled(card, testcard.MSIX, 0x8000):
                same(sent(card, [others, last], 2047), [1], "the last")
                for vector in (0, 15, 16, 1023, 2046):
                    same(sent(card, [others, last], vector), [0], f"vector {vector}")
                client.set_irqs(vu.DATA_NONE | vu.ACTION_TRIGGER, vu.MSIX, 0, 2048)
                same((others.take(), last.take()), (2047, 1), "signals of all at once")
                client.set_irqs(vu.DATA_BOOL | vu.ACTION_TRIGGER, vu.MSIX, 0, 2048,
                                b"\0" * 2047 + b"\1")
                same((others.take(), last.take()), (0, 1), "signals of the last one")


@case("msix: pending bits are read live")
def pending(_) -> None:
    for model in VECTORS:
        with testcard.test_card(model) as card, events(2) as (first, event):
            last = VECTORS[model] - 1
            place = PBA[model] + last // 64 * 8
            card.client.bind(vu.MSIX, first.fd)
            with enabled(card, testcard.MSIX, 0x8000):
                card.put(RAISE, last)
                same(card.client.read(MIXED, place, 8), (1 << last % 64).to_bytes(8, "little"),
                     "pending bits")
                card.client.set_irqs(EVENTFD, vu.MSIX, last, 1, fds=[event.fd])
                same(event.wait(), 1, "signals once it is bound")
                same(card.client.read(MIXED, place, 8), bytes(8), "pending bits")


@case("msix: vectors come and go")
def come_and_go(_) -> None:
    with testcard.test_card() as card, events(64) as some:
        client = card.client
        client.set_irqs(EVENTFD, vu.MSIX, 0, 1, fds=[some[0].fd])
        with enabled(card, testcard.MSIX, 0x8000):
            client.set_irqs(EVENTFD, vu.MSIX, 40, 3, fds=[e.fd for e in some[40:43]])
            same([sent(card, some, n) for n in (0, 40, 42)], [[0], [40], [42]], "bound ones")
            client.set_irqs(EVENTFD, vu.MSIX, 40, 2)
            same(sent(card, some, 40), [], "unbound")
            same(sent(card, some, 42), [42], "the one beside it")
        for start, count in ((64, 1), (63, 2), (0, 65), (1 << 31, 1), (0, 1 << 31)):
            refused(errno.EINVAL, f"{count} from {start}", client.set_irqs, EVENTFD, vu.MSIX,
                    start, count)


@case("msix: MSI is bound in parts as well, and has as many vectors as it got")
def msi_in_parts(_) -> None:
    for number in (1, 2, 16, 17, 32):
        with testcard.test_card() as card, events(32) as some:
            card.client.bind(vu.MSI, *[event.fd for event in some[:number]])
            with enabled(card, testcard.MSI, 1):
                room = 1 << number.bit_length() - 1
                for vector in range(MSI_VECTORS):
                    same(sent(card, some, vector), [vector % room],
                         f"vector {vector} of {number} bound")


@case("msix: a part without descriptors counts, too")
def msi_with_gaps(_) -> None:
    with testcard.test_card() as card, events(32) as some:
        client = card.client
        client.set_irqs(EVENTFD, vu.MSI, 0, 2, fds=[e.fd for e in some[:2]])
        client.set_irqs(EVENTFD, vu.MSI, 2, 5)
        client.set_irqs(EVENTFD, vu.MSI, 7, 1, fds=[some[7].fd])
        with enabled(card, testcard.MSI, 1):
            same([sent(card, some, n) for n in range(8)], [[0], [1], [], [], [], [], [], [7]],
                 "vectors")


@case("msix: MSI grows at its end only")
def msi_order(_) -> None:
    with testcard.test_card() as card, events(32) as some:
        client = card.client
        client.set_irqs(EVENTFD, vu.MSI, 0, 4, fds=[e.fd for e in some[:4]])
        for start in (5, 16, 31):
            refused(errno.EINVAL, f"from {start}", client.set_irqs, EVENTFD, vu.MSI, start, 1,
                    fds=[some[0].fd])
        refused(errno.EINVAL, "across the end", client.set_irqs, EVENTFD, vu.MSI, 3, 2,
                fds=[e.fd for e in some[3:5]])
        refused(errno.EINVAL, "beyond the device's", client.set_irqs, EVENTFD, vu.MSI, 4, 29)
        client.set_irqs(vu.DATA_NONE | vu.ACTION_TRIGGER, vu.MSI, 0, 0)
        client.set_irqs(EVENTFD, vu.MSI, 0, 2, fds=[e.fd for e in some[:2]])
        with enabled(card, testcard.MSI, 1):
            same([sent(card, some, n) for n in range(4)], [[0], [1], [0], [1]], "vectors")


@case("msix: more descriptors than a message may have")
def too_many(_) -> None:
    with testcard.test_card() as card, events(17) as some:
        refused(errno.EINVAL, "17", card.client.set_irqs, EVENTFD, vu.MSIX, 0, 17,
                fds=[event.fd for event in some])
        check(not any(event.take() for event in some), "no signals")
        card.client.bind(vu.MSIX, some[0].fd)
