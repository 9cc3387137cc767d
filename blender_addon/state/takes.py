"""A person's takes: predicted motions, each an action; one of them plays, on the NLA or not.

A prediction rewrites its take's action in place, so that strips, names and whatever else the action animates stay. What
the armature plays beside its takes is the animator's own and is left alone.
"""

from typing import TYPE_CHECKING, Any

import bpy

from ..animation.curves import checking, checksum, make_action, slot_of, use_action
from ..avatar.uncertainty import (
    choose_uncertainty,
    copied_uncertainty,
    forget_uncertainty,
    release_mean,
    shown_uncertainty,
)
from ..i18n.messages import Message, message
from ..steps import Steps

if TYPE_CHECKING:
    from .properties import THREEPOINT_PG_person, THREEPOINT_PG_take

SAME_FRAMES = 1
"""Frames by which a part that is as good as the whole may begin later or end earlier: samples lie between frames."""


def take_by_number(person: "THREEPOINT_PG_person", number: int) -> "THREEPOINT_PG_take":
    """The first take of a draw, or a new one."""
    return next((take for take in person.takes if take.number == number), None) or add_take(person, number)


def add_take(person: "THREEPOINT_PG_person", number: int, name: str = "") -> "THREEPOINT_PG_take":
    """A new take of a draw, without an action yet."""
    identifier = 1 + max((take.identifier for take in person.takes), default=0)
    take = person.takes.add()
    take.name = name or (f"Take {number}" if number else "Most Likely")
    take.number, take.identifier = number, identifier
    return take


def take_of_part(
    person: "THREEPOINT_PG_person", take: "THREEPOINT_PG_take", first: int, last: int, said: list[Message]
) -> "THREEPOINT_PG_take":
    """The take that a trimmed prediction of the frames ``first`` to ``last`` becomes: ``take`` unless that has more.

    Then one of just these frames, so that nothing of it is lost; what is to be said of that comes into ``said``.
    """
    if take.action is None:
        return take
    begin, end = whole_range(take.action)
    if first <= begin + SAME_FRAMES and last >= end - SAME_FRAMES:
        return take
    kept, number = take.name, take.number
    parts = [other for other in person.takes if other.number == number and other.action is not None]
    found = next((other for other in parts if whole_range(other.action) == (first, last)), None)
    part = found or add_take(person, number, f"{kept} {person.trim_first}-{person.trim_last}")
    said.append(message("The trimmed part is a take of its own, '{take}'; '{kept}' stays whole",
                        take=part.name, kept=kept))  # fmt: skip
    return part


def active_take(person: "THREEPOINT_PG_person") -> "THREEPOINT_PG_take | None":
    """The take that the buttons act on."""
    return person.takes[person.active_take] if 0 <= person.active_take < len(person.takes) else None


def actions_of(person: "THREEPOINT_PG_person") -> list[bpy.types.Action]:
    """The actions of all takes."""
    return [take.action for take in person.takes if take.action is not None]


def layers_of(person: "THREEPOINT_PG_person") -> list[bpy.types.Action]:
    """The actions of all takes, and the animator's own on the armature: what it plays, and its strips'."""
    animation = person.armature.animation_data if person.armature is not None else None
    own = [animation.action, *(strip.action for strip in _strips(animation))] if animation is not None else []
    return list(dict.fromkeys(action for action in (*actions_of(person), *own) if action is not None))


def keeping_edits(take: "THREEPOINT_PG_take") -> Steps[list[Message]]:
    """Before a take's action is written anew, keep a copy if somebody has edited it, in steps; what to say of it."""
    if take.action is None or not take.baked or take.baked == (yield from checking(take.action)):
        return []
    kept = take.action.copy()
    kept.name, kept.use_fake_user = f"{take.action.name} edited", True
    return [message("Your edits of '{take}' are kept as the action '{name}'", take=take.name, name=kept.name)]


def is_edited(take: "THREEPOINT_PG_take") -> bool:
    """Whether a take's action is another one than was predicted."""
    return take.action is not None and bool(take.baked) and take.baked != checksum(take.action)


def converting(person: "THREEPOINT_PG_person", conversion: Steps[None]) -> Steps[None]:
    """Convert the takes' actions: what counted as edited before does so afterwards, and only that."""
    untouched = []
    for take in person.takes:
        if take.action is not None and (not take.baked or take.baked == (yield from checking(take.action))):
            untouched.append(take.identifier)
    yield from conversion
    for take in person.takes:
        if take.identifier in untouched:
            take.baked = yield from checking(take.action)


def action_to_write(person: "THREEPOINT_PG_person", take: "THREEPOINT_PG_take") -> bpy.types.Action:
    """The take's own action, or a new one where it has none, or one that is linked or that something else plays."""
    action = take.action
    if action is None or action.library is not None or _is_shared(person, take, action):
        label = f"take {take.number}" if action is None else take.name
        take.action = action = make_action(person.armature, f"{person.name} {label}").action
        action.use_fake_user = True
    return action


def _is_shared(person: "THREEPOINT_PG_person", take: "THREEPOINT_PG_take", action: bpy.types.Action) -> bool:
    """Whether another armature or another take, one of a duplicate above all, has the action too."""
    for item in bpy.data.objects:
        animation = item.animation_data
        if animation is not None and item != person.armature and item.users_scene:
            if animation.action == action or any(strip.action == action for strip in _strips(animation)):
                return True
        owner: Any = item
        for other in owner.threepoint.takes:
            if other.action == action and (item != person.root or other != take) and item.users_scene:
                return True
    return False


def finishing(person: "THREEPOINT_PG_person", take: "THREEPOINT_PG_take", before: tuple[float, float]) -> Steps[None]:
    """A take's action was written: its strips on the NLA follow its length, which was ``before``; the take plays."""
    action = take.action
    take.baked = yield from checking(action)
    for strip in _strips(person.armature.animation_data):
        if strip.action == action and (strip.action_frame_start, strip.action_frame_end) == before:
            strip.action_frame_start, strip.action_frame_end = action.frame_range
    person.active_take = next(index for index, other in enumerate(person.takes) if other == take)


def has_whole_range(person: "THREEPOINT_PG_person") -> bool:
    """Whether the range to solve again is all of the active take, as it is until somebody chooses another."""
    take = active_take(person)
    if take is None or take.action is None:
        return not person.takes
    return (person.first, person.last) == whole_range(take.action)


def whole_range(action: bpy.types.Action) -> tuple[int, int]:
    """An action's first and last whole frame."""
    extent: Any = action.frame_range
    return round(extent[0]), round(extent[1])


def playing(person: "THREEPOINT_PG_person") -> int:
    """The index of the take that the armature plays: what the NLA and the action editor say, not what was chosen."""
    animation = person.armature.animation_data if person.armature is not None else None
    if animation is not None:
        heard = {strip.action for track in animation.nla_tracks if not track.mute for strip in track.strips}
        shown = [index for index, take in enumerate(person.takes) if take.action in heard]
        shown = shown or [index for index, take in enumerate(person.takes) if take.action == animation.action]
        if shown and person.chosen_take not in shown:
            return shown[0]
    return person.chosen_take


def show_take(person: "THREEPOINT_PG_person") -> None:
    """Play the chosen take: as the armature's action, or on an NLA track where there are takes on tracks already or
    the armature plays an action of the animator's."""
    if person.armature is None or not 0 <= person.chosen_take < len(person.takes):
        return
    action = person.takes[person.chosen_take].action
    if action is None:
        return
    animation = person.armature.animation_data or person.armature.animation_data_create()
    own = set(actions_of(person))
    has_own_layer = animation.action is not None and animation.action not in own
    if has_own_layer or any(strip.action in own for strip in _strips(animation)):
        _show_on_tracks(person, action)
    else:
        use_action(person.armature, action)


def _show_on_tracks(person: "THREEPOINT_PG_person", action: bpy.types.Action) -> None:
    animation, own = person.armature.animation_data, set(actions_of(person))
    _put_on_track(person, action)
    for track in animation.nla_tracks:
        of_takes = [strip.action in own for strip in track.strips]
        if of_takes and all(of_takes):
            track.mute = all(strip.action != action for strip in track.strips)
    if animation.action in own and not animation.use_tweak_mode:
        animation.action = None  # It would play over the strip of the one that was chosen.


def _put_on_track(person: "THREEPOINT_PG_person", action: bpy.types.Action) -> None:
    """Give an action a track of its own, beside those of the other takes, unless it has one."""
    animation: Any = person.armature.animation_data
    if any(strip.action == action for strip in _strips(animation)):
        return
    own = set(actions_of(person))
    below = [track for track in animation.nla_tracks if any(strip.action in own for strip in track.strips)]
    track = animation.nla_tracks.new(prev=below[-1]) if below else animation.nla_tracks.new()
    track.name = action.name
    strip = track.strips.new(action.name, int(action.frame_range[0]), action)
    if hasattr(strip, "action_slot"):
        strip.action_slot = slot_of(person.armature, action)
    strip.extrapolation = "HOLD"


def hidden_by(person: "THREEPOINT_PG_person") -> list[Message]:
    """What is to be said where the animator's own animation of the armature makes the active take look otherwise."""
    animation, own = person.armature.animation_data, set(actions_of(person))
    if animation is None:
        return []
    tracks = [track for track in animation.nla_tracks if not track.mute]
    alone = [track for track in tracks if track.is_solo]
    layers = [track.name for track in alone or tracks if any(strip.action not in own for strip in track.strips)]
    if animation.action is not None and animation.action not in own and not alone:
        layers.append(animation.action.name)
    if not layers:
        return []
    return [message("Beside the take your own animation plays: {names}; Export writes the take alone",
                    names=", ".join(layers))]  # fmt: skip


def push_to_nla(person: "THREEPOINT_PG_person") -> None:
    """Put every take on an NLA track of its own, the active one unmuted; own layers stay as they are."""
    shown = person.active_take
    for action in actions_of(person):
        _put_on_track(person, action)
    person.active_take = shown


def show_uncertainty_of_take(person: "THREEPOINT_PG_person") -> None:
    """Let the mesh show how sure the active take is; one of an older file, which has nothing of its own, leaves it."""
    take = active_take(person)
    if take is not None and take.uncertainty is not None and person.mesh is not None:
        choose_uncertainty(person.mesh, take.uncertainty, take.uncertainty_mean)


def keep_uncertainty_of_take(person: "THREEPOINT_PG_person") -> None:
    """What the mesh shows belongs to the active take."""
    take = active_take(person)
    if take is not None:
        take.uncertainty, take.uncertainty_mean = shown_uncertainty(person.mesh)


def forget_uncertainty_of_take(person: "THREEPOINT_PG_person") -> None:
    """The active take is about to get another; what other takes have is left alone."""
    take = active_take(person)
    if take is None or person.mesh is None:
        return
    others = {other.uncertainty for other in person.takes if other != take}
    if shown_uncertainty(person.mesh)[0] in others:
        release_mean(person.mesh)
    take.uncertainty = take.uncertainty_mean = None


def duplicate_take(person: "THREEPOINT_PG_person", index: int) -> "THREEPOINT_PG_take":
    """A copy of a take, its edits included, that is the active one."""
    source = person.takes[index]
    name, number, baked, action = source.name, source.number, source.baked, source.action
    group, mean = source.uncertainty, source.uncertainty_mean
    take = add_take(person, number, f"{name} copy")  # From here on ``source`` may lie elsewhere.
    if action is not None:
        take.action = action.copy()
        take.action.name, take.action.use_fake_user = f"{action.name} copy", True
    take.baked = baked
    if group is not None:
        take.uncertainty, take.uncertainty_mean = copied_uncertainty(group), mean.copy() if mean is not None else None
    person.active_take = len(person.takes) - 1
    return person.takes[-1]


def delete_take(person: "THREEPOINT_PG_person", index: int) -> None:
    """Take a take from the list, with its strips; the one before it plays."""
    take = person.takes[index]
    action, group, mean = take.action, take.uncertainty, take.uncertainty_mean
    person.takes.remove(index)
    if action is not None and action not in actions_of(person):
        action.use_fake_user = False
        animation = person.armature.animation_data if person.armature is not None else None
        if animation is not None:
            _remove_from(animation, action)
    person.active_take = max(0, min(index, len(person.takes)) - 1)
    forget_uncertainty(group, mean)


def _remove_from(animation: Any, action: bpy.types.Action) -> None:
    if animation.action == action:
        animation.use_tweak_mode = False
        animation.action = None
    for track in list(animation.nla_tracks):
        theirs = [strip for strip in track.strips if strip.action == action]
        for strip in theirs:
            track.strips.remove(strip)
        if theirs and not track.strips:
            animation.nla_tracks.remove(track)


def _strips(animation: Any) -> list[Any]:
    """All strips on the NLA."""
    return [strip for track in animation.nla_tracks for strip in track.strips] if animation is not None else []
