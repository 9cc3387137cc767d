"""What an animator may do to an avatar, and whether it is still there; a prediction without an engine, in a moment."""

import json
from dataclasses import replace
from types import SimpleNamespace

import bpy
import numpy as np
from bodies import BoxBody, wild_motion, wobbly_recording

SECONDS = 0.5
"""Of tiny motions."""


class TallBoxes(BoxBody):
    """The boxes, of any stature: the first shape parameter grows them."""

    template = np.zeros((192, 3))

    def stature(self, betas):
        return 1.7 * (1 + 0.1 * betas[0])


def answer_at_once(monkeypatch, probes=3):
    """Let predictions be answered here: a motion that swings, of the asked stature, on a body of boxes."""
    from threepoint.blender_addon.state import engine_choice, person_avatar, predictions
    from threepoint.model_core.calibration import (
        Calibration,
        calibration_from_json,
        calibration_to_json,
        preset_offsets,
    )
    from threepoint.model_core.notes import Note

    asked = []

    class Job:
        finished = True

        def __init__(self, python, kind, recording, options, body_path=None, calibration=None, key="", start=None):
            asked.append(
                SimpleNamespace(kind=kind, recording=recording, options=options, calibration=calibration, start=start)
            )
            self.key, self.motion = key, None
            stature, floor = options.get("stature") or 1.7, options.get("floor") or 0.0
            betas = np.zeros(10)
            betas[0] = (stature / 1.7 - 1) / 0.1
            note = Note("person", {"stature": stature, "floor": floor, "preset": "grip"})
            self.calibration = calibration or calibration_from_json(
                json.loads(json.dumps(calibration_to_json(Calibration(betas, floor, preset_offsets("grip"), (note,)))))
            )
            if kind == "animate":
                frames = max(2, round(recording.duration * 30) + 1)
                start, seed = float(recording.time[0]), options["seed"] + 10 * options["take"] + len(asked)
                self.motion = replace(
                    wild_motion(frames, 30.0, start, seed, probes),
                    betas=self.calibration.betas, floor=self.calibration.floor,
                    contacts=np.ones((frames, 4), np.float32), provenance={"take": options["take"]},
                )  # fmt: skip

        def poll(self):
            return True

        def wait(self, progress=None):
            pass

        def cancel(self):
            pass

    monkeypatch.setattr(predictions, "Job", Job)
    monkeypatch.setattr(engine_choice, "engine_python", lambda: "python")
    monkeypatch.setattr(person_avatar, "body_of", lambda path: TallBoxes())
    return asked


def tiny_recording():
    """Half a second of the recording that wobbles."""
    recording = wobbly_recording(SECONDS)
    for track in recording.tracks.values():
        track.valid[:] = True
    return recording


def import_tiny(folder, name="walk"):
    """Import it through the button; the person."""
    from threepoint.blender_addon.state.people import people_of
    from threepoint.model_core.recordings.formats import bsor

    path = folder / f"{name}.bsor"
    if not path.exists():
        bsor.write(path, tiny_recording())
    before = {person.root for person in people_of(bpy.context.scene)}
    bpy.ops.threepoint.import_recording(filepath=str(path))
    return next(person for person in people_of(bpy.context.scene) if person.root not in before)


def person_with_takes(monkeypatch, tmp_path):
    """Somebody in an empty file whose mean motion and one take were predicted in a moment."""
    from threepoint.blender_addon.state.new_file import empty_file

    empty_file(30)
    answer_at_once(monkeypatch)
    person = import_tiny(tmp_path)
    bpy.ops.threepoint.predict()
    bpy.ops.threepoint.predict(kind="TAKE")
    return person


def own_action(name="own", path='pose.bones["head"].location'):
    """An action of the animator's, without any user yet."""
    from threepoint.blender_addon.animation.curves import make_action, write_curve

    curves = make_action(SimpleNamespace(id_type="OBJECT", name="anything", animation_data=None), name)
    write_curve(curves, path, 0, np.array([1.0, 10.0]), np.array([0.0, 0.2]))
    return curves.action


def touch(person):
    """Do to an avatar what animators do; what to look for later."""
    armature, mesh = person.armature, person.mesh
    prop = bpy.data.objects.new("sword", None)
    bpy.context.scene.collection.objects.link(prop)
    prop.parent, prop.parent_type, prop.parent_bone = armature, "BONE", "right_hand"
    armature["mood"] = "brave"
    armature.pose.bones["head"]["blink"] = 0.5
    constraint = armature.pose.bones["left_knee"].constraints.new("LIMIT_ROTATION")
    constraint.name = "own limit"
    armature.constraints.new("LIMIT_SCALE").name = "own scale"
    material = bpy.data.materials.new("own skin")
    mesh.data.materials.append(material)
    mesh.modifiers.new("own smooth", "SMOOTH")
    mesh.modifiers["Uncertainty"].name = "renamed"
    driver = armature.driver_add("hide_render")
    driver.driver.expression = "0"
    kept = own_action("kept action")
    kept.use_fake_user = True
    bpy.context.view_layer.objects.active = armature
    bpy.ops.object.mode_set(mode="EDIT")
    bone = armature.data.edit_bones.new("prop bone")
    bone.head, bone.tail = (1, 0, 1), (1, 0, 1.2)
    bone.parent = armature.data.edit_bones["right_hand"]
    bpy.ops.object.mode_set(mode="OBJECT")
    if mesh.data.shape_keys is None:
        mesh.shape_key_add(name="Basis", from_mix=False)
    key = mesh.shape_key_add(name="own smile", from_mix=False)
    key.data[0].co.x += 0.05
    return armature, mesh, prop, key.data[0].co.x - mesh.data.shape_keys.reference_key.data[0].co.x


def lost(person, touched):
    """What of it is not there any more."""
    armature, mesh, prop, smile = touched
    keys = mesh.data.shape_keys.key_blocks
    holds = {
        "armature": person.armature == armature and armature.users_scene,
        "mesh": person.mesh == mesh and mesh.users_scene,
        "child": prop.parent == armature and prop.parent_bone == "right_hand" and prop.users_scene,
        "property": armature.get("mood") == "brave" and armature.pose.bones["head"].get("blink") == 0.5,
        "bone constraint": "own limit" in armature.pose.bones["left_knee"].constraints,
        "constraint": "own scale" in armature.constraints,
        "material": "own skin" in mesh.data.materials,
        "modifier": "own smooth" in mesh.modifiers and "renamed" in mesh.modifiers,
        "driver": any(curve.data_path == "hide_render" for curve in armature.animation_data.drivers),
        "action": "kept action" in bpy.data.actions,
        "bone": armature.data.bones["prop bone"].parent.name == "right_hand",
        "shape key": abs(keys["own smile"].data[0].co.x - keys["Basis"].data[0].co.x - smile) < 1e-5,
        "one armature": sum(item.type == "ARMATURE" for item in bpy.context.scene.objects) == 1,
        "one uncertainty": sum(modifier.type == "NODES" for modifier in mesh.modifiers) == 1,
    }
    return [name for name, there in holds.items() if not there]
