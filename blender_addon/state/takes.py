"""A person's takes: predicted motions, each an action; one of them plays."""

from typing import TYPE_CHECKING

import bpy

from ..animation.curves import use_action

if TYPE_CHECKING:
    from .properties import THREEPOINT_PG_person


def keep_take(person: "THREEPOINT_PG_person", action: bpy.types.Action, number: int) -> None:
    """Keep the action as the take ``number`` and play it: one of this number is replaced, others stay."""
    index = next((i for i, take in enumerate(person.takes) if take.number == number), len(person.takes))
    if index == len(person.takes):
        person.takes.add()
    take = person.takes[index]
    if take.action is not None:
        take.action.use_fake_user = False
    action.use_fake_user = True
    take.name, take.number, take.action = f"Take {number}" if number else "Mean", number, action
    person.active_take = index


def show_take(person: "THREEPOINT_PG_person") -> None:
    """Play the active take: on its NLA track, if the takes have been put there, else as the armature's action."""
    if person.armature is None or not 0 <= person.active_take < len(person.takes):
        return
    action = person.takes[person.active_take].action
    animation = person.armature.animation_data
    if action is None:
        return
    if animation is None or animation.action is not None or action.name not in animation.nla_tracks:
        use_action(person.armature, action)
        return
    for take in person.takes:
        if take.action is not None and take.action.name in animation.nla_tracks:
            animation.nla_tracks[take.action.name].mute = take.action != action


def actions_of(person: "THREEPOINT_PG_person") -> list[bpy.types.Action]:
    """The actions of all takes."""
    return [take.action for take in person.takes if take.action is not None]


def remove_takes(person: "THREEPOINT_PG_person") -> None:
    """Let go of all takes; their actions go with the next save."""
    for action in actions_of(person):
        action.use_fake_user = False
    person.takes.clear()


def push_to_nla(person: "THREEPOINT_PG_person") -> None:
    """Put every take on an NLA track of its own, the active one unmuted."""
    animation = person.armature.animation_data
    for index, take in enumerate(person.takes):
        if take.action is None:
            continue
        track = animation.nla_tracks.get(take.action.name) or animation.nla_tracks.new()
        track.name = take.action.name
        if not track.strips:
            strip = track.strips.new(take.action.name, int(take.action.frame_range[0]), take.action)
            if hasattr(strip, "action_slot") and strip.action_slot is None:
                strip.action_slot = take.action.slots[0]
        track.mute = index != person.active_take
    animation.action = None
