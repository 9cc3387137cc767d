"""Shards hold every row once, whatever was killed between joining small ones and removing them."""

import numpy as np
import pytest

pytest.importorskip("pyarrow", reason="needs the extra 'batch'")

from threepoint.model_core.batches import read_batch, shards
from threepoint.model_core.batches.rows import BatchRow
from threepoint.model_core.errors import InputError
from threepoint.model_core.mocap.sources import find_files, read_takes
from threepoint.model_core.motion import Motion


def standing(body, frames=80):
    """Somebody who stands still."""
    betas, upright = np.zeros(10, np.float32), np.tile([1.0, 0, 0, 0], (frames, 22, 1)).astype(np.float32)
    pelvis = body.rest_joints(betas)[0] - [0, float(body.sole(betas)), 0]
    return Motion(60.0, upright, np.tile(pelvis, (frames, 1)).astype(np.float32), betas)


@pytest.fixture
def folder(tmp_path, body):
    """Three shards of three rows each; the last row of each is an error."""
    (tmp_path / shards.SHARD_FOLDER).mkdir()
    for number in range(3):
        rows = [BatchRow(f"{number}/{take}.csv", seconds=1.0, motion=standing(body)) for take in range(2)]
        rows.append(BatchRow(f"{number}/broken.csv", status="error", error="is empty"))
        shards.write_shard(tmp_path, f"rows-{number}", rows, body)
    return tmp_path


ALL = sorted(f"{number}/{name}.csv" for number in range(3) for name in ("0", "1", "broken"))


def test_rows_are_read_back_and_chosen_by_id(folder):
    rows = list(read_batch(folder))
    assert sorted(row.id for row in rows) == ALL
    assert [row.motion is None for row in rows] == [row.status == "error" for row in rows]
    (chosen,) = read_batch(folder, {"1/0.csv"})
    assert chosen.motion.frame_count == 80


def test_joining_keeps_every_row_and_so_does_dying_in_the_middle_of_it(folder, monkeypatch):
    before = {path.name: path.read_bytes() for path in shards.shards_of(folder)}
    shards.join_shards(folder)
    (joined,) = shards.shards_of(folder)
    assert sorted(shards.stored_ids(folder)) == ALL
    for name, content in list(before.items())[1:]:  # Killed when only one of them was removed.
        (folder / shards.SHARD_FOLDER / name).write_bytes(content)
    assert shards.shards_of(folder) == [joined] and sorted(row.id for row in read_batch(folder)) == ALL
    shards.remove_replaced(folder)
    assert list((folder / shards.SHARD_FOLDER).glob("*.parquet")) == [joined]
    shards.join_shards(folder)
    assert shards.shards_of(folder) == [joined], "one alone is left as it is"


def test_a_joined_shard_is_joined_again_with_new_ones(folder, body):
    shards.join_shards(folder)
    shards.write_shard(folder, "rows-later", [BatchRow("later.csv", seconds=1.0, motion=standing(body))], body)
    shards.join_shards(folder)
    assert len(shards.shards_of(folder)) == 1 and sorted(shards.stored_ids(folder)) == sorted([*ALL, "later.csv"])


def test_the_index_says_where_each_row_is(folder):
    assert shards.write_index(folder) == len(ALL)
    index = shards.arrow().parquet.read_table(folder / shards.INDEX).to_pylist()
    assert [row["id"] for row in index] == ALL
    chosen = next(row for row in index if row["id"] == "2/1.csv")
    table = shards.arrow().parquet.read_table(folder / shards.SHARD_FOLDER / chosen["shard"])
    assert table["id"][chosen["row"]].as_py() == "2/1.csv"


def test_prepare_reads_shards_as_motion_to_learn_from(folder, body):
    shards.write_index(folder)
    files = find_files([folder])
    assert files == shards.shards_of(folder)
    takes = list(read_takes(files[0], body.rest_joints(np.zeros(10))[:22], float(body.sole(np.zeros(10)))))
    assert [take.meta["name"] for take in takes] == ["0/0.csv", "0/1.csv"]
    assert abs(takes[0].floor) < 0.01 and takes[0].meta["subject"] == "0"


def test_what_is_no_shard_is_said_to_be_none(tmp_path):
    with pytest.raises(InputError, match="no output of"):
        read_batch(tmp_path)
    (tmp_path / shards.SHARD_FOLDER).mkdir()
    (tmp_path / shards.SHARD_FOLDER / "a.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(InputError, match="no readable Parquet"):
        list(read_batch(tmp_path))
