"""The words by which ``animate`` is told what a table's header does not tell."""

import argparse
import json
from dataclasses import fields
from pathlib import Path


def add_table_words(group):
    """``--table`` and ``--keep-table``."""
    group.add_argument("--table", type=table_options, default={}, metavar="KEY=VALUE,..|FILE.json",
                       help="what a table's header does not tell: time_unit, fps, length_unit, convention, "
                       "euler_order, quaternion_order, angle_unit, device; a JSON file of the same keys may also "
                       "name columns, {\"columns\": {\"time\": \"t\", \"head\": [\"hx\", ..]}}")  # fmt: skip
    group.add_argument("--keep-table", action="store_true",
                       help="remember it for all tables with the same header")  # fmt: skip


def table_options(text):
    """``time_unit=ms,fps=90`` or the name of a JSON file -> keyword arguments of ``recordings.read``."""
    from threepoint.model_core.recordings.tables.options import TableOptions

    if text.endswith(".json"):
        try:
            told = json.loads(Path(text).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise argparse.ArgumentTypeError(f"{text} cannot be read as JSON: {error}") from None
    else:
        told = dict(pair.partition("=")[::2] for pair in text.split(","))
    names = [field.name for field in fields(TableOptions)]
    unknown = [key for key in told if key not in names] if isinstance(told, dict) else [text]
    if unknown:
        raise argparse.ArgumentTypeError(f"'{unknown[0]}' is not known of tables; it can be {', '.join(names)}")
    if "fps" in told:
        told["fps"] = _number(told["fps"])
    return told


def _number(value):
    try:
        return float(value)
    except (TypeError, ValueError):
        raise argparse.ArgumentTypeError(f"fps is {value!r}, should be a number") from None


def read_as_told(path, options):
    """The recording in ``path``, by what ``--table`` says of it, which is kept where that is asked."""
    from threepoint.model_core.errors import InputError
    from threepoint.model_core.recordings import read
    from threepoint.model_core.recordings.formats.table import keep_layout

    if options.keep_table and not options.table:
        raise InputError("animate: --keep-table keeps what --table says, and that says nothing")
    recording = read(path, **options.table)
    if options.keep_table:
        print(f"kept for tables with this header: {keep_layout(path, **options.table)}")
    return recording
