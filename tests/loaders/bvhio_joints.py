"""``python bvhio_joints.py FILE SECONDS,.. NAMES,..``: where bvhio puts joints, as JSON."""

import json
import sys

import bvhio

path, seconds, names = sys.argv[1], [float(text) for text in sys.argv[2].split(",")], sys.argv[3].split(",")
step = bvhio.readAsBvh(path).FrameTime
root = bvhio.readAsHierarchy(path)
joints = []
for second in seconds:
    root.loadPose(round(second / step))
    places = {joint.Name: joint.PositionWorld for joint, _, _ in root.layout()}
    joints.append([[float(value) for value in places[name]] for name in names])
count = bvhio.readAsBvh(path).FrameCount
print(json.dumps({"joints": joints, "duration": (count - 1) * step, "first": 0}))
