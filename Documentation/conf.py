# SPDX-License-Identifier: GPL-2.0-only
"""Sphinx configuration. tools/docs/htmldocs runs Sphinx and sets $srctree."""

import logging
import os
import sys

here = os.path.dirname(os.path.abspath(__file__))

# The kernel's extensions, from a kernel source.
sys.path.insert(0, os.path.join(os.environ["srctree"], "Documentation/sphinx"))
import kernel_abi  # noqa: E402  pylint: disable=wrong-import-position,import-error

extensions = ["kerneldoc", "kernel_abi", "automarkup"]

kerneldoc_srctree = os.path.dirname(here)
kernel_abi.path = os.path.join(here, "ABI")

project = "vfiokit"
author = "vfiokit developers"
copyright = author  # pylint: disable=redefined-builtin
exclude_patterns = ["ABI"]
primary_domain = "c"
highlight_language = "none"
smartquotes = False

c_id_attributes = ["__user"]

# Names of ours that a comment refers to must exist. Types of the kernel are
# documented elsewhere, and these are opaque.
nitpicky = True
nitpick_ignore_regex = [("c:.*", r"(?!vdev|vmig).*"), ("c:.*", "vdev_(trigger|server)"),
                        ("c:.*", "vmig_(image|vfio)")]

html_theme = "alabaster"
html_theme_options = {"page_width": "62em", "sidebar_width": "17em"}
html_sidebars = {"**": ["about.html", "navigation.html", "searchbox.html"]}
html_show_sourcelink = False
html_copy_source = False


class StructAndFunction(logging.Filter):
    """In C a structure and a function may have one name; Sphinx objects."""

    NAMES = ("vdev_param",)

    def filter(self, record):
        text = record.getMessage()
        return not (text.startswith("Duplicate C declaration") and
                    any(f"{name} (" in text for name in self.NAMES))


def setup(_app):
    logging.getLogger("sphinx.sphinx.domains.c").addFilter(StructAndFunction())
