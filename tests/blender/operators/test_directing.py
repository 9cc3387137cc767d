"""Ground, seats and contacts in a scene: made, saved with their objects, and what the engine is told of them."""

from unittest.mock import MagicMock

import bpy
import numpy as np
import pytest
from animators import answer_at_once, import_tiny
from bodies import REST
from mathutils import Matrix, Vector

from threepoint.blender_addon.animation.curves import curves_in, drop_curves, fcurves_of
from threepoint.blender_addon.avatar import contacts
from threepoint.blender_addon.avatar.contacts import switch_paths
from threepoint.blender_addon.operators.pins import _SolvingPins
from threepoint.blender_addon.state.direction import found_floor, objects
from threepoint.blender_addon.state.direction.objects import grounds_of, grounds_under, seats_of
from threepoint.blender_addon.state.new_file import empty_file
from threepoint.blender_addon.state.pins import objects as pins
from threepoint.model_core.body.proportions import body_size
from threepoint.model_core.calibration.levels import FloorStretches
from threepoint.model_core.direction.contacts import contacts_from_json
from threepoint.model_core.direction.ground import GroundHeights, ground_from_json
from threepoint.model_core.direction.seats import PELVIS_OVER_SEAT, seats_from_json
from threepoint.model_core.errors import InputError
from threepoint.model_core.motion import Motion
from threepoint.model_core.pins import pins_from_json


@pytest.fixture
def asked(monkeypatch):
    """What the engine is asked; it answers at once."""
    empty_file(30)
    return answer_at_once(monkeypatch)


@pytest.fixture
def person(asked, tmp_path):
    """Somebody elsewhere, turned, with a take."""
    person = import_tiny(tmp_path)
    bpy.ops.threepoint.predict()
    person.root.location, person.root.rotation_euler = (2, -1, 0.5), (0, 0, 0.7)
    bpy.context.view_layer.update()
    return person


def deselect():
    for item in list(bpy.context.selected_objects):
        item.select_set(False)


def box(person, top, name="box"):
    """A cube in the person's space whose top is so high, under the origin, selected alone."""
    deselect()
    bpy.ops.mesh.primitive_cube_add(size=1)
    item = bpy.context.object
    item.name, item.parent = name, person.armature
    item.location = (0, 0, top - 0.5)
    bpy.context.view_layer.update()
    return item


def resolve(person, first=3, last=8):
    person.first, person.last = first, last
    assert bpy.ops.threepoint.predict(kind="RANGE") == {"FINISHED"}


def test_a_mesh_is_ground_as_high_as_it_is_in_the_persons_space(person, asked):
    item = box(person, 0.3)
    assert bpy.ops.threepoint.use_as_ground() == {"FINISHED"}
    assert grounds_of(bpy.context.scene) == [item]
    bpy.ops.threepoint.predict()
    heights = GroundHeights(ground_from_json(asked[-1].options["ground"]))
    found = heights.at(np.zeros(2), np.array([[0.4, -0.4], [0.8, 0.0]]), np.ones(2))
    assert found == pytest.approx([0.3, 0.0], abs=1e-4)
    assert bpy.ops.threepoint.let_go() == {"FINISHED"} and not grounds_of(bpy.context.scene)
    bpy.ops.threepoint.predict()
    assert "ground" not in asked[-1].options


def test_an_empty_is_the_floors_height_while_it_is_keyed(person, asked):
    item = bpy.data.objects.new("floor", None)
    bpy.context.scene.collection.objects.link(item)
    item.parent = person.armature
    for frame, height in ((3, 0.2), (6, 0.2), (7, 0.4), (8, 0.4)):
        item.location.z = height
        item.keyframe_insert("location", frame=frame)
    deselect()
    item.select_set(True)
    bpy.ops.threepoint.use_as_ground()
    bpy.ops.threepoint.predict()
    heights = GroundHeights(ground_from_json(asked[-1].options["ground"]))
    seconds = (np.array([1, 3, 6, 7, 8, 9]) - 1 + 0.1) / 30 - asked[-1].recording.time[0]
    found = heights.at(seconds, np.zeros((6, 2)), np.ones(6))
    assert found == pytest.approx([0.0, 0.2, 0.2, 0.4, 0.4, 0.0], abs=1e-4)


def test_before_the_first_prediction_ground_is_over_the_floor_that_was_given(asked, tmp_path):
    person = import_tiny(tmp_path)
    person.override_floor, person.floor = True, 0.1
    deselect()
    bpy.ops.mesh.primitive_cube_add(size=1)
    bpy.context.object.parent, bpy.context.object.location = person.root, (0, 0, 0)
    bpy.ops.threepoint.use_as_ground()
    person.root.select_set(True)
    bpy.ops.threepoint.predict()
    heights = GroundHeights(ground_from_json(asked[-1].options["ground"]))
    assert heights.at(np.zeros(1), np.zeros((1, 2)), np.ones(1)) == pytest.approx([0.4], abs=1e-4)


def test_a_camera_is_no_ground(person):
    deselect()
    with pytest.raises(RuntimeError, match="Select meshes that people stand on"):
        bpy.ops.threepoint.use_as_ground()
    person.armature.select_set(True)
    with pytest.raises(RuntimeError, match="is no ground"):
        bpy.ops.threepoint.use_as_ground()


def test_who_sits_here_sits_on_an_empty_that_can_be_moved(person, asked):
    bpy.context.scene.frame_set(6)
    assert bpy.ops.threepoint.sit_here() == {"FINISHED"}
    (seat,) = seats_of(person, bpy.context.scene)
    assert bpy.context.object == seat and seat.threepoint.directed.first <= 6 <= seat.threepoint.directed.last
    seat.threepoint.directed.first, seat.threepoint.directed.last = 4, 6
    up = person.armature.matrix_world.inverted() @ seat.matrix_world.translation
    resolve(person)
    (found,) = seats_from_json(asked[-1].options["seats"])
    begin = asked[-1].recording.time[0]
    assert found.height == pytest.approx(up.z, abs=1e-4)
    assert found.seconds == pytest.approx((3 / 30 - begin, 6 / 30 - begin), abs=1e-6)
    seat.threepoint.directed.first = 7
    with pytest.raises(RuntimeError, match="begins at frame 7, after its end at 6"):
        resolve(person)


def test_sit_here_takes_the_frames_in_which_the_take_sits(person, monkeypatch):
    count, height = 120, np.full((120, 1), REST[0, 1] - REST[:22, 1].min())
    height[30:100] *= 0.74
    still = np.concatenate([0 * height, height, 0 * height], 1)
    sitting = Motion(30.0, np.tile([1.0, 0, 0, 0], (count, 22, 1)), still, np.array(person.betas))
    monkeypatch.setattr(objects, "read_action", lambda *known: sitting)
    bpy.context.scene.frame_set(60)
    assert bpy.ops.threepoint.sit_here() == {"FINISHED"}
    (seat,) = seats_of(person, bpy.context.scene)
    directed = seat.threepoint.directed
    assert 31 <= directed.first < 40 and 92 < directed.last <= 100
    place = person.armature.matrix_world.inverted() @ seat.matrix_world.translation
    assert place.z == pytest.approx(height[60, 0] - PELVIS_OVER_SEAT * body_size(REST[:22]), abs=1e-3)


def test_a_seat_that_is_moved_sideways_holds_the_pelvis_there(person, asked):
    bpy.ops.threepoint.sit_here()
    (seat,) = seats_of(person, bpy.context.scene)
    made_at = seat.location.copy()
    for by, holds in ((0.02, False), (0.05, True)):
        seat.location = made_at + Vector((0.0, -by, 0.3))
        resolve(person)
        (found,) = seats_from_json(asked[-1].options["seats"])
        assert (found.place is not None) == holds
    bpy.context.view_layer.update()
    place = person.armature.matrix_world.inverted() @ seat.matrix_world.translation
    assert found.place == pytest.approx((place.x, -place.y), abs=1e-4)


def test_what_is_another_persons_seat_or_pin_is_not_taken_over(person, asked, tmp_path):
    first, item = person.root, box(person, 0.4)
    pin = bpy.data.objects.new("knee", None)
    bpy.context.scene.collection.objects.link(pin)
    assert bpy.ops.threepoint.use_as_seat() == {"FINISHED"} == bpy.ops.threepoint.use_as_seat()
    bpy.context.view_layer.objects.active = pin
    assert (
        bpy.ops.threepoint.use_as_pin(role="left_knee") == bpy.ops.threepoint.use_as_pin(role="chest") == {"FINISHED"}
    )
    other = import_tiny(tmp_path)
    assert other.root != first
    for taken in (item, pin):
        for use, how in ((objects.use_as_seat, [(1, 2)]), (pins.use_as_pin, ["pelvis", bpy.context.scene])):
            with pytest.raises(InputError) as refusal:
                use(other, taken, *how)
            assert f"is a pin or a seat of {first.threepoint.name}" in str(refusal.value.args[0])
    assert item.threepoint.root == pin.threepoint.root == first
    objects.let_go([item])
    objects.use_as_seat(other, item, (1, 2))
    assert item.threepoint.root == other.root


def test_a_mesh_can_be_seat_and_ground_and_an_empty_one_of_them(person, asked):
    item = box(person, 0.4)
    assert bpy.ops.threepoint.use_as_seat() == {"FINISHED"} == bpy.ops.threepoint.use_as_ground()
    other = bpy.data.objects.new("root", None).threepoint
    other.root = other.id_data
    assert grounds_under(other, bpy.context.scene) == [item], "a seat is ground for all"
    bpy.ops.threepoint.sit_here()
    with pytest.raises(RuntimeError, match="is a seat; of seats only meshes can be ground, too"):
        bpy.ops.threepoint.use_as_ground()
    floor = bpy.data.objects.new("floor", None)
    floor.threepoint.directed.ground = True
    with pytest.raises(InputError):
        objects.use_as_seat(person, floor, (1, 2))
    assert not floor.threepoint.directed.seat


def test_a_chair_is_sat_on_in_its_middle_not_on_its_back(person, asked):
    seat, back = box(person, 0.45, "seat"), box(person, 0.9, "back")
    back.scale, back.location = (1, 0.1, 1), (0, 0.45, 0.4)
    seat.select_set(True)
    bpy.context.view_layer.objects.active = seat
    bpy.ops.object.join()
    assert bpy.ops.threepoint.use_as_seat() == {"FINISHED"}
    bpy.ops.threepoint.predict()
    (found,) = seats_from_json(asked[-1].options["seats"])
    assert found.height == pytest.approx(0.45, abs=1e-4)


def switches(person):
    curves = {curve.data_path: curve for curve in fcurves_of(person.armature)}
    return [curves[path] for path in switch_paths()]


def contacts_sent(asked):
    return contacts_from_json(asked[-1].options.get("contacts", []))


def set_switch(curve, first, last, value):
    """Key a switch so from a frame to before another one."""
    after = curve.evaluate(last)
    for frame, height in ((last, after), *((frame, value) for frame in range(first, last))):
        curve.keyframe_points.insert(frame, height).interpolation = "CONSTANT"
    curve.update()


def test_edited_switches_are_sent_and_stay_known_as_edited(person, asked):
    resolve(person)
    assert not contacts_sent(asked), "nothing was edited"
    left = switches(person)[0]
    value = 1 - left.evaluate(5)
    set_switch(left, 5, 7, value)
    for _ in range(2):
        resolve(person, 2, 9)
        (found,) = contacts_sent(asked)
        begin = asked[-1].recording.time[0]
        assert found.foot == "left" and found.stands == bool(value)
        assert found.seconds == pytest.approx((4 / 30 - begin, 6 / 30 - begin), abs=1e-6)
        set_switch(switches(person)[0], 5, 7, value)  # The engine of tests answers as it likes.


def test_to_a_stand_that_was_made_longer_belongs_what_it_goes_on_from(person, asked):
    action, frames = person.takes[0].action, np.arange(1, 13)
    stood = np.stack([frames < 6, frames > 0], 1)
    contacts.write_contacts(person.armature, contacts_curves(person, action), frames, stood)
    set_switch(switches(person)[0], 6, 8, 1)
    resolve(person, 2, 12)
    (found,) = contacts_sent(asked)
    begin = asked[-1].recording.time[0]
    assert found.foot == "left" and found.stands
    assert found.seconds == pytest.approx((0 - begin, 7 / 30 - begin), abs=1e-6)


def test_around_pins_what_is_shown_is_changed_unless_contacts_were_edited_there(person, asked):
    pin = bpy.data.objects.new("pin", None)
    bpy.context.scene.collection.objects.link(pin)
    bpy.context.view_layer.objects.active = pin
    bpy.ops.threepoint.use_as_pin(role="left_knee")
    pin.threepoint.pin.first = pin.threepoint.pin.last = 6
    bpy.ops.threepoint.solve_pins()
    assert asked[-1].start is not None
    left = switches(person)[0]
    set_switch(left, 5, 7, 1 - left.evaluate(5))
    bpy.ops.threepoint.solve_pins()
    assert asked[-1].start is None and len(contacts_sent(asked)) == 1


def test_dragged_markers_are_sent(person, asked):
    right = switches(person)[1]
    set_switch(right, 4, 8, 1 - right.evaluate(4))
    action = person.takes[0].action
    frames = np.arange(1, int(action.frame_range[1]) + 1)
    curves = {(curve.data_path, curve.array_index): curve for curve in fcurves_of(person.armature)}
    now = contacts.read_contacts(curves, frames)
    contacts.write_contacts(person.armature, contacts_curves(person, action), frames, now)
    marker = next(one for one in action.pose_markers if one.name.startswith("right") and one.frame == 8)
    marker.frame = 10
    resolve(person)
    (found,) = contacts_sent(asked)
    begin = asked[-1].recording.time[0]
    assert found.foot == "right" and found.seconds == pytest.approx((7 / 30 - begin, 9 / 30 - begin), abs=1e-6)


def contacts_curves(person, action):
    curves = curves_in(person.armature, action)
    drop_curves(curves, set(switch_paths()).__contains__)
    return curves


def test_found_levels_are_an_empty_of_the_persons_that_is_keyed(person, asked, monkeypatch):
    found = FloorStretches(np.array([0.0, 0.1, 0.2, 0.3]), np.array([0.0, 0.2, 0.35, 0.0]))
    monkeypatch.setattr(found_floor, "find_stretches", lambda *known: found)
    for _ in range(2):  # The same empty is keyed anew.
        assert bpy.ops.threepoint.use_found_levels() == {"FINISHED"}
        (item,) = grounds_of(bpy.context.scene)
        assert bpy.context.view_layer.objects.active == item and item.parent == person.root
        bpy.ops.threepoint.predict()
        heights = GroundHeights(ground_from_json(asked[-1].options["ground"]))
        said = heights.at(np.array([0.05, 0.15, 0.25, 0.35, 0.49]), np.zeros((5, 2)), np.ones(5))
        assert said == pytest.approx([0.0, 0.2, 0.35, 0.0, 0.0], abs=1e-4)
    item.threepoint.root = None
    assert grounds_under(person, bpy.context.scene) == [item], "ground that belongs to nobody is everybody's"
    item.threepoint.root = item
    assert not grounds_under(person, bpy.context.scene), "another person's is not"
    item.threepoint.root = person.root
    item.select_set(True)
    bpy.ops.threepoint.let_go()
    assert not grounds_of(bpy.context.scene) and item.threepoint.root is None


def test_on_a_flat_floor_there_are_no_levels_to_use(person, monkeypatch):
    flat = FloorStretches(np.zeros(1), np.zeros(1))
    monkeypatch.setattr(found_floor, "find_stretches", lambda *known: flat)
    with pytest.raises(RuntimeError, match="no steps are found"):
        bpy.ops.threepoint.use_found_levels()
    person.calibration = ""
    with pytest.raises(RuntimeError, match="predict a motion first"):
        bpy.ops.threepoint.use_found_levels()
    assert not grounds_of(bpy.context.scene)


def test_of_a_whole_pose_only_bones_that_were_moved_become_pins(person, asked, monkeypatch):
    told = MagicMock()
    monkeypatch.setattr(_SolvingPins, "tell", told)
    bpy.context.scene.frame_set(6)
    bpy.context.view_layer.objects.active = person.armature
    bpy.ops.object.mode_set(mode="POSE")
    bpy.ops.pose.select_all(action="SELECT")
    bone = person.armature.pose.bones["left_knee"]
    bone.rotation_quaternion = bone.rotation_quaternion @ Matrix.Rotation(0.5, 3, "X").to_quaternion()
    bpy.ops.threepoint.solve_from_pose()
    assert {pin.role for pin in pins_from_json(asked[-1].options["pins"])} == {"left_knee", "left_ankle", "left_toes"}
    assert any("where the take has them: pelvis, left_hip" in str(call.args[0]) for call in told.call_args_list)


def test_what_is_linked_from_another_file_is_made_local_first(person, tmp_path):
    item, path = box(person, 0.4, "chair"), str(tmp_path / "library.blend")
    item.parent = None
    bpy.data.libraries.write(path, {item})
    bpy.data.objects.remove(item)
    with bpy.data.libraries.load(path, link=True) as (_, linked):
        linked.objects = ["chair"]
    (chair,) = linked.objects
    bpy.context.scene.collection.objects.link(chair)
    for use, known in (
        (objects.use_as_ground, ([chair],)),
        (objects.use_as_seat, (person, chair, (1, 2))),
        (pins.use_as_pin, (person, chair, "pelvis", bpy.context.scene)),
    ):
        with pytest.raises(InputError) as refusal:
            use(*known)
        assert str(refusal.value.args[0]).startswith("chair: is linked from library.blend; make it local first")
