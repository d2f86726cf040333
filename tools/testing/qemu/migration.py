# SPDX-License-Identifier: GPL-2.0-only
"""Machines that move from one QEMU to another, with the devices behind their cards."""

import contextlib
import dataclasses
import json
import os
import time
from collections.abc import Iterable
from typing import NamedTuple

from bench import HaltedBench
from case import check
from machine import Machine
from mdev import Mdev
from relay import Relay
from surroundings import pace
from variant import Variant

# A board that QEMU 10.0 and 11.1 both have, and that is the same in both.
BOARD = "pc-q35-10.0"

MOVE_TIMEOUT = 30

# Without DMA logging in the device, QEMU migrates it only if told to.
MIGRATABLE = {"enable-migration": "on", "migration-events": True}

# What QEMU writes of all memory and devices may take as long as this once it
# has stopped the machine, in milliseconds: all that is there.
DOWNTIME = 2000


# The board's timer interrupts 18 times a second unless it is told to wait for a
# number to count, and QEMU tells us of each.
NO_TIMER = ["outb 0x43 0x30"]

CAPABILITIES = ["return-path", "switchover-ack", "multifd", "pause-before-switchover"]


class Device(NamedTuple):
    """A card of a machine: its name there, the device behind it, QEMU's properties."""

    name: str
    mdev_type: str
    wiring: str | None
    properties: dict[str, str]


class Side:
    """One of the two ends of a migration: a QEMU and its mediated devices."""

    def __init__(self, variant: Variant, devices: list[Device], arguments: list[str],
                 initrd: bytes | None = None):
        self.variant = variant
        self.mdevs: list[Mdev] = []
        self.machine: Machine | None = None
        try:
            for device in devices:
                arguments = [*arguments, "-device", self._device(device)]
            self.machine = Machine(variant.binary, [*variant.global_arguments(), *arguments],
                                   initrd)
        except BaseException:
            self.end()
            raise

    def _device(self, device: Device) -> str:
        mdev = Mdev(device.mdev_type, device.wiring)
        self.mdevs.append(mdev)
        properties = self.variant.device(mdev, device.name, 0)
        return json.dumps({**properties, **MIGRATABLE, **device.properties})

    def end(self) -> None:
        try:
            if self.machine:
                self.machine.kill()
        finally:
            while self.mdevs:
                self.mdevs.pop().remove()

    def wait_end(self) -> None:
        """Wait until QEMU has given up, as it does when it cannot take a machine in."""
        end = time.monotonic() + MOVE_TIMEOUT * pace()
        while self.machine.alive():
            check(time.monotonic() < end, "QEMU runs on")
            time.sleep(0.01)
        check("ended, status 1" in self.machine.fate(), f"QEMU {self.machine.fate()}")

    @property
    def qmp(self):
        """QEMU's monitor, which answers as long as QEMU need not wait for us elsewhere."""
        if self.machine.qtest:
            self.machine.qtest.tend()
        return self.machine.qmp

    # -- migration as QEMU tells of it ----------------------------------------

    def allow(self, capabilities: Iterable[str] = ()) -> None:
        """Switch capabilities on, and others off that a migration before had on."""
        wanted = [{"capability": name, "state": name in capabilities}
                  for name in CAPABILITIES]
        self.qmp.execute("migrate-set-capabilities", capabilities=wanted)

    def set(self, **parameters) -> None:
        self.qmp.execute("migrate-set-parameters", **parameters)

    def migration(self) -> dict:
        return self.qmp.execute("query-migrate")

    def device_bytes(self) -> int:
        """Bytes of devices' states that went out so far."""
        return self.migration().get("vfio", {}).get("transferred", 0)

    def wait(self, *wanted: str) -> dict:
        """Wait until the migration has one of some states; return what is known of it."""
        end = time.monotonic() + MOVE_TIMEOUT * pace()
        while (state := self.migration()).get("status") not in wanted:
            check(state.get("status") not in ("completed", "failed", "cancelled"),
                  f"expected a migration {' or '.join(wanted)}, but it {state}")
            check(time.monotonic() < end, f"the migration stays {state}")
            time.sleep(0.01)
        return state

    def running(self) -> bool:
        return self.qmp.execute("query-status")["running"]

    def events(self, name: str) -> list[dict]:
        return [event.get("data", {}) for event in self.qmp.history if event["event"] == name]

    def device_states(self, name: str) -> list[str]:
        """The states that a device went through, as QEMU's events tell."""
        self.qmp.execute("query-status")    # what happened before it has been told then
        return [event["device-state"] for event in self.events("VFIO_MIGRATION")
                if event["device-id"] == name]


class Movable(HaltedBench):
    """A setting whose machine can go on in another QEMU, behind whose cards are
    other devices of the same types.

    It starts with one QEMU. A case that has moved the machine leaves it where it
    is: the next case starts there.
    """

    start_timeout = 90
    memory = "32M"

    def __init__(self, variant):
        super().__init__(variant)
        self.here: Side | None = None
        self._others: list[Side] = []

    # -- what a setting of this kind supplies -----------------------------------

    def devices(self) -> list[Device]:
        raise NotImplementedError

    def board(self) -> list[str]:
        """More arguments for QEMU."""
        return []

    def initrd(self) -> bytes | None:
        """Of a machine that has a guest; without, its processor is halted."""
        return None

    def find_cards(self) -> None:
        """The machine has another QEMU: make the cards anew, by self.qtest."""
        raise NotImplementedError

    # -- sides ------------------------------------------------------------------

    def new_side(self, *arguments: str, version: str | None = None,
                 devices: list[Device] | None = None, **properties) -> Side:
        """Start a QEMU. The last are properties of all of its cards."""
        variant = dataclasses.replace(self.variant, version=version or self.variant.version)
        devices = [device._replace(properties={**device.properties, **properties})
                   for device in devices or self.devices()]
        side = Side(variant, devices, ["-machine", BOARD, "-m", self.memory, *self.board(),
                                       *arguments], self.initrd())
        self._others.append(side)
        return side

    def target(self, *arguments: str, **how) -> Side:
        """A side to move to; see new_side()."""
        return self.new_side("-incoming", "defer", *arguments, **how)

    def settle(self, side: Side) -> None:
        """The machine is on that side from now on, and on no other."""
        self.here = side
        self._others = [other for other in self._others if other is not side]
        self.machine = side.machine
        self.qtest = side.machine.qtest
        if self.qtest:
            self.qtest.intercept_ioapic()
        self.find_cards()

    def end(self, side: Side) -> None:
        """A side that the machine is not on is not needed any more."""
        self._others = [other for other in self._others if other is not side]
        side.end()

    def open(self) -> None:
        self.settle(self.new_side())

    def restart(self, **properties) -> None:
        """Begin again with a QEMU whose cards have these properties."""
        left = self.here
        self.settle(self.new_side(**properties))
        left.end()

    def prepare(self) -> None:
        self.qtest.transcript.clear()
        if not self.here.running():
            self.here.qmp.execute("cont")
        self.machine.reset()
        self.qtest.run(NO_TIMER)

    def close(self) -> None:
        sides = [*self._others, *([self.here] if self.here else [])]
        self._others, self.here, self.machine = [], None, None
        troubles = []
        for side in sides:
            try:
                side.end()
            except Exception as error:
                troubles.append(error)
        if troubles:
            raise troubles[0]

    def evidence(self) -> str:
        more = [f"another QEMU {side.machine.fate()}, its stderr: {side.machine.stderr()}"
                for side in self._others]
        return "\n".join([super().evidence(), *more])

    # -- moving -------------------------------------------------------------------

    def begin(self, target: Side, capabilities: Iterable[str] = (),
              relay: Relay | None = None) -> None:
        """Start to move to a side, through a relay or directly."""
        for side in (self.here, target):
            side.qmp.drop_events()
            side.allow(capabilities)
        target.qmp.execute("migrate-incoming", uri=f"unix:{self.address(target)}")
        self.depart(f"unix:{relay.path if relay else self.address(target)}")

    @staticmethod
    def address(target: Side) -> str:
        """Where a side waits for the machine."""
        return target.machine.path("incoming")

    def depart(self, address: str) -> None:
        # What QEMU measures, it takes for little while a migration is held.
        self.here.set(downtime_limit=DOWNTIME, max_bandwidth=1 << 30,
                      avail_switchover_bandwidth=1 << 30)
        self.here.qmp.execute("migrate", uri=address)

    @contextlib.contextmanager
    def held(self, target: Side):
        """Start to move, and stay in pre-copy, with the devices' first bytes sent,
        until the end of the block.

        A migration with switchover-ack goes on for as long as the far end has not
        said that it has those bytes.
        """
        relay = Relay(target.machine.path("relay"), self.address(target), hold_replies=True)
        try:
            self.begin(target, ["switchover-ack", "return-path"], relay)
            self.here.wait("active")
            end = time.monotonic() + MOVE_TIMEOUT * pace()
            while not self.here.device_bytes():
                check(time.monotonic() < end, "no device sends anything")
                time.sleep(0.01)
            yield
            relay.let_replies_through()
        finally:
            relay.close()

    def arrive(self, target: Side) -> None:
        """Wait until the machine is on the other side, and end this one."""
        self.here.wait("completed")
        target.wait("completed")
        left = self.here
        self.settle(target)
        left.end()

    def move(self, version: str | None = None, **how) -> None:
        """Move to a new QEMU of the same version, or of another."""
        target = self.target(version=version)
        self.begin(target, **how)
        self.arrive(target)
        self.wait_running()

    def wait_running(self) -> None:
        end = time.monotonic() + MOVE_TIMEOUT * pace()
        while not self.here.running():
            check(time.monotonic() < end, "the machine does not run")
            time.sleep(0.01)

    # -- files ----------------------------------------------------------------------

    def save(self, path: str) -> None:
        """Write the machine to a file. It stays here, and stands still."""
        self.here.allow()
        self.depart(f"file:{path}")
        self.here.wait("completed")
        check(os.path.getsize(path) > 0, "the file is empty")

    def restore(self, path: str, version: str | None = None) -> None:
        """Go on from a file, on a new side."""
        target = self.target(version=version)
        target.allow()
        target.qmp.execute("migrate-incoming", uri=f"file:{path}")
        target.wait("completed")
        left = self.here
        self.settle(target)
        if left:
            left.end()
