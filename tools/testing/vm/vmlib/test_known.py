# SPDX-License-Identifier: GPL-2.0-only
"""Is exactly what is known left out of a kernel log?"""

import unittest

from .known import without_known

BEFORE = ["[ 1.0] mtty: here", "[ 1.1] ============================="]
AFTER = ["[ 2.0] mtty: gone"]


def report(title, culprit):
    return [f"[ 1.1] {title}", "[ 1.1] lib/maple_tree.c:835 suspicious usage!",
            "[ 1.1] stack backtrace:", "[ 1.1] Call Trace:",
            "[ 1.1]  [<60649ed0>] mas_find+0x130/0x290",
            f"[ 1.1]  [<60038959>] {culprit}+0xe9/0x1c0"]


SUSPICIOUS = "WARNING: suspicious RCU usage"


class Known(unittest.TestCase):
    def test_known_report_goes_and_nothing_else(self):
        known = report(SUSPICIOUS, "flush_tlb_mm")
        self.assertEqual(without_known(BEFORE + known + AFTER + known), BEFORE + AFTER)

    def test_suspicion_of_others_stays(self):
        log = BEFORE + report(SUSPICIOUS, "vdev_memory_clear") + AFTER
        self.assertEqual(without_known(log), log)

    def test_caller_that_is_only_guessed_does_not_count(self):
        log = BEFORE + report(SUSPICIOUS, "? flush_tlb_mm") + AFTER
        self.assertEqual(without_known(log), log)

    def test_other_reports_of_the_same_function_stay(self):
        log = BEFORE + report("BUG: KASAN: slab-use-after-free", "flush_tlb_mm") + AFTER
        self.assertEqual(without_known(log), log)

    def test_what_follows_a_known_report_stays(self):
        other = report("BUG: KASAN: slab-use-after-free", "mtty_write")
        log = report(SUSPICIOUS, "flush_tlb_mm") + other
        self.assertEqual(without_known(log), other)


if __name__ == "__main__":
    unittest.main()
