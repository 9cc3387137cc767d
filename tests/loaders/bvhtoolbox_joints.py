"""``python bvhtoolbox_joints.py FILE SECONDS,.. NAMES,..``: where bvhtoolbox puts joints, as JSON."""

import json
import sys
from pathlib import Path

import numpy as np
from bvhtoolbox import Bvh
from transforms3d.euler import euler2mat

path, seconds, names = sys.argv[1], [float(text) for text in sys.argv[2].split(",")], sys.argv[3].split(",")
bvh = Bvh(Path(path).read_text(encoding="utf-8"))


def place(name, frame):
    """Rotation and position of a joint in the world, by the parser's channels, parents and offsets."""
    z, x, y = (np.radians(bvh.frame_joint_channel(frame, name, f"{axis}rotation")) for axis in "ZXY")
    own = euler2mat(z, x, y, "rzxy")
    parent = bvh.joint_parent(name)
    offset = np.array(bvh.joint_offset(name))
    if parent is None:
        return own, offset + [bvh.frame_joint_channel(frame, name, f"{axis}position") for axis in "XYZ"]
    rotation, position = place(parent.name, frame)
    return rotation @ own, position + rotation @ offset


joints = [[place(name, round(second / bvh.frame_time))[1].tolist() for name in names] for second in seconds]
print(json.dumps({"joints": joints, "duration": (bvh.nframes - 1) * bvh.frame_time, "first": 0}))
