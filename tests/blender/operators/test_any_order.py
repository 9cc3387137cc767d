"""Whatever is pressed in whatever order: nothing of the animator's is lost, nothing breaks, undo takes it back."""

import random

import bpy
import pytest
from animators import answer_at_once, import_tiny, own_action

from threepoint.blender_addon.animation.curves import all_fcurves, checksum, curves_in
from threepoint.blender_addon.state import selection, takes
from threepoint.blender_addon.state.new_file import empty_file
from threepoint.blender_addon.state.people import people_of

STEPS, FEW, MANY = 12, 4, 20
SERIES = ((4, 2), (4, 5), (5, 0), (5, 1), (5, 2), (5, 3))
FIRST = FEW + MANY * SERIES.index(bpy.app.version[:2])
"""Every Blender has twenty days of its own beside the few that all have."""


class Day:
    """An animator's day in one file."""

    def __init__(self, seed, folder):
        self.random, self.folder, self.made = random.Random(seed), folder, 0
        self.scene_file = str(folder / f"day {seed}.blend")
        empty_file(30)
        bpy.ops.ed.undo_push(message="begin")
        self.states, self.place = [state()], 0

    def name(self):
        self.made += 1
        return f"own {self.made}"

    def person(self):
        people = people_of(bpy.context.scene)
        if not people:
            return None
        chosen = self.random.choice(people)
        selection.activate(chosen.root, bpy.context)
        return chosen

    def step(self):
        """One thing that somebody does; what must hold afterwards."""
        ways = [way for way, weight in WAYS.items() for _ in range(weight)]
        way = self.random.choice(ways)
        if bpy.context.object is not None and bpy.context.object.mode != "OBJECT":
            bpy.ops.object.mode_set(mode="OBJECT")
        before = owned()
        try:
            removed = way(self) or set()
        except RuntimeError as error:
            assert "Traceback" not in str(error), (way.__name__, str(error))
            removed = set()
        if way in (undo, redo):
            return way.__name__
        lost = before - owned() - removed
        assert not lost, (way.__name__, lost)
        if way is save_and_open:
            self.states, self.place = [state()], 0
            return way.__name__
        bpy.ops.ed.undo_push(message=way.__name__)
        self.states = [*self.states[: self.place + 1], state()]
        self.place += 1
        return way.__name__


def state():
    """What undo has to bring back."""
    return {
        "objects": sorted(item.name for item in bpy.context.scene.objects),
        "actions": sorted((action.name, checksum(action)) for action in bpy.data.actions if action.users),
        "takes": [[(t.name, t.action.name if t.action else "") for t in p.takes] for p in people_of(bpy.context.scene)],
        "bones": sorted(
            (item.name, bone.name, tuple(round(x, 4) for x in bone.head_local))
            for item in bpy.context.scene.objects if item.type == "ARMATURE" for bone in item.data.bones
        ),
    }  # fmt: skip


def owned():
    """Whatever is the animator's, as words: own things on what is in the scene, own and edited animation."""
    found = {("object", item.name) for item in bpy.context.scene.objects if item.name.startswith("own")}
    for item in bpy.context.scene.objects:
        found |= {("constraint", item.name, c.name) for c in item.constraints if c.name.startswith("own")}
        found |= {("modifier", item.name, m.name) for m in item.modifiers if m.name.startswith("own")}
        found |= {("property", item.name, key) for key in item.keys() if key.startswith("own")}
        if item.type == "ARMATURE":
            found |= {("bone", item.name, bone.name) for bone in item.data.bones if bone.name.startswith("own")}
        if item.type == "MESH":
            found |= {("material", item.name, m.name) for m in item.data.materials if m and m.name.startswith("own")}
        animation = item.animation_data
        if animation is not None:
            layers = [animation.action, *(strip.action for track in animation.nla_tracks for strip in track.strips)]
            found |= {("layer", a.name) for a in layers if a is not None and a.name.startswith("own")}
    saved = [action for action in bpy.data.actions if action.users]
    for person in people_of(bpy.context.scene):
        for take in person.takes:
            if takes.is_edited(take):
                found.add(("edit", edits_of(take.action)))
    found |= {("edit", edits_of(action)) for action in saved if action.name.rstrip(".0123456789").endswith("edited")}
    return found


def edits_of(action):
    """What was keyed by hand: values that no prediction has."""
    return tuple(sorted({point.co.y for f in all_fcurves(action) for point in f.keyframe_points if point.co.y > 100}))


def import_one(day):
    import_tiny(day.folder)


def import_sample_again(day):
    import_tiny(day.folder, "other")


def predict(day):
    person = day.person()
    if person is not None:
        bpy.ops.threepoint.predict(kind=day.random.choice(["MEAN", "MEAN", "TAKE", "REFINE", "RANGE", "ALL"]))
        assert_alive(person)


def predict_another_stature(day):
    person = day.person()
    if person is not None:
        person.override_stature, person.stature = True, day.random.uniform(1.4, 2.0)
        bpy.ops.threepoint.predict()
        assert_alive(person)


def assert_alive(person):
    """What was predicted is on objects of the scene, and plays."""
    scene, take = bpy.context.scene, takes.active_take(person)
    assert scene in person.root.users_scene and scene in person.armature.users_scene
    assert scene in person.mesh.users_scene and take.action is not None
    animation = person.armature.animation_data
    strips = [strip for track in animation.nla_tracks if not track.mute for strip in track.strips]
    assert take.action in [animation.action, *(strip.action for strip in strips)]


def calibrate(day):
    if day.person() is not None:
        bpy.ops.threepoint.calibrate()


def edit_take(day):
    person = day.person()
    take = takes.active_take(person) if person is not None else None
    if take is not None and take.action is not None and person.armature is not None:
        before = {("edit", edits_of(take.action))}
        curve = curves_in(person.armature, take.action).fcurves[0]
        curve.keyframe_points[0].co.y = 100 + day.random.random()
        curve.update()
        return before
    return None


def edit_tracker(day):
    person = day.person()
    if person is not None and person.head is not None and person.head.animation_data is not None:
        for fcurve in curves_in(person.head, person.head.animation_data.action).fcurves:
            for point in fcurve.keyframe_points:
                point.co.y += 0.01
            fcurve.update()


def add_own_things(day):
    person = day.person()
    if person is None or person.armature is None or person.mesh is None or not person.armature.users_scene:
        return
    prop = bpy.data.objects.new(day.name(), None)
    bpy.context.scene.collection.objects.link(prop)
    prop.parent, prop.parent_type, prop.parent_bone = person.armature, "BONE", person.armature.data.bones[20].name
    person.armature.constraints.new("LIMIT_SCALE").name = day.name()
    person.armature[day.name()] = 1.0
    if person.mesh.users_scene:
        person.mesh.modifiers.new(day.name(), "SMOOTH")
        person.mesh.data.materials.append(bpy.data.materials.new(day.name()))


def add_own_layer(day):
    person = day.person()
    if person is not None and person.armature is not None and person.armature.animation_data is not None:
        animation = person.armature.animation_data
        if animation.action is None:
            animation.action = own_action(day.name(), f'pose.bones["{person.armature.data.bones[3].name}"].location')


def push(day):
    if day.person() is not None:
        bpy.ops.threepoint.push_takes()


def duplicate_take(day):
    if day.person() is not None:
        bpy.ops.threepoint.duplicate_take()


def delete_take(day):
    person = day.person()
    take = takes.active_take(person) if person is not None else None
    if take is not None:
        edits = {("edit", edits_of(take.action))} if take.action is not None else set()
        bpy.ops.threepoint.delete_take()
        return edits
    return None


def choose_take(day):
    person = day.person()
    if person is not None and len(person.takes):
        person.active_take = day.random.randrange(len(person.takes))


def change_settings(day):
    person = day.person()
    if person is not None:
        person.bone_names = day.random.choice(["SMPL", "MIXAMO", "VRM", "RIGIFY"])
        person.rotation_order = day.random.choice(["QUATERNION", "XYZ", "ZXY"])


def hide(day):
    person = day.person()
    if person is not None and person.armature is not None:
        person.armature.hide_viewport = day.random.random() < 0.5
        layers = bpy.context.view_layer.layer_collection.children
        layers[0].exclude = day.random.random() < 0.3


def delete(items):
    """Delete objects as X does; what of the animator's goes with them."""
    items = [item for item in items if item is not None and item.users_scene]
    names = {item.name for item in items}
    gone = {word for word in owned() if word[0] != "edit" and word[1] in names or word[0] == "layer"}
    with bpy.context.temp_override(selected_objects=items, selected_editable_objects=items):
        bpy.ops.object.delete()
    return gone


def delete_avatar(day):
    person = day.person()
    return delete([day.random.choice([person.armature, person.mesh])]) if person is not None else None


def delete_tracker(day):
    person = day.person()
    return delete([day.random.choice([person.left_hand, person.right_hand])]) if person is not None else None


def delete_root(day):
    person = day.person()
    edits = {word for word in owned() if word[0] == "edit"}  # They stay in the file, in the takes' actions.
    return delete([person.root]) | edits if person is not None else None


def duplicate(day):
    person = day.person()
    if person is None or person.armature is None or person.armature.name not in bpy.context.view_layer.objects:
        return
    whole = [item for item in bpy.context.scene.objects if selection.root_of(item) == person.root]
    chosen = whole if day.random.random() < 0.5 else [person.armature, person.mesh]
    for item in bpy.context.view_layer.objects:
        item.select_set(item in chosen)
    bpy.context.view_layer.objects.active = person.armature
    bpy.ops.object.duplicate()
    bpy.context.view_layer.update()


def undo(day):
    if day.place:
        bpy.ops.ed.undo()
        day.place -= 1
        assert state() == day.states[day.place]


def redo(day):
    if day.place + 1 < len(day.states):
        bpy.ops.ed.redo()
        day.place += 1
        assert state() == day.states[day.place]


def save_and_open(day):
    bpy.ops.wm.save_as_mainfile(filepath=day.scene_file)
    bpy.ops.wm.open_mainfile(filepath=day.scene_file)
    bpy.ops.ed.undo_push(message="opened")


WAYS = {
    import_one: 1, import_sample_again: 1, predict: 8, predict_another_stature: 2, calibrate: 1, edit_take: 3,
    edit_tracker: 1, add_own_things: 3, add_own_layer: 3, push: 2, duplicate_take: 1, delete_take: 1, choose_take: 2,
    change_settings: 2, hide: 1, delete_avatar: 2, delete_tracker: 1, delete_root: 1, duplicate: 2, undo: 4, redo: 2,
    save_and_open: 1,
}  # fmt: skip
"""What can happen, and how often beside the others."""


def live(seed, folder):
    day, done = Day(seed, folder), []
    import_one(day)
    bpy.ops.ed.undo_push(message="import")
    day.states, day.place = [*day.states, state()], 1
    try:
        for _ in range(STEPS):
            done.append(day.step())
    except Exception as error:
        raise AssertionError(f"seed {seed}, after {done}: {error}") from error


@pytest.fixture
def quick(monkeypatch):
    """Predictions at once, of motions that no checks of a scene's size need."""
    empty_file(30)
    answer_at_once(monkeypatch)


def test_a_few_days_in_any_order(quick, tmp_path):
    for seed in range(FEW):
        live(seed, tmp_path)


@pytest.mark.slow
def test_many_days_in_any_order(quick, tmp_path):
    for seed in range(FIRST, FIRST + MANY):
        live(seed, tmp_path)
