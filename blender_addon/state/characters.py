"""A person's takes on a character of the user's own: each an action of the character's, beside whatever it has.

What works with characters is imported where it is needed: few use it, and all wait while the extension is enabled.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy
import numpy as np

from ...model_core.body.fingers import hand_points
from ...model_core.errors import InputError
from ...model_core.geometry.hand import turned_frames
from ..animation.curves import all_fcurves, make_action, slot_of, use_action
from ..avatar.bake import action_frames, reading_action
from ..avatar.fingers import read_fingers
from ..bpy_types import ArmatureObject, Scene, current_context
from ..characters.bones.roles import ROLES, missing_roles
from ..characters.choices import Choices
from ..engine.installation import PACKAGE
from ..i18n.messages import Message, message
from ..steps import Steps, all_at_once
from .person_avatar import body_of, fingers_shown
from .presence import require_whole
from .selection import root_of
from .takes import active_take

if TYPE_CHECKING:
    from ..characters.hands.finger_poses import Fingers
    from ..characters.putting import Carried
    from .character_properties import THREEPOINT_PG_character
    from .properties import THREEPOINT_PG_person, THREEPOINT_PG_take


def is_character(item: bpy.types.Object) -> bool:
    """Whether an object may be a character: an armature that is nobody's avatar."""
    root: Any = root_of(item)
    return item.type == "ARMATURE" and (root is None or root.threepoint.armature != item)


def preset_folder() -> Path | None:
    """Where maps are kept; None where Threepoint runs as no extension, and has no folder of the user's."""
    try:
        return Path(bpy.utils.extension_path_user(PACKAGE, path="characters", create=True))
    except ValueError:
        return None


def add_character(person: "THREEPOINT_PG_person", path: Path, scene: Scene) -> list[Message]:
    """Bring a character out of a file into the scene and put the person's takes on it; what is to be said of that.

    Raises ``InputError`` where the file has no character, or one whose bones are not known.
    """
    import_and_choose(person.character, path, scene)
    return put_on_character(person, scene)


def import_and_choose(settings: "THREEPOINT_PG_character", path: Path, scene: Scene) -> None:
    """Bring a character out of a file into the scene, and choose it. Raises ``InputError`` where the file has none."""
    from ..characters.files import humanoid_in, import_character

    settings.armature = import_character(path, scene)
    humanoid = humanoid_in(path)
    if humanoid:
        choose(settings, humanoid)


def likely_character(scene: Scene, active: bpy.types.Object | None) -> bpy.types.Object | None:
    """Whom somebody means who has chosen no character: the active one, or the only one that the scene has."""
    if active is not None and is_character(active):
        return active
    found = [item for item in scene.objects if is_character(item) and item.visible_get()]
    return found[0] if len(found) == 1 else None


def choose(settings: "THREEPOINT_PG_character", humanoid: dict[str, str] | None = None) -> None:
    """Find the bones of the character that was chosen; what is wrong with it the panel says."""
    from ..characters.bones import presets
    from ..characters.bones.finding import find_bones, humanoid_of
    from ..characters.reading import read_rest

    settings.bones.clear()
    armature: Any = settings.armature
    if armature is None:
        settings.say([])
        return
    try:
        rest = read_rest(armature)
    except InputError as error:
        settings.say([_said(error)])
        return
    folder = preset_folder()
    bones = presets.kept(folder, rest.names) if folder is not None else {}
    bones = bones or find_bones(rest, humanoid or humanoid_of(armature))
    for role in ROLES:
        item = settings.bones.add()
        item.name, item.bone = role, bones.get(role, "")
    settings.rest = [value for row in armature.matrix_basis.transposed() for value in row]
    root: Any = settings.id_data
    if not missing_roles(bones):
        settings.hands = _fitting(root.threepoint, armature, bones)
        settings.say([])
    else:
        settings.show_bones = True
        settings.say([message("The character's bones are not all known; choose the missing ones in the list")])


def _said(error: InputError) -> Message:
    return error.args[0] if isinstance(error.args[0], Message) else Message(str(error))


def _fitting(person: "THREEPOINT_PG_person", armature: ArmatureObject, bones: dict[str, str]) -> str:
    """Where the hands of a character of this size go best."""
    from ..characters.bones.metarig import own_bones
    from ..characters.character import character_of
    from ..characters.putting import fitting_choice
    from ..characters.reading import read_rest

    try:
        character = character_of(own_bones(read_rest(armature)), bones)
    except InputError:
        return person.character.hands
    rest = body_of(person.built_from).rest_joints(np.array(person.betas))
    return fitting_choice(rest, character)


def bones_of(settings: "THREEPOINT_PG_character") -> dict[str, str]:
    """The map of the chosen character: role -> bone, as the list has it."""
    return {item.name: item.bone for item in settings.bones if item.bone}


def keep_bones(settings: "THREEPOINT_PG_character") -> None:
    """Keep the list as a preset for all characters with the same bones. Raises ``InputError``."""
    from ..characters.bones import presets

    folder = preset_folder()
    if folder is None:
        raise InputError(message("Bones can be kept where Threepoint is installed as an extension only"))
    armature: Any = settings.armature
    presets.keep(folder, [bone.name for bone in armature.data.bones], bones_of(settings))


def put_on_character(person: "THREEPOINT_PG_person", scene: Scene) -> list[Message]:
    """Put all of a person's takes on their character, the active one to be played; what is to be said of that.

    Nothing is changed where it cannot be done: then ``InputError`` says why.
    """
    prepared = all_at_once(preparing(person, scene))
    return all_at_once(writing(person, {identifier: work() for identifier, work in prepared.items()}))


def preparing(person: "THREEPOINT_PG_person", scene: Scene) -> Steps[dict[int, Callable[[], "Carried"]]]:
    """Read a person's takes and character: a take's identifier -> the work that is left, which never touches ``bpy``.

    In steps that change nothing, between which a window may draw. Raises ``InputError`` where it cannot be done.
    """
    from ..characters.putting import placement_of, prepare

    settings = person.character
    _require_usable(settings.armature)
    require_whole(person)
    prepared: dict[int, Callable[[], Carried]] = {}
    for take in person.takes:
        if take.action is None:
            continue
        motion = yield from reading_action(person.armature, take.action, np.array(person.betas), scene)
        fingers = _fingers(person, take.action, action_frames(motion, scene))
        with _rested(person):
            prepared[take.identifier] = prepare(
                motion, body_of(person.built_from), settings.armature, bones_of(settings), scene,
                Choices(settings.hands, settings.root), placement_of(person.armature), fingers,
            )  # fmt: skip
        yield
    return prepared


def _fingers(person: "THREEPOINT_PG_person", action: bpy.types.Action, frames: np.ndarray) -> "Fingers":
    """How a take's fingers turn on a character, at whole ``frames`` (T,) of the scene: as the avatar's do."""
    choice = fingers_shown(person, person.hand_pose)
    if choice != "RECORDED":
        return choice
    body, betas = body_of(person.built_from), np.array(person.betas)
    return {
        hand: turned_frames(turned, hand_points(body, betas, hand), hand)
        for hand, turned in read_fingers(person.armature, action, frames).items()
    }


def writing(person: "THREEPOINT_PG_person", carried: Mapping[int, "Carried"]) -> Steps[list[Message]]:
    """Write what became of ``preparing`` into the character's actions; what is to be said of that.

    In steps, between which nothing may be changed. Raises ``InputError``, before anything is changed, where character
    or takes are not what they were.
    """
    from ..characters.putting import writing_carried

    settings = person.character
    armature: Any = settings.armature
    _require_usable(armature)
    takes = [take for take in person.takes if take.identifier in carried]
    names = tuple(bone.name for bone in armature.data.bones)
    if len(takes) < len(carried) or any(one.names != names for one in carried.values()):
        raise InputError(message("{name}: was changed meanwhile; put the takes on it again", name=armature.name))
    yield
    _rest_object(person)
    said: list[Message] = []
    for take in takes:
        yield from writing_carried(armature, _action_of(person, take, armature), carried[take.identifier])
    stashed = _show(person)
    if stashed is not None:
        said.append(message("What {character} played, '{action}', is on a muted NLA track now",
                            character=armature.name, action=stashed.name))  # fmt: skip
    if any(one.channels.ground is not None for one in carried.values()):
        said.append(message("{character}: has no root bone; its object carries the way", character=armature.name))
    return said


def playing(person: "THREEPOINT_PG_person") -> tuple[ArmatureObject, list[bpy.types.Object]]:
    """A person's character, and what belongs to it: objects that it moves or carries, where shown, and hangs from."""
    from ..characters.reading import skins_of

    armature: Any = person.character.armature
    above, parent = [], armature.parent
    while parent is not None:
        above.append(parent)
        parent = parent.parent
    below = [item for item in (*skins_of(armature), *armature.children_recursive) if item.visible_get()]
    return armature, [*dict.fromkeys([*above, *below])]


def _require_usable(armature: Any) -> None:
    if armature is None or not armature.users_scene:
        raise InputError(message("Choose a character first"))
    if armature.library is not None:
        raise InputError(
            message("{name}: is linked; make a library override of it first (Object > Library Override)",
                    name=armature.name)
        )  # fmt: skip
    if armature.mode not in ("OBJECT", "POSE"):
        raise InputError(message("{name}: is being edited; go back to Object Mode first", name=armature.name))


@contextmanager
def _rested(person: "THREEPOINT_PG_person") -> Iterator[None]:
    """For as long as it is looked at, the object is where it was before an earlier motion of ours carried it."""
    armature: Any = person.character.armature
    before = armature.matrix_basis.copy()
    _rest_object(person)
    try:
        yield
    finally:
        armature.matrix_basis = before
        current_context().view_layer.update()


def _rest_object(person: "THREEPOINT_PG_person") -> None:
    """Bring the object to where it was before an earlier motion of ours carried it."""
    settings = person.character
    armature: Any = settings.armature
    own = [take.character_action for take in person.takes if take.character_action is not None]
    if any(fcurve.data_path == "location" for action in own for fcurve in all_fcurves(action)):
        armature.matrix_basis = settings.rest
    current_context().view_layer.update()


def _action_of(person: "THREEPOINT_PG_person", take: "THREEPOINT_PG_take", armature: Any) -> bpy.types.Action:
    """The take's action on the character; a new one where there is none, or one of another character."""
    action = take.character_action
    if action is None or action.library is not None or action.get(CHARACTER) != armature.name:
        action = make_action(armature, f"{armature.name} {person.name} {take.name}").action
        action.use_fake_user, action[CHARACTER] = True, armature.name
        take.character_action = action
    return action


CHARACTER = "threepoint_character"
"""Custom property of an action: the name of the armature that it was made for."""


def is_put_on(person: "THREEPOINT_PG_person") -> bool:
    """Whether the person's character has their motion already."""
    armature, own = person.character.armature, (take.character_action for take in person.takes)
    return armature is not None and any(action is not None and action.get(CHARACTER) == armature.name for action in own)


def lagging(person: "THREEPOINT_PG_person") -> list[Message]:
    """What is to be said after the takes have changed: their character moves as before."""
    if not is_put_on(person):
        return []
    return [message("{character} still moves as before: press Update Character",
                    character=person.character.armature.name)]  # fmt: skip


def _show(person: "THREEPOINT_PG_person") -> bpy.types.Action | None:
    """Let the character play the active take; what it played of its own goes to a muted track, and is returned."""
    take = active_take(person)
    armature: Any = person.character.armature
    if take is None or take.character_action is None or armature is None:
        return None
    own = {other.character_action for other in person.takes}
    animation = armature.animation_data or armature.animation_data_create()
    if any(strip.action == take.character_action for track in animation.nla_tracks for strip in track.strips):
        return None  # The animator has it on the NLA.
    before = animation.action
    stashed = before if before is not None and before not in own else None
    if stashed is not None:
        _stash(armature, animation, stashed)
    animation.action = None
    use_action(armature, take.character_action)
    return stashed


def _stash(armature: Any, animation: Any, action: bpy.types.Action) -> None:
    """Put an action on a muted track of its own, as Blender's *Stash* does, unless it is on one."""
    if any(strip.action == action for track in animation.nla_tracks for strip in track.strips):
        return
    slot = getattr(animation, "action_slot", None)
    track = animation.nla_tracks.new()
    track.name, track.mute = action.name, True
    strip = track.strips.new(action.name, int(action.frame_range[0]), action)
    if hasattr(strip, "action_slot"):
        strip.action_slot = slot or slot_of(armature, action)


def show_on_character(person: "THREEPOINT_PG_person") -> None:
    """Let the character follow when another take is chosen, if it plays one."""
    armature: Any = person.character.armature
    animation = armature.animation_data if armature is not None else None
    own = {take.character_action for take in person.takes} - {None}
    if animation is not None and animation.action in own:
        _show(person)
