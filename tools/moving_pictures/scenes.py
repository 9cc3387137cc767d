"""What each moving picture shows."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from ...blender_addon.characters.reading import skins_of
from ...blender_addon.render.framing import FRAMING, Framing
from ...blender_addon.render.preview import Subject
from ...blender_addon.state import characters
from ...blender_addon.state.new_file import empty_file
from ...model_core.options import Options
from ...model_core.pins import PIN_JOINTS, Pin
from .material_colours import paint_by_materials
from .studio import SCENE_FPS, Found, Played, Studio, film, mark, scale_about_origin
from .webp import side_by_side

TRAIL = 0.5
"""Seconds of their past that points draw where nothing else is shown."""
WIDE, SMALL, TILE = (640, 384), (480, 300), (160, 150)
PAIR, TRIPLE, CLOSE = Framing(2.3, 0.88, 1.2), Framing(2.3, 0.88, 0.95), Framing(2.2, 0.9)
"""How near: two side by side, three, and one alone, whose hands are low."""
PLAYER = Played("bsor/humanid_user2_ref.bsor", 8, 13)
OTHER_PLAYER = Played("bsor/simsaber_motion.bsor", 10, 14)
UNSURE = Played("bsor/humanid_user4_ref.bsor", 6, 10)
DANCER = Played("bsor/humanid_user2_ref.bsor", 14, 18)
STANDING = Played("bsor/humanid_user0_ref.bsor", 4, 8)
MANY = tuple(
    Played(f"bsor/{name}.bsor", 4, 7)
    for name in (
        "humanid_user1_ref", "humanid_user3_ref", "humanid_user4_ref", "humanid_user5_ref", "simsaber_motion",
        "mgplus_usab0_0",
    )
)  # fmt: skip
MANY_COLUMNS = 3
CHARACTER, CHARACTER_SCALE = "kaykit_rogue/Rogue.glb", 0.62
"""A small figure with a big head, brought to the height of a person's chest."""
HELD = ("Bow", "Crossbow", "Knife", "Throwable")
"""Meshes that the character could hold are called so, and are left out."""
PINNED, PINNED_AT, LIFTED = "left_ankle", 2.0, (0.1, 0.35, 0.15)
"""The joint that is pinned, when, and by how many metres from where it was found: the motion's frame."""


@dataclass(frozen=True)
class Picture:
    """A moving picture: who is found for which recording and what is shown of them, for so long, in that size."""

    played: tuple[Played, ...]
    show: Callable[[Studio, Played], list[Subject]]
    size: tuple[int, int] = SMALL
    columns: int = 1
    framing: Framing = FRAMING

    def frames(self, studio: Studio) -> list[np.ndarray]:
        """Its frames (height, width, 3) uint8. Within ``scene_properties``."""
        films = []
        for played in self.played:
            empty_file(SCENE_FPS)
            films.append(film(self.show(studio, played), played.end - played.begin, self.size, self.framing))
        return side_by_side(films, self.columns)


def points_of(found: Found, label: str = "") -> Subject:
    """What the headset knew, and nothing else."""
    return replace(found.subject, meshes=(), trail=TRAIL, label=label)


def body_of(found: Found, label: str = "") -> Subject:
    """The body alone."""
    return replace(found.subject, trackers={}, label=label)


def _play(studio: Studio, played: Played) -> list[Subject]:
    found = studio.find(played)
    return [points_of(found, "recorded: head and hands"), body_of(found, "found: the whole body")]


def _import(studio: Studio, played: Played) -> list[Subject]:
    return [points_of(studio.find(played, Options(uncertainty=False, refinement=0)))]


def _predict(studio: Studio, played: Played) -> list[Subject]:
    return [studio.find(played).subject]


def _uncertainty(studio: Studio, played: Played) -> list[Subject]:
    return [body_of(studio.find(played, Options()))]


def _takes(studio: Studio, played: Played) -> list[Subject]:
    found = [studio.find(played, Options(uncertainty=False, take=take)) for take in range(3)]
    return [body_of(one, f"take {take}") for take, one in enumerate(found)]


def _pins(studio: Studio, played: Played) -> list[Subject]:
    found = studio.find(played)
    place = found.joint(PIN_JOINTS[PINNED], PINNED_AT) + LIFTED
    pin = Pin(PINNED, (PINNED_AT - 0.4, PINNED_AT + 0.4), (tuple(place.tolist()),) * 2, between=True)
    pinned = studio.find(played, Options(uncertainty=False, calibration=found.calibration, pins=(pin,)))
    return [body_of(found, "predicted"), replace(pinned.subject, trackers={"pin": mark(pinned, place)}, label="pinned")]


def _character(studio: Studio, played: Played) -> list[Subject]:
    found = studio.find(played)
    characters.add_character(found.person, studio.character(CHARACTER), found.person.id_data.users_scene[0])
    armature = found.person.character.armature
    skins = tuple(skin for skin in skins_of(armature) if not any(word in skin.name for word in HELD))
    for skin in skins:
        paint_by_materials(skin)
    scale_about_origin(armature, CHARACTER_SCALE)
    return [body_of(found, "avatar"), replace(body_of(found, "your character"), meshes=skins)]


def _live(studio: Studio, played: Played) -> list[Subject]:
    found = studio.find(played)
    return [body_of(studio.follow(found), "live"), body_of(found, "afterwards")]


PICTURES = {
    "play": Picture((PLAYER,), _play, WIDE),
    "import": Picture((OTHER_PLAYER,), _import),
    "predict": Picture((OTHER_PLAYER,), _predict),
    "uncertainty": Picture((UNSURE,), _uncertainty, framing=CLOSE),
    "takes": Picture((STANDING,), _takes, framing=TRIPLE),
    "pins": Picture((STANDING,), _pins, framing=PAIR),
    "character": Picture((DANCER,), _character, framing=PAIR),
    "batch": Picture(MANY, _predict, TILE, MANY_COLUMNS),
    "live": Picture((OTHER_PLAYER,), _live, framing=PAIR),
}
"""By the name of its file."""
