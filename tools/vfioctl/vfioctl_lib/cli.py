# SPDX-License-Identifier: GPL-2.0-only
"""The commands, their options, and what they return."""

import argparse
import os
import sys

from .diff import Broken, differences
from .inputs import Input, Unusable, choose, open_inputs
from .show import Text
from .show_diff import write_json, write_text
from .show_json import Document
from .source import Limit, WINDOW

DESCRIPTION = """\
Look at the state in which a VFIO device migrates, without the device or its driver.

  vfioctl mig show FILE         decode and check everything
  vfioctl mig diff OLD NEW      tell what differs
  vfioctl mig extract FILE -o OUT
                                copy a device's stream out of a migration file
"""
EPILOG = """\
FILE is what a device gave out by its migration data file, or a migration file of
QEMU ("migrate file:NAME") with any number of devices; "-" is standard input. A
device of a migration file is chosen by its name or its number, from 0.

Exit status: 0 when all is well; 1 when a stream is damaged (show) or differs
(diff); 2 when that cannot be told.

The format of the stream: Documentation/userspace-api/vfio-mig-stream.rst.
Layout of --json, examples: Documentation/admin-guide/vfioctl.rst.
"""
GOOD, BAD, ERROR = 0, 1, 2


def complain(text: str) -> None:
    sys.stdout.flush()
    print(f"vfioctl: {text}", file=sys.stderr)


def selected(path: str, device: str) -> list[Input]:
    """All, or the one that is asked for."""
    inputs = open_inputs(path)
    return [choose(inputs, device, path)] if device else inputs


def show(arguments: argparse.Namespace) -> int:
    inputs = selected(arguments.file, arguments.device)
    document = Document(sys.stdout, arguments.file, inputs) if arguments.json else None
    status = GOOD
    for one in inputs:
        writer = document or Text(sys.stdout, arguments.offsets)
        damage = writer.show(one)
        name = f"{one.path}: {one.name}" if one.name else one.path
        if damage:
            complain(f"{name}: {one.where(damage.offset)}: {damage.reason}")
            status = BAD
        if one.problem:
            complain(f"{name}: {one.problem}")
            status = BAD
    if document:
        document.finish()
    return status


def pairs(old: list[Input], new: list[Input], arguments: argparse.Namespace) -> list:
    """Which is to be compared with which."""
    if arguments.device or len(old) == len(new) == 1 or \
            "stream" in (old[0].container, new[0].container):
        return [(choose(old, arguments.device if old[0].name else "", arguments.old),
                 choose(new, arguments.device if new[0].name else "", arguments.new))]
    names = {one.name for one in old} ^ {one.name for one in new}
    if names:
        raise Unusable("only in one of both files: " + ", ".join(sorted(names)))
    by_name = {one.name: one for one in new}
    return [(one, by_name[one.name]) for one in old]


def diff(arguments: argparse.Namespace) -> int:
    old, new = open_inputs(arguments.old), open_inputs(arguments.new)
    compared = pairs(old, new, arguments)
    status = GOOD
    if arguments.json and len(compared) > 1:
        raise Unusable("several devices, choose one by --device")
    for before, after in compared:
        found = differences(before, after)
        if arguments.json:
            there = write_json(sys.stdout, found, arguments.old, arguments.new)
        else:
            prefix = f"device {before.name}:\n" if len(compared) > 1 else ""
            sys.stdout.write(prefix)
            there = write_text(sys.stdout, found)
        status = BAD if there else status
    return status


def extract(arguments: argparse.Namespace) -> int:
    one = choose(open_inputs(arguments.file), arguments.device, arguments.file)
    if arguments.output != "-" and os.path.exists(arguments.output) and \
            arguments.file != "-" and os.path.samefile(arguments.file, arguments.output):
        raise Unusable(f"{arguments.output} is the file to extract from")
    try:
        with os.fdopen(1, "wb", closefd=False) if arguments.output == "-" else \
                open(arguments.output, "wb") as out:
            for offset in range(0, one.stream.size, WINDOW):
                out.write(one.stream.read(offset, WINDOW))
    except BrokenPipeError:
        raise
    except OSError as error:
        raise Unusable(f"{arguments.output}: {error.strerror}") from error
    if one.problem:
        complain(f"{one.path}: {one.problem}")
        return BAD
    return GOOD


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="vfioctl", description=DESCRIPTION, epilog=EPILOG,
                                  formatter_class=argparse.RawDescriptionHelpFormatter)
    subjects = top.add_subparsers(metavar="mig", required=True, help="migration streams")
    mig = subjects.add_parser("mig", help="migration streams", description=DESCRIPTION,
                              epilog=EPILOG,
                              formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = mig.add_subparsers(metavar="COMMAND", required=True)

    def command(name: str, function, description: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=description, description=description,
                                    epilog=EPILOG,
                                    formatter_class=argparse.RawDescriptionHelpFormatter)
        added.set_defaults(function=function)
        added.add_argument("--device", default="", metavar="DEVICE",
                           help="which one of a migration file")
        return added

    added = command("show", show, "decode and check every record and field")
    added.add_argument("--json", action="store_true", help="for programs")
    added.add_argument("--offsets", action="store_true",
                       help="before each line, where in the stream that is")
    added.add_argument("file", metavar="FILE")
    added = command("diff", diff, "tell which fields and which memory differ")
    added.add_argument("--json", action="store_true", help="for programs")
    added.add_argument("old", metavar="OLD")
    added.add_argument("new", metavar="NEW")
    added = command("extract", extract, "copy a device's stream, as it is")
    added.add_argument("-o", "--output", required=True, metavar="OUT", help='"-" is stdout')
    added.add_argument("file", metavar="FILE")
    return top


def run(argv: list[str]) -> int:
    arguments = parser().parse_args(argv)
    try:
        status = arguments.function(arguments)
        sys.stdout.flush()
        return status
    except Broken as error:
        where = error.one.where(error.damage.offset)
        complain(f"{error.one.path}: {where}: {error.damage.reason}")
    except (Unusable, Limit) as error:
        complain(str(error))
    except BrokenPipeError:
        # Who reads has seen enough; Python shall not complain when it flushes again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return GOOD
    except OSError as error:
        complain(f"{error.filename or 'a file'}: {error.strerror}")
    except KeyboardInterrupt:
        pass
    return ERROR
