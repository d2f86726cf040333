# SPDX-License-Identifier: GPL-2.0-only
"""Linux drives the cards with its own 8250 driver.

The checks themselves are in guest/checks; their names are the verdicts' names.
"""

from case import case
from guest import BOOT_TIMEOUT, LinuxGuest

CHECK_TIMEOUT = 120

CHECKS = {
    "driver_binds": "8250 driver finds five 16550A ports",
    "loopback_first": "4 KiB through the first port of the loopback card",
    "loopback_second": "4 KiB through the second port of the loopback card",
    "loopback_single": "4 KiB through the single port card",
    "cross_there": "8 KiB from the first port to the second",
    "cross_back": "8 KiB from the second port to the first",
    "cross_both_ways": "4 KiB both ways at once",
    "ping_pong": "100 single characters take 100 interrupts",
    "modem_lines": "modem lines show the other end",
    "line_settings": "57600 baud, 7 bits, even parity, 2 stop bits",
    "flow_control": "RTS/CTS holds 12 KiB back until they are read",
    "driver_unbinds": "driver unbound and bound, 8 KiB again",
    "card_rescanned": "card removed and found again, 8 KiB again",
    "line_errors": "no overrun, framing or parity error counted",
    "kernel_log": "nothing suspicious in the guest's kernel log",
}


def declare(name: str, title: str) -> None:
    @case(f"Linux guest: {title}", LinuxGuest, timeout=CHECK_TIMEOUT)
    def _(guest: LinuxGuest) -> None:
        guest.verdict(name)


for check_name, check_title in CHECKS.items():
    declare(check_name, check_title)


@case("Linux guest: 8250 driver carries data again after a machine reset", LinuxGuest,
      timeout=2 * BOOT_TIMEOUT, versions=("10.0",))
def after_reset(guest: LinuxGuest) -> None:
    guest.restart()
    for name in ("driver_binds", "loopback_first", "cross_there"):
        guest.verdict(name)
