# SPDX-License-Identifier: GPL-2.0-only
"""Progress lines on stderr, and the one way in which this program gives up."""

import sys
import time

STARTED = time.monotonic()
FAILED = 126        # our exit status when the machine, not COMMAND, is at fault


class Failure(Exception):
    """The machine cannot be prepared or did not behave; the text says why."""


def say(text):
    """Print one line with the seconds since the start.

    stdout belongs to COMMAND (or to the value that --print gives back), so
    this goes to stderr, and it is flushed because nobody wants to look at an
    empty CI log for the five minutes that a kernel takes to compile.
    """
    elapsed = time.monotonic() - STARTED
    print(f"[{elapsed:4.0f} s] {text}", file=sys.stderr, flush=True)


class Ticker:
    """Says something again only when enough time has gone by."""

    def __init__(self, seconds=10):
        self.seconds = seconds
        self.last = time.monotonic()

    def say(self, text):
        now = time.monotonic()
        if now - self.last >= self.seconds:
            self.last = now
            say(text)
