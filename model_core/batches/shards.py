"""Shards: Parquet files of rows in one folder. A row is in one of them or in none, whatever was killed when.

A shard appears whole, by renaming. Small ones are joined into one that names those that it replaces: until these are
gone, they count no more.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..body import Body
from ..errors import InputError
from ..shown import printable
from ..whole_files import Outputs
from .rows import BatchRow, columns_of

if TYPE_CHECKING:
    import pyarrow  # pyright: ignore[reportMissingImports]

SHARD_FOLDER, SHARD_PATTERN, INDEX = "shards", "*.parquet", "index.parquet"
REPLACES = b"threepoint_replaces"
"""The key of a shard's metadata under which the names of those are that it replaces."""
COURSES = ("poses", "trans", "contacts")
"""Columns of numbers over time."""
SAID = ("id", "player", "status", "error", "seconds", "calibration", "figures", "notes", "file")
"""Columns of every row, without its motion."""
LARGE_SHARD = 1 << 27
"""Bytes from which a shard is joined with others no more."""


def arrow() -> Any:
    """pyarrow. Raises ``InputError`` where it is not installed."""
    try:
        import pyarrow.parquet  # pyright: ignore[reportMissingImports]
    except ImportError:
        raise InputError("Parquet files of many recordings need pyarrow: pip install 'threepoint[batch]'") from None
    return pyarrow


def schema() -> "pyarrow.Schema":
    """The columns of a shard."""
    pa = arrow()
    return pa.schema([
        ("id", pa.string()), ("player", pa.string()), ("status", pa.string()), ("error", pa.string()),
        ("seconds", pa.float64()), ("calibration", pa.string()), ("figures", pa.map_(pa.string(), pa.float64())),
        ("notes", pa.list_(pa.string())), ("file", pa.string()),
        ("frames", pa.int32()), ("mocap_framerate", pa.float64()), ("start", pa.float64()),
        ("betas", pa.list_(pa.float32())), *((name, pa.list_(pa.int32())) for name in COURSES),
    ])  # fmt: skip


def write_shard(folder: Path, name: str, rows: Sequence[BatchRow], body: Body | None = None) -> Path:
    """Write rows as the shard ``name`` of the output ``folder``, whole or not at all; one that is there is replaced.

    ``body`` is the one whose betas the motions have, if there are any.
    """
    columns = [columns_of(row, body) for row in rows]
    table = arrow().table({field.name: [row.get(field.name) for row in columns] for field in schema()}, schema())
    path = folder / SHARD_FOLDER / f"{name}.parquet"
    with Outputs() as outputs, writer(outputs.path_for(path)) as file:
        file.write_table(table)
    return path


def writer(path: Path, replaces: Sequence[str] = ()) -> Any:
    """pyarrow's writer of a shard."""
    columns = schema().with_metadata({REPLACES: json.dumps(list(replaces)).encode()})
    packed = {f"{name}.list.element": "DELTA_BINARY_PACKED" for name in COURSES}
    return arrow().parquet.ParquetWriter(
        path, columns, compression="zstd", use_dictionary=["status", "player"], column_encoding=packed
    )


def open_shard(path: Path) -> Any:
    """pyarrow's ``ParquetFile`` of a shard. Raises ``InputError`` where it is none."""
    pa = arrow()
    try:
        file = pa.parquet.ParquetFile(path)
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"{path}: is no readable Parquet file ({printable(error)})") from None
    missing = [name for name in schema().names if name not in file.schema_arrow.names]
    if missing:
        raise InputError(f"{path}: is not of `python3 tools batch`; it has no column '{missing[0]}'")
    return file


def shards_of(folder: Path) -> list[Path]:
    """The shards of an output that count, sorted."""
    paths = sorted((folder / SHARD_FOLDER).glob(SHARD_PATTERN))
    replaced = {name for path in paths for name in replaced_by(path)}
    return [path for path in paths if path.name not in replaced]


def replaced_by(path: Path) -> list[str]:
    """Names of the shards that a shard replaces."""
    metadata = open_shard(path).schema_arrow.metadata or {}
    return json.loads(metadata.get(REPLACES, b"[]"))


def said(path: Path, columns: Sequence[str] = SAID) -> "pyarrow.Table":
    """Some columns of a shard, by default all but the motion."""
    return open_shard(path).read(columns=list(columns))


def stored_ids(folder: Path) -> list[str]:
    """The ids of all rows of an output."""
    return [name for path in shards_of(folder) for name in said(path, ("id",))["id"].to_pylist()]


def remove_replaced(folder: Path) -> None:
    """Remove shards that others have replaced. For the one run that writes the output."""
    for path in set((folder / SHARD_FOLDER).glob(SHARD_PATTERN)) - set(shards_of(folder)):
        path.unlink()


def join_shards(folder: Path, least: int = 2) -> None:
    """Join small shards into some of ``LARGE_SHARD`` bytes, where at least so many make one. For the one run that
    writes the output, while no other of its processes does."""
    together: list[Path] = []
    for path in (path for path in shards_of(folder) if path.stat().st_size < LARGE_SHARD / 2):
        together.append(path)
        if sum(part.stat().st_size for part in together) >= LARGE_SHARD:
            _join(folder, together)
            together = []
    if len(together) >= least:
        _join(folder, together)


def _join(folder: Path, paths: Sequence[Path]) -> None:
    names = [path.name for path in paths]
    with Outputs() as outputs, writer(outputs.path_for(folder / SHARD_FOLDER / f"joined-{names[0]}"), names) as file:
        for path in paths:
            file.write_table(open_shard(path).read().cast(schema()))
    for path in paths:
        path.unlink()


def write_index(folder: Path) -> int:
    """Write ``INDEX``: id, player, status, error, seconds, file, and the ``shard`` and ``row`` where it is, sorted by
    id; how many rows there are."""
    pa = arrow()
    parts = []
    for path in shards_of(folder):
        table = said(path, ("id", "player", "status", "error", "seconds", "file"))
        parts.append(
            table.append_column("shard", [pa.array([path.name] * len(table), pa.string())])
            .append_column("row", [pa.array(range(len(table)), pa.int64())])
            .replace_schema_metadata()
        )
    if not parts:
        return 0
    index = pa.concat_tables(parts).sort_by("id")
    with Outputs() as outputs:
        pa.parquet.write_table(index, outputs.path_for(folder / INDEX), compression="zstd")
    return len(index)


def values_of(path: Path) -> Iterator[dict[str, Any]]:
    """The rows of a shard as values by column, few at a time; courses as numpy arrays."""
    for batch in open_shard(path).iter_batches(batch_size=16):
        columns = {name: batch.column(name) for name in batch.schema.names}
        for number in range(batch.num_rows):
            yield {
                name: _array(column[number]) if name in COURSES else column[number].as_py()
                for name, column in columns.items()
            }


def _array(course: Any) -> Any:
    """A course as a numpy array; None where there is none."""
    return course.values.to_numpy() if course.is_valid else None
