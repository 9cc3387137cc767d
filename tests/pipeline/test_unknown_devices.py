"""Devices that nobody knows: a T-pose that is held, else a fit to the motion, and the line that says so."""

import importlib
from dataclasses import replace

import numpy as np
import pytest
import torch

from threepoint.model_core.calibration import PRESETS, Calibration, Offset, load, preset_offsets, save
from threepoint.model_core.flag.model import CONFIGS, Flag
from threepoint.model_core.geometry.rotations import axis_angle_to_matrix, geodesic_angle, quaternion_to_matrix
from threepoint.model_core.geometry.skeleton import ROLES, TRACKED_JOINTS
from threepoint.model_core.pipeline import Options, calibrate, unknown_devices
from threepoint.model_core.pipeline.unknown_devices import PRESET_ADVANTAGE, fit_unknown
from threepoint.model_core.recordings import Track
from threepoint.model_core.recordings.model_frame import model_frame
from threepoint.model_core.refinement import device_offsets as flag_offsets

simulate_devices = importlib.import_module("threepoint.tools.simulation.devices")


@pytest.fixture(scope="module")
def simulation(make_clip, body):
    return simulate_devices.simulate(make_clip(240), body, np.random.default_rng(2))


@pytest.fixture(scope="module")
def moving(simulation):
    return simulate_devices.without_t_pose(simulation)


def find(recording, body, networks=None, progress=None, **said):
    """The pipeline's calibration; without ``networks`` it may need none."""

    def needless():
        raise AssertionError("networks are not needed here")

    return calibrate(model_frame(recording), Options(body=body, **said), networks or needless, progress)


def codes(calibration):
    return [note.code for note in calibration.notes]


def test_joints_need_no_networks(make_recording, body):
    assert codes(find(make_recording(2.0, device="joints"), body)) == ["tracks_are_joints"]
    assert "hands_fitted" not in codes(find(make_recording(2.0, device="hand"), body))


def test_a_preset_that_is_named_goes_before_all(moving, body, networks):
    found = find(moving, body, networks, preset="touch")
    assert found.notes[-2].values["preset"] == "touch" and codes(found)[-1] == "hands_fitted"


def test_a_t_pose_that_is_held_tells_the_offsets_of_unknown_devices(simulation, body):
    found = find(simulation.recording, body)
    assert codes(found)[0] == "unknown_device_t_pose"
    for role in ROLES[1:]:
        assert np.linalg.norm(found.offsets[role].position - simulation.offsets[role].position) < 0.01


def test_without_a_t_pose_the_offsets_are_fitted_said_and_kept(simulation, moving, body, networks, tmp_path):
    fractions = []
    found = find(moving, body, networks, progress=lambda fraction, stage: fractions.append(fraction))
    assert "both hands' offsets fitted to 4 s of motion" in str(found.notes[-1])
    assert fractions == sorted(fractions) and fractions[-1] == 1
    for role in ROLES[1:]:
        mine, true = (quaternion_to_matrix(c[role].rotation) for c in (found.offsets, simulation.offsets))
        assert np.degrees(geodesic_angle(mine, true)) < 45, role
        assert np.linalg.norm(found.offsets[role].position) < 0.25, role
    save(tmp_path / "me.json", found)
    again = load(tmp_path / "me.json")
    np.testing.assert_allclose(again.offsets["left_hand"].rotation, found.offsets["left_hand"].rotation, atol=1e-12)


def test_a_hand_without_a_tracker_is_left_out(moving, body, networks):
    one_handed = replace(moving, tracks={role: moving.tracks[role] for role in ("head", "right_hand")})
    found = find(one_handed, body, networks)
    assert "the right hand's offset fitted" in str(found.notes[-1])


def test_hands_that_are_hardly_seen_are_taken_for_grips(moving, body, networks):
    seen = np.arange(len(moving.time)) < 40
    tracks = {
        role: Track(t.position, t.rotation, t.valid & (seen | (role == "head"))) for role, t in moving.tracks.items()
    }
    found = find(replace(moving, tracks=tracks), body, networks)
    assert codes(found)[-1] == "unknown_device_hardly_seen"


@pytest.fixture(scope="module")
def devices(simulation):
    """Frames of the simulated recording as FLAG's fit sees them, and the true offsets."""
    frames = slice(200, None, 8)
    turns, places = simulation.rotations[frames, TRACKED_JOINTS], simulation.positions[frames, TRACKED_JOINTS]
    rotations = np.stack([quaternion_to_matrix(simulation.offsets[role].rotation) for role in ROLES[1:]])
    positions = np.stack([simulation.offsets[role].position for role in ROLES[1:]])
    held = turns[:, 1:] @ rotations.swapaxes(-1, -2)
    values = turns[:, 0], places[:, 0], held, places[:, 1:] - (held @ positions[..., None])[..., 0]
    seen = torch.ones(len(turns), 2)
    return (
        flag_offsets.Devices(*(torch.tensor(value).float() for value in values), seen),
        torch.tensor(rotations).float(),
        torch.tensor(positions).float(),
    )


def test_the_true_offsets_lead_from_devices_to_wrists(simulation, devices):
    frames, rotations, positions = devices
    turns, places = frames.joints(rotations, positions)
    np.testing.assert_allclose(places, simulation.positions[200::8, TRACKED_JOINTS], atol=1e-5)
    np.testing.assert_allclose(turns, simulation.rotations[200::8, TRACKED_JOINTS], atol=1e-5)


def test_flag_finds_true_offsets_likelier_than_turned_ones(simulation, devices, body, networks):
    frames, rotations, positions = devices
    flag, rest = networks.flag, torch.tensor(body.rest_joints(simulation.betas)[:22]).float()
    turned = rotations @ axis_angle_to_matrix(torch.tensor([1.2, 0.0, 0.6]))
    both = torch.stack([rotations, turned]), torch.stack([positions, positions])
    true, wrong = flag_offsets.offset_costs(flag, frames, rest, *both)
    assert true < wrong
    found = flag_offsets.fit_offsets(flag, frames, rest, turned, positions)
    before, after = (geodesic_angle(turn, rotations).mean() for turn in (turned, found[0]))
    assert after < before


def test_offsets_that_make_other_frames_no_likelier_are_not_kept(devices, body, monkeypatch):
    frames, rotations, positions = devices
    monkeypatch.setattr(flag_offsets, "offset_costs", lambda *_: (1.0, 2.0))
    rest = torch.tensor(body.rest_joints(np.zeros(10))[:22]).float()
    assert flag_offsets.fit_offsets(Flag(CONFIGS["smoke"]), frames, rest, rotations, positions) is None


def test_person_floor_and_head_stay_as_they_were(moving, body, networks):
    given = {role: Offset(np.array([1.0, 0, 0, 0]), np.zeros(3)) for role in ROLES}
    calibration = Calibration(np.eye(10)[0] * 0.5, -0.02, given)
    found = fit_unknown(model_frame(moving), calibration, body, networks, likelihood=False)
    np.testing.assert_array_equal(found.betas, calibration.betas)
    assert found.floor == calibration.floor and found.offsets["head"] is given["head"]


def test_a_preset_that_is_nearly_as_likely_as_anything_is_taken_as_it_is(moving, body, networks, monkeypatch):
    guesses = [*PRESETS, "devices_on_wrists", "natural_wrists"]
    costs = torch.full((len(guesses),), 20.0)
    costs[guesses.index("natural_wrists")], costs[guesses.index("touch")] = 5.0, 5.0 + PRESET_ADVANTAGE / 2
    monkeypatch.setattr(unknown_devices, "offset_costs", lambda *_: costs)
    found = find(moving, body, networks)
    assert "taken for preset 'touch'" in str(found.notes[-1])
    expected = preset_offsets("touch", float(body.size(found.betas)))["left_hand"]
    np.testing.assert_array_equal(found.offsets["left_hand"].position, expected.position)
