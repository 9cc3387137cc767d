"""An engine without networks, for tests of everything around them: the request's seed says how it behaves."""

import functools
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "model_core" / "worker"))
import worker  # noqa: E402

ANSWER, REFUSE, FAIL, WORK_LONG, TURN_DEAF, DIE, HANG_LOADING, HANG_PREDICTING, HANG_REFINING, HANG_SENDING = range(10)
"""Seeds."""
STAGES = {HANG_LOADING: "loading the models", HANG_PREDICTING: "predicting the body", HANG_REFINING: "refining"}
"""Where the real engine would be, in its own words."""
HANG_SECONDS = 60
START_SECONDS = float(os.environ.get("FAKE_ENGINE_START_SECONDS", "0"))
"""So long importing libraries takes."""
VERTICES = int(os.environ.get("FAKE_ENGINE_VERTICES", "13718"))
"""Of the default body."""


class EngineSession:
    """Stands, turned by ``take`` radians, for as long as the recording lasts."""

    def hello(self):
        print("libraries may print what they like")
        time.sleep(START_SECONDS)
        spin_count = os.environ["GOMP_SPINCOUNT"]
        return {"torch": "none", "python": "3", "device": "cpu", "device_name": "no device", "spin_count": spin_count}

    def calibrate(self, header, arrays, progress):
        import numpy as np

        from threepoint.model_core.calibration import Calibration, calibration_from_json, preset_offsets
        from threepoint.model_core.notes import Note

        _behave(header["options"], progress)
        if header["calibration"] is not None:
            return calibration_from_json(header["calibration"])
        options = header["options"]
        floor, stature = options.get("floor") or 0.0, options.get("stature") or 1.7
        betas = self.betas_for(stature) if options.get("stature") else np.zeros(10)
        note = Note("person", {"stature": stature, "floor": floor, "preset": options.get("preset") or "grip"})
        return Calibration(betas, floor, preset_offsets("grip"), (note,), 0.05)

    @staticmethod
    @functools.cache
    def betas_for(stature):
        """Of the default body, which takes a while to load."""
        from threepoint.model_core.body import load_body

        return load_body().betas_for(stature)

    def live(self, header, controls, stopped, send):
        """Turns by a tenth of a radian a frame, and records the same moments over and over."""
        import numpy as np

        from threepoint.model_core.errors import InputError
        from threepoint.model_core.notes import Note
        from threepoint.model_core.recordings.formats.plain import GrowingRecording

        if header["source"] == "replay:":
            raise InputError("the source 'replay:' is not known")
        calibration, growing, number, wanted, told = self.calibration_of_live(), None, 0, True, 0.0
        while not stopped():
            taken = controls.take(0.005)
            if taken is not None and taken[0]["type"] == "record":
                growing = GrowingRecording(taken[0]["path"], ("head", "left_hand", "right_hand"), "grip")
            if taken is not None and taken[0]["type"] == "t_pose":
                in_pose = Note("person_in_pose", {"stature": 1.7, "pose": "T", "second": 0.5}).to_json()
                calibration = {**calibration, "notes": [in_pose]}
            wanted = wanted or (taken is not None and taken[0]["type"] == "ready")
            number += 1
            rotations = np.zeros((22, 4), np.float32)
            rotations[:, 0] = 1
            rotations[0] = [np.cos(number / 20), 0, np.sin(number / 20), 0]
            arrays = {"rotations": rotations, "translation": np.array([0.5, 0.95, 0], np.float32)}
            if wanted:
                send(
                    {"type": "frame", "job": header["job"], "time": number / 60, "arrival": time.monotonic() - 0.125},
                    arrays,
                )
                wanted = False
            if growing is not None:
                places = {"head": (0, 1.6), "left_hand": (-0.2, 1.2), "right_hand": (0.2, 1.2)}
                turned, sway = np.array([1.0, 0, 0, 0]), 0.01 * np.sin(number)
                poses = {role: (np.array([x, y, sway]), turned) for role, (x, y) in places.items()}
                growing.add(number / 60, poses)
            if time.monotonic() - told < 0.25:
                continue
            told = time.monotonic()
            note = Note("live_running", {"rate": 60.0, "latency": 5.0})
            said = {
                "note": note.to_json(),
                "rate": 60.0,
                "latency": 5.0,
                "samples": growing and growing.samples,
                "trackers": ["LHR-1"],
            }
            send({"type": "state", "job": header["job"], **said, "calibration": calibration}, {})
        if growing is not None:
            growing.close()

    def calibration_of_live(self):
        import numpy as np

        from threepoint.model_core.calibration import Calibration, calibration_to_json, preset_offsets

        return calibration_to_json(Calibration(np.ones(10) * [0.5, *[0.0] * 9], 0.0, preset_offsets("grip"), (), 0.05))

    def animate(self, header, arrays, progress):
        import numpy as np

        from threepoint.model_core.motion import Motion, Uncertainty
        from threepoint.model_core.worker import messages

        calibration = self.calibrate(header, arrays, progress)
        recording, options = messages.read_recording(header["recording"], arrays), header["options"]
        count = round(recording.duration * 60) + 1
        rotations = np.zeros((count, 22, 4))
        angle = np.full(count, options.get("take", 0)) + np.linspace(0, 1, count)
        rotations[:, :, 0] = 1
        rotations[:, 0, 0], rotations[:, 0, 2] = np.cos(angle / 2), np.sin(angle / 2)
        probes = np.linspace(0, 0.1, count, dtype=np.float32)[:, None] * np.ones((1, 8), np.float32)
        index = np.tile(np.arange(4, dtype=np.int32), (VERTICES, 1))
        uncertainty = Uncertainty(probes, index, np.full((VERTICES, 4), 0.25, np.float32))
        translation = np.tile([0, 0.95, 0.0], (count, 1))
        if options["seed"] == HANG_SENDING:
            progress(1.0, "sending")
        motion = Motion(
            60.0, rotations, translation, calibration.betas, float(recording.time[0]), calibration.floor,
            uncertainty, {"take": options["take"]}, np.ones((count, 4), np.float32), calibration.notes,
        )  # fmt: skip
        return motion, calibration


def _behave(options, progress):
    """Do as the request's seed says."""
    from threepoint.model_core.errors import InputError

    seed = options["seed"]
    if seed == REFUSE:
        raise InputError("hands: none")
    if seed == FAIL:
        raise MemoryError
    if seed == DIE:
        print("something is broken", flush=True)
        os._exit(3)
    if seed in STAGES:
        progress(0.5, STAGES[seed])
        time.sleep(HANG_SECONDS)
    for step in range(1000 if seed == WORK_LONG else 5):
        progress(step / 1000, "working")
        time.sleep(0.01)
    if seed == TURN_DEAF:
        progress(0.5, "deaf")
        time.sleep(HANG_SECONDS)


class StallingStream:
    """Writes what it is given, but of an answer after "sending" only a half."""

    def __init__(self, stream):
        self.stream = stream
        self.flush = stream.flush
        self.stalls = False

    def write(self, data):
        if self.stalls:
            self.stream.write(data[: len(data) // 2])
            self.flush()
            print("half is sent", flush=True)
            time.sleep(HANG_SECONDS)
        self.stream.write(data)
        self.stalls = b'"stage": "sending"' in data


if __name__ == "__main__":
    source, target = worker.protocol_streams()
    worker.load_package()
    from threepoint.model_core.worker.server import serve

    serve(source, StallingStream(target), EngineSession)
