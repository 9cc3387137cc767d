"""Files made to break a reader: what no damage to a valid recording arrives at. Each should be refused in one line."""

import io
import json
import zipfile
from functools import cache

import numpy as np

DEEP = 100_000
"""Times that brackets are opened, and digits of a number."""
MEMBERS = 5000
"""Members of an archive of nothing."""


@cache
def adversarial_files() -> list[bytes]:
    """Files as bytes, none of which is a recording."""
    return [*_EMPTY_SHELLS, *_json(), *_zip(), *_tables()]


_EMPTY_SHELLS = [
    b"\xff\xfe", b"\x00" * 1000, b"PK\x03\x04", b"PK\x05\x06" + b"\x00" * 18, b"HIERARCHY\n" + b"{" * 5000,
    b"HIERARCHY\nROOT a\n{\nOFFSET 0 0 0\nCHANNELS 999999999 Xposition\n", b" Controllers\ndeviceID\n",
    b"# threepoint recording 1 {}\ntime,head_pos_x\n", b"# threepoint recording 1 " + b"[" * DEEP,
    b"FPS:1;Headset-Position: (1,2,3)", b"FPS:72;Headset-Position: (" + b"9" * DEEP + b")",
]  # fmt: skip


def _json() -> list[bytes]:
    """Nested too deeply, numbers too long, keys twice, the right words in the wrong places."""
    a_frame = {"camera": {"poses": [1, 2], "timestamp": 0, "rotation": 0}}
    wild = {"position": {"x": 10**400, "y": {}, "z": []}, "rotation": {"x": "1"}, "timestamp": None}
    texts = [
        "[" * DEEP, '{"a":' * (DEEP // 2), '{"schema":' + "[" * 5000, "{}", "[]", "null", '"' * 5000, "1" * DEEP,
        json.dumps(a_frame),
        json.dumps({"camera": {"poses": [wild] * 3}}),
        '{"camera":{"poses":[{"position":{"x":NaN,"y":Infinity,"z":-Infinity},"rotation":{},"timestamp":1}]}}',
        '{"camera":{"poses":[],"poses":{},"timestamp":0,"rotation":"\\ud800"}}',
        '{"schema":[[[[]]]],"targetRayMode":1,"frames":[[1],[2]]}',
        '{"schema":[[0,{"handedness":"left","targetRayMode":1,"hasGrip":true}]],"frames":[[0,0,0,0,0,0,0,0,[0]],5]}',
        '{"schema":[[true,{"handedness":"left","targetRayMode":1}]],"frames":' + "[[" * 400 + "]]" * 400 + "}",
    ]  # fmt: skip
    return [text.encode() for text in texts]


def _zip() -> list[bytes]:
    """Archives that unpack to far more than they are, tell of what they have not, or hold programs."""
    zeros = _npy_header((40_000_000, 66)) + bytes(64 * 2**20)
    honest = {"trans.npy": _npy(np.zeros((3, 3))), "mocap_framerate.npy": _npy(np.float64(60))}
    archives = [
        _archive({"poses.npy": zeros} | honest),
        _archive({"poses.npy": _npy_header((2**62, 66))} | honest),
        _archive({"poses.npy": _npy_header((-1, 66))} | honest),
        _archive({"poses.npy": _npy_header((3, 66), "O") + b"cos\nsystem\n(S'true'\ntR."} | honest),
        _archive({"poses.npy": b"\x93NUMPY\x01\x00\xff\xff" + b"{" * 65535} | honest),
        _archive({"../poses.npy": _npy(np.zeros((3, 66)))} | honest),
        _archive({"poses.npy": _npy(np.zeros((3, 66), complex))} | honest),
        _archive({f"{i}.npy": b"" for i in range(MEMBERS)}),
    ]
    inner = archives[0]
    return [*archives, _archive({"poses.npy": inner} | honest), archives[0][: len(inner) // 2]]


def _tables() -> list[bytes]:
    """Much of nothing."""
    return [b"time\n", b"," * 10_000, b"\n" * 10_000, b"a,b,c,d\n" + b"1," * 50_000, b"time,x\n" + b'"' * DEEP,
            b"\n".join([b"time;head_pos_x;head_pos_y;head_pos_z"] + [b"1;2"] * 1000)]  # fmt: skip


def _archive(members: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return stream.getvalue()


def _npy(array: np.ndarray | np.generic) -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array(stream, np.asarray(array))
    return stream.getvalue()


def _npy_header(shape: tuple[int, ...], kind: str = "<f8") -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": kind, "fortran_order": False, "shape": shape})
    return stream.getvalue()
