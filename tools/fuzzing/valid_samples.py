"""A small sound recording of every format: what ``fuzz`` damages."""

import io
import json
import struct
import tempfile
from pathlib import Path

import numpy as np

from threepoint.model_core.recordings.formats import bsor, plain
from threepoint.model_core.recordings import Recording, Track
from threepoint.model_core.recordings.conventions import from_openxr
from threepoint.model_core.geometry.rotations import axis_angle_to_quaternion

FRAMES = 40


def sound_files():
    """Name -> bytes."""
    recording = _person()
    files = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, writer in (("game.bsor", bsor.write), ("own.csv", plain.write)):
            writer(Path(folder) / name, recording)
            files[name] = (Path(folder) / name).read_bytes()
    files |= {
        "lab.csv": _table(recording, ",").encode(),
        "german.csv": _table(recording, ";").replace(".", ",").encode(),
        "quest.txt": _quest(recording).encode(),
        "aframe.json": _aframe(recording).encode(),
        "iwer.json": _iwer(recording).encode(),
        "vive.txt": _brekel(recording).encode(),
        "headset_movement_T001.csv": _uxf(recording, "head").encode(),
        "left_controller_movement_T001.csv": _uxf(recording, "left_hand").encode(),
        "motion.npz": _amass(),
        "capture.bvh": _bvh().encode(),
        "session.xror": _xror(recording),
        "closed_loop_trajectory.csv": _aria(recording).encode(),
        "wrist_and_palm_poses.csv": _aria_hands(recording).encode(),
    }
    return files


def _person():
    time_ = np.arange(FRAMES) / 72
    rng = np.random.default_rng(0)
    tracks = {}
    for role, place in (("head", (0, 1.6, 0)), ("left_hand", (-0.2, 1.2, -0.3)), ("right_hand", (0.2, 1.2, -0.3))):
        position = np.array(place) + np.cumsum(rng.normal(0, 2e-3, (FRAMES, 3)), 0)
        rotation = axis_angle_to_quaternion(np.cumsum(rng.normal(0, 0.01, (FRAMES, 3)), 0))
        tracks[role] = Track(position, rotation, np.ones(FRAMES, bool))
    return Recording(time_, tracks, "fuzz", "grip").validate()


def _table(recording, mark):
    names, columns = ["time"], [recording.time]
    for role, track in recording.tracks.items():
        names += [f"{role}_pos_{a}" for a in "xyz"] + [f"{role}_rot_{a}" for a in "wxyz"]
        columns += [*track.position.T, *track.rotation.T]
    lines = [mark.join(names)] + [mark.join(f"{v:.5f}" for v in row) for row in np.array(columns).T]
    return "\n".join(lines)


def _quest(recording):
    lines = []
    for i in range(FRAMES):
        parts = ["FPS:72.0"]
        for role, name in (("head", "Headset"), ("left_hand", "LeftController"), ("right_hand", "RightController")):
            track = recording.tracks[role]
            position, (w, x, y, z) = from_openxr(track.position[i], track.rotation[i], "unity")
            parts.append(f"{name}-Position: ({', '.join(f'{v:.4f}' for v in position)})")
            parts.append(f"{name}-Rotation: ({x:.4f}, {y:.4f}, {z:.4f}, {w:.4f})")
        lines += [";".join(parts), ""]
    return "\n".join(lines)


def _aframe(recording):
    def poses(track):
        return [
            {
                "position": dict(zip("xyz", map(float, position), strict=True)),
                "rotation": {"x": 1.5, "y": i * 0.1, "z": 0.2},
                "timestamp": 14.0 * i,
            }
            for i, position in enumerate(track.position)
        ]

    keys = {"camera": "head", "left": "left_hand", "right": "right_hand"}
    return json.dumps({key: {"poses": poses(recording.tracks[role])} for key, role in keys.items()})


def _iwer(recording):
    def pose(role, i):
        track = recording.tracks[role]
        return [round(float(v), 4) for v in [*track.position[i], *track.rotation[i][[1, 2, 3, 0]]]]

    schema = [
        [n, {"handedness": side, "targetRayMode": "tracked-pointer", "hasGrip": n < 2, "hasHand": n > 1}]
        for n, side in enumerate(["left", "right", "left", "right"])
    ]
    frames = []
    for i in range(FRAMES):
        first = 0 if i < FRAMES // 2 else 2
        inputs = [
            [first + n, *pose(f"{side}_hand", i), pose(f"{side}_hand", i)] for n, side in enumerate(("left", "right"))
        ]
        frames.append([14.0 * i, *pose("head", i), *inputs])
    return json.dumps({"schema": schema, "frames": frames})


def _brekel(recording):
    lines = ["Recording start year:\t2023", ""]
    titles = {"Head Mounted Display(s)": ["head"], "Controllers": ["left_hand", "right_hand"], "Generic Trackers": []}
    for number, (title, roles) in enumerate(titles.items()):
        lines += [f" {title}", "deviceID\ttimestamp\t\tposX\tposY\tposZ\trotX\trotY\trotZ"]
        for device, role in enumerate(roles):
            for i in range(FRAMES):
                row = [recording.time[i], *recording.tracks[role].position[i], 1.0, 2.0 * i, 0.5]
                lines.append(f"{number + device}\t" + "\t".join(f"{v:.4f}" for v in row))
        lines.append("")
    return "\n".join(lines)


def _uxf(recording, role):
    rows = np.column_stack([recording.time, recording.tracks[role].position, np.tile([1.0, 2.0, 3.0], (FRAMES, 1))])
    lines = ["time,pos_x,pos_y,pos_z,rot_x,rot_y,rot_z"] + [",".join(f"{v:.4f}" for v in row) for row in rows]
    return "\n".join(lines)


def _aria(recording):
    names = ["tracking_timestamp_us", *(f"{f}_world_device" for f in ("tx", "ty", "tz", "qx", "qy", "qz", "qw"))]
    head = recording.tracks["head"]
    rows = np.column_stack([recording.time * 1e6, head.position, head.rotation[:, [1, 2, 3, 0]]])
    return "\n".join([",".join(names)] + [",".join(f"{v:.5f}" for v in row) for row in rows])


def _aria_hands(recording):
    """Wrists and palms beside the glasses, of which the right ones are lost at first."""
    names, columns = ["tracking_timestamp_us"], [recording.time * 1e6]
    for side, x in (("left", -0.2), ("right", 0.2)):
        seen = np.ones(FRAMES) if side == "left" else np.where(np.arange(FRAMES) < 5, -1.0, 1.0)
        names.append(f"{side}_tracking_confidence")
        columns.append(seen)
        for field, place in (("t{}_{}_wrist", (x, 0.1, 0.4)), ("t{}_{}_palm", (x, 0.1, 0.48)),
                             ("n{}_{}_wrist", (0, 1, 0)), ("n{}_{}_palm", (0, 1, 0))):  # fmt: skip
            names += [field.format(axis, side) + "_device" for axis in "xyz"]
            columns += [np.where(seen > 0, value, 0.0) for value in place]
    return "\n".join([",".join(names)] + [",".join(f"{v:.5f}" for v in row) for row in np.array(columns).T])


def _amass():
    stream = io.BytesIO()
    np.savez_compressed(stream, poses=np.zeros((FRAMES, 66)), trans=np.zeros((FRAMES, 3)), mocap_framerate=30.0,
                        betas=np.zeros(16))  # fmt: skip
    return stream.getvalue()


def _bvh():
    def chain(joints, inside=None):
        """Lines of joints (name and offset), each within the one before; ``inside`` goes into the last."""
        name, offset = joints[0].split(" ", 1)
        rest = chain(joints[1:], inside) if len(joints) > 1 else inside or ["End Site", "{", "OFFSET 0 0 5", "}"]
        return [f"JOINT {name}", "{", f"OFFSET {offset}", "CHANNELS 3 Zrotation Xrotation Yrotation", *rest, "}"]

    upper = chain(["Neck 0 30 0", "Head 0 10 0"])
    lower = []
    for side, sign in (("Left", ""), ("Right", "-")):
        arm = (f"{side}Shoulder {sign}5 25 0", f"{side}Arm {sign}13 0 0", f"{side}ForeArm {sign}28 0 0")
        upper += chain([*arm, f"{side}Hand {sign}25 0 0"])
        leg = (f"{side}UpLeg {sign}9 0 0", f"{side}Leg 0 -42 0", f"{side}Foot 0 -42 0", f"{side}ToeBase 0 -6 12")
        lower += chain(leg)
    body = [*chain(["Spine 0 10 0", "Spine1 0 12 0"], upper), *lower]
    joints = 1 + sum(line.startswith("JOINT") for line in body)
    lines = ["HIERARCHY", "ROOT Hips", "{", "OFFSET 0 90 0"]
    lines += ["CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation", *body, "}"]
    lines += ["MOTION", f"Frames: {FRAMES}", "Frame Time: 0.0333"]
    lines += [" ".join([f"{i}", "90", "0"] + ["0"] * 3 * joints) for i in range(FRAMES)]
    return "\n".join(lines) + "\n"


def _xror(recording):
    """An XROR document, packed by the library that reads it too."""
    import fpzip

    def text(key, value):
        return b"\x02" + key + b"\0" + struct.pack("<i", len(value) + 1) + value + b"\0"

    def document(*fields):
        body = b"".join(fields) + b"\0"
        return struct.pack("<i", len(body) + 4) + body

    axes = document(*(text(str(i).encode(), axis) for i, axis in enumerate(b"x y z i j k 1".split())))
    joints = enumerate((b"HEAD", b"HAND_LEFT", b"HAND_RIGHT"))
    devices = document(
        *(b"\x03%d\0" % i + document(text(b"joint", joint), b"\x04axes\0" + axes) for i, joint in joints)
    )
    info = document(b"\x03hardware\0" + document(b"\x04devices\0" + devices))
    tracks = recording.tracks.values()
    poses = [np.concatenate([track.position, track.rotation[:, [1, 2, 3, 0]]], -1) for track in tracks]
    frames = fpzip.compress(np.concatenate([recording.time[:, None], *poses], -1).astype(np.float32), order="C")
    binary = b"\x05frames\0" + struct.pack("<i", len(frames)) + b"\0" + frames
    return document(text(b"$schema", b"https://metaguard.github.io/xror/schema"), b"\x03info\0" + info, binary)
