"""SAGE's parts and their use: shapes, determinism, windows that join, streams that agree with windows."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch

from threepoint.model_core.body.proportions import body_size
from threepoint.model_core.errors import Cancelled, InputError
from threepoint.model_core.evaluation.methods import observe_truth
from threepoint.model_core.geometry.kinematics import forward_kinematics
from threepoint.model_core.geometry.rotations import rotation_about_y
from threepoint.model_core.observation import FEATURE_COUNT, Observation
from threepoint.model_core.pipeline import load_networks
from threepoint.model_core.sage import inference
from threepoint.model_core.sage.diffusion import TRAINING_STEPS, add_noise, alpha_sigma
from threepoint.model_core.sage.inference import _start_noise, observed_features, predict
from threepoint.model_core.sage.model import (
    CONFIGS,
    STREAM_CONTEXT_LENGTH,
    Sage,
    Sampling,
    load_sage,
    save_sage,
    to_world,
)
from threepoint.model_core.sage.streaming import SageStream
from threepoint.model_core.sage.vqvae import HalfBodyVQVAE, ProductQuantizer, perplexity


@pytest.fixture(scope="module")
def sage():
    torch.manual_seed(0)
    return Sage(CONFIGS["smoke"]).eval()


@pytest.fixture(scope="module")
def clip(make_clip):
    return make_clip(75)


def test_parts_keep_their_shapes(sage):
    seen = torch.randn(3, 16, FEATURE_COUNT)
    pose, contacts = sage(seen)
    assert pose.shape == (3, 16, 132) and contacts.shape == (3, 16, 4)
    assert sage.refiner(pose, seen, torch.randn(3, 22, 3)).shape == pose.shape
    upper, lower = sage.latents(seen)
    assert upper.shape == lower.shape == (3, 8, sage.latent_size)


def test_the_lower_latent_depends_on_the_upper_one(sage):
    seen = torch.randn(2, 16, FEATURE_COUNT)
    step = torch.zeros(2).long()
    noisy = torch.zeros(2, 8, sage.latent_size)
    first = sage.lower_diffusion(noisy, step, seen, condition=torch.zeros_like(noisy))
    second = sage.lower_diffusion(noisy, step, seen, condition=torch.ones_like(noisy))
    assert (first - second).abs().max() > 1e-3


def test_quantised_latents_are_codebook_entries_with_a_gradient():
    quantizer = ProductQuantizer(groups=3, codes=8, channels=2).eval()
    latents = torch.randn(4, 5, 6, requires_grad=True)
    quantised, commitment, codes = quantizer(latents)
    for group in range(3):
        chosen = quantizer.codebooks[group][codes[..., group]]
        torch.testing.assert_close(quantised[..., 2 * group : 2 * group + 2], chosen)
    quantised.sum().backward()
    assert commitment > 0 and (latents.grad == 1).all()


def test_dead_codes_are_revived():
    torch.manual_seed(0)
    quantizer = ProductQuantizer(groups=1, codes=16, channels=2, decay=0.9).train()
    with torch.no_grad():
        quantizer.codebooks[0, 8:] += 100  # Half of the codes start where no data is.
        quantizer.sums.copy_(quantizer.codebooks)
    data = torch.randn(256, 1, 2)
    for _ in range(60):
        quantizer(data)
    assert quantizer.codebooks.abs().max() < 10
    assert perplexity(quantizer(data)[2], 16) > 12


def test_a_vqvae_learns_to_rebuild():
    torch.manual_seed(0)
    vqvae = HalfBodyVQVAE(joints=4, width=32, layers=1, heads=2, groups=2, codes=16, channels=4)
    pose = torch.randn(16, 8, 24)
    optimizer = torch.optim.AdamW(vqvae.parameters(), lr=3e-3)
    losses = []
    for _ in range(60):
        rebuilt, commitment, _ = vqvae(pose)
        loss = (rebuilt - pose).square().mean() + 0.25 * commitment
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.8 * losses[0]


def test_the_noise_schedule_ends_in_noise_and_keeps_variance():
    signal, noise = alpha_sigma(torch.arange(TRAINING_STEPS))
    torch.testing.assert_close(signal**2 + noise**2, torch.ones(TRAINING_STEPS))
    assert signal[0] > 0.999 and signal[-1] < 0.01 and (signal.diff() < 0).all()
    clean = torch.randn(2, 3, 4)
    torch.testing.assert_close(add_noise(clean, torch.zeros(2).long(), torch.zeros_like(clean)), signal[0] * clean)


@pytest.mark.parametrize("frames", [2, 3, 15, 16, 17, 75])
def test_recordings_of_any_length(sage, clip, frames):
    seen = observe_truth(clip)
    short = Observation(seen.rotations[:frames], seen.positions[:frames], seen.valid[:frames], seen.betas)
    found = predict(sage, short, clip.rest_joints)
    assert found.rotations.shape == (frames, 22, 3, 3) and found.contacts.shape == (frames, 4)
    identity = found.rotations @ found.rotations.transpose(-1, -2)
    torch.testing.assert_close(identity, torch.eye(3).expand_as(identity), atol=1e-5, rtol=0)


def test_moving_and_turning_the_room_moves_and_turns_the_body(sage, clip):
    seen = observe_truth(clip)
    turn, shift = rotation_about_y(np.array(np.pi / 2)), np.array([5.0, 0.0, 5.0])
    turned = Observation(
        turn @ seen.rotations, (turn @ seen.positions[..., None])[..., 0] + shift, seen.valid, seen.betas
    )
    # In half precision the last digits of what is seen count for more.
    here, there = (predict(sage, moved, clip.rest_joints, half=False) for moved in (seen, turned))
    expected = (turn @ here.translation.numpy()[..., None])[..., 0] + shift
    np.testing.assert_allclose(there.translation.numpy(), expected, atol=1e-4)
    np.testing.assert_allclose(there.rotations[:, 1:].numpy(), here.rotations[:, 1:].numpy(), atol=1e-4)
    np.testing.assert_allclose(there.rotations[:, 0].numpy(), turn @ here.rotations[:, 0].numpy(), atol=1e-4)


def test_a_lost_hand_never_feeds_its_filler(sage, clip):
    seen = observe_truth(clip)
    valid = seen.valid.copy()
    valid[20:50, 2] = False
    invented = seen.positions.copy()
    invented[20:50, 2] = 9.0
    first = predict(sage, Observation(seen.rotations, seen.positions, valid, seen.betas), clip.rest_joints)
    second = predict(sage, Observation(seen.rotations, invented, valid, seen.betas), clip.rest_joints)
    torch.testing.assert_close(first.rotations, second.rotations)


def test_one_seed_is_one_take_and_another_seed_another(sage, clip):
    seen = observe_truth(clip)
    takes = [predict(sage, seen, clip.rest_joints, Sampling(3, 1.0, seed)).rotations for seed in (1, 1, 2)]
    torch.testing.assert_close(takes[0], takes[1])
    assert (takes[0] - takes[2]).abs().max() > 1e-3


def test_a_stream_is_what_the_networks_make_of_the_past_alone(sage, clip):
    seen, sage = observe_truth(clip), copy.deepcopy(sage)
    torch.nn.init.normal_(sage.refiner.correct.weight, std=0.1)  # It begins as zero: the GRU would not show.
    stream = SageStream(sage, clip.rest_joints)
    found = [stream.step(*frame) for frame in zip(seen.rotations, seen.positions, seen.valid, strict=True)]
    features, rotations, positions, rest = observed_features(seen, clip.rest_joints)
    even = slice(0, len(features) // 2 * 2)
    with torch.inference_mode():
        pose, _ = sage.streamed(features[None, even])
        pose = sage.refiner(pose, features[None, even], (rest / body_size(rest))[None])
    local, translation, _, _ = to_world(pose[0], rotations[even, 0], positions[even, 0], rest)
    torch.testing.assert_close(torch.stack([f[0] for f in found])[even], local, atol=1e-4, rtol=0)
    torch.testing.assert_close(torch.stack([f[1] for f in found])[even], translation, atol=1e-4, rtol=0)


def test_what_comes_later_changes_nothing_in_a_stream(sage):
    seen = torch.randn(1, 40, FEATURE_COUNT)
    other = torch.cat([seen[:, :25], torch.randn(1, 15, FEATURE_COUNT)], 1)
    with torch.inference_mode():
        first, second = sage.streamed(seen)[0], sage.streamed(other)[0]
    torch.testing.assert_close(first[:, :25], second[:, :25])
    assert (first[:, 25] - second[:, 25]).abs().max() > 1e-4


def test_a_stream_forgets_what_is_beyond_its_span(sage):
    layers = len(sage.upper_diffusion.blocks) + len(sage.lower_diffusion.blocks) + len(sage.decoder.blocks)
    reach = 2 * (layers * (STREAM_CONTEXT_LENGTH - 1) + 3)
    seen = torch.randn(1, reach + 12, FEATURE_COUNT)
    other = torch.cat([torch.randn(1, 10, FEATURE_COUNT), seen[:, 10:]], 1)
    with torch.inference_mode():
        first, second = sage.streamed(seen)[0], sage.streamed(other)[0]
    torch.testing.assert_close(first[:, -1], second[:, -1])
    assert (first[:, 9] - second[:, 9]).abs().max() > 1e-4


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")
def test_one_seed_is_one_motion_on_every_device(clip):
    seen, take = observe_truth(clip), Sampling(5, 1.0, 1)
    found = [predict(load_networks(device).sage, seen, clip.rest_joints, take) for device in ("cpu", "cuda")]
    here, there = (
        forward_kinematics(f.rotations.cpu(), f.translation.cpu(), torch.from_numpy(clip.rest_joints).float())[1]
        for f in found
    )
    assert (here - there).norm(dim=-1).max() < 1e-3


def test_a_stream_has_takes_too(sage, clip):
    seen = observe_truth(clip)

    def poses(sampling):
        stream = SageStream(sage, clip.rest_joints, sampling)
        return torch.stack([stream.step(*f)[0] for f in zip(seen.rotations, seen.positions, seen.valid, strict=True)])

    first, again, other = (poses(Sampling(2, 1.0, seed)) for seed in (1, 1, 2))
    torch.testing.assert_close(first, again)
    assert (first - other).abs().max() > 1e-3


def test_progress_rises_and_can_cancel(sage, clip, monkeypatch):
    monkeypatch.setattr(inference, "WINDOW", 50)
    monkeypatch.setattr(inference, "WINDOWS_PER_BATCH", 1)
    fractions = []
    predict(sage, observe_truth(clip), clip.rest_joints, progress=lambda fraction, stage: fractions.append(fraction))
    assert len(fractions) > 2 and fractions[0] == 0 and fractions == sorted(set(fractions)) and fractions[-1] < 1

    def refuse(fraction, stage):
        raise Cancelled

    with pytest.raises(Cancelled):
        predict(sage, observe_truth(clip), clip.rest_joints, progress=refuse)


def test_weights_survive_saving(sage, tmp_path):
    save_sage(sage, tmp_path / "of" / "today")
    again = load_sage(tmp_path / "of" / "today")
    seen = torch.randn(1, 16, FEATURE_COUNT)
    torch.testing.assert_close(again(seen)[0], sage(seen)[0], atol=2e-2, rtol=0)
    assert again.config == sage.config


@pytest.mark.parametrize("content", [b"", b"not weights at all"])
def test_a_file_that_is_no_weights_is_refused_in_one_line(tmp_path, content):
    (tmp_path / "sage_vqvae.safetensors").write_bytes(content)
    with pytest.raises(InputError, match="sage_vqvae.safetensors") as refusal:
        load_sage(tmp_path)
    assert "\n" not in str(refusal.value)


def test_noise_that_goes_one_way_is_as_strong_and_changes_slowly():
    tokens, latent = 3000, 8
    moving = np.zeros(tokens, np.float32)
    white = _start_noise(Sampling(5, 0.5, 1), moving, latent, torch.device("cpu"))
    slow = _start_noise(Sampling(5, 0.5, 1, smoothing=8.0), moving, latent, torch.device("cpu"))
    assert white.shape == slow.shape == (2, tokens, latent)
    for noise in (white, slow):
        assert float(noise.std()) == pytest.approx(0.5, rel=0.06)
    for place, noise in (("ends", slow[:, [0, -1]]), ("middle", slow[:, 1000:1100])):
        assert 0.2 < float(noise.std()) < 0.8, place
    assert (slow[:, 1:] - slow[:, :-1]).std() < 0.15 * (white[:, 1:] - white[:, :-1]).std()


def test_noise_changes_slowly_and_is_weaker_under_a_still_head_and_goes_on_as_before_elsewhere():
    tokens, latent = 4000, 8
    still = np.repeat(np.float32([0, 1, 0]), [500, 3000, 500])
    drawn = Sampling(5, 0.5, 1, smoothing=8.0, still_pace=0.25, still_noise=0.6)
    noise = _start_noise(drawn, still, latent, torch.device("cpu"))
    assert noise.shape == (2, tokens, latent)
    step, quiet = (noise[:, 1:] - noise[:, :-1]).square().mean((0, 2)).sqrt(), slice(510, 3490)
    moving = torch.cat([step[:490], step[3510:]]).mean()
    assert float(step[quiet].mean() / moving) == pytest.approx(0.25 * 0.6, rel=0.1)
    assert float(noise[:, quiet].std()) == pytest.approx(0.6 * 0.5, rel=0.15)
    never = _start_noise(Sampling(5, 0.5, 1, smoothing=8.0), still, latent, torch.device("cpu"))
    assert torch.equal(never, _start_noise(Sampling(5, 0.5, 1, smoothing=8.0), 0 * still, latent, torch.device("cpu")))


def test_the_noise_of_a_prediction_heeds_how_still_the_head_is(sage, clip):
    seen, drawn = observe_truth(clip), Sampling(2, 1.0, 1, still_noise=0.0)
    calm, none = (predict(sage, seen, clip.rest_joints, each).rotations for each in (drawn, Sampling(2, 1e-9, 1)))
    assert torch.allclose(calm, none, atol=1e-4)
    walking = replace(seen, positions=seen.positions + np.linspace(0, 3, 75)[:, None, None] * np.float32([1, 0, 0]))
    moved, none = (predict(sage, walking, clip.rest_joints, each).rotations for each in (drawn, Sampling(2, 1e-9, 1)))
    assert (moved - none).abs().max() > 1e-3
