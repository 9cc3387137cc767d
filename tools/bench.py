"""Measure speed, side by side: networks, the whole road, L-BFGS, baking; ratios beside absolute figures."""

import json
import resource
import statistics
import time
from pathlib import Path

from threepoint.model_core.errors import InputError

from .arguments import CommandParser
from .outputs import Outputs

SECTIONS = ("networks", "road", "lbfgs", "blender")
REPEATS = 5
ONLINE_STEPS = 500
BASELINE_WINDOW = 40
"""Frames that an AvatarPoser-sized network sees for each frame it predicts."""
ROAD_SECONDS = 60.0
BAKED_FRAMES = 10_000
INSERTED_FRAMES = 300


def run(arguments):
    """Print a line a figure; write them all where ``--json`` says."""
    parser = CommandParser("bench", __doc__)
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=f"some of: {', '.join(SECTIONS)}; default all")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", choices=("auto", "cpu", "cuda", "mps"), default="cpu")
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.sections if name not in SECTIONS]
    if unknown:
        raise InputError(f"bench: no section '{unknown[0]}'; there are: {', '.join(SECTIONS)}")
    import torch

    torch.set_num_threads(options.threads)
    figures = {}
    for name in options.sections or SECTIONS:
        for label, (value, unit) in globals()[f"bench_{name}"](options).items():
            figures[label] = {"value": value, "unit": unit}
            print(f"{label:<62} {value:10.2f} {unit}", flush=True)
    if options.json:
        with Outputs() as outputs:
            outputs.path_for(options.json).write_text(json.dumps({"threads": options.threads, "figures": figures}))
    return 0


def median_seconds(work, repeats=REPEATS):
    """Median wall time of ``work()`` after one warm-up."""
    work()
    times = []
    for _ in range(repeats):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return statistics.median(times)


def long_recording(seconds):
    """The sample session over and over, forwards and backwards, until it is ``seconds`` long."""
    import numpy as np

    from threepoint.model_core.body import load_body
    from threepoint.model_core.recordings.recording import Recording, Track

    from .sample_recording import sample_recording

    sample = sample_recording(load_body(), np.zeros(10))
    count = int(seconds / sample.duration * (len(sample.time) - 1)) + 1
    there_and_back = np.concatenate([np.arange(len(sample.time)), np.arange(len(sample.time) - 2, 0, -1)])
    order = np.resize(there_and_back, count)
    step = sample.duration / (len(sample.time) - 1)
    tracks = {
        role: Track(track.position[order], track.rotation[order], track.valid[order])
        for role, track in sample.tracks.items()
    }
    return Recording(np.arange(count) * step, tracks, "sample", sample.device).validate()


def bench_networks(options):
    """SAGE offline and online beside a network of AvatarPoser's size and use, in the same process."""
    import torch

    from threepoint.model_core.body import load_body
    from threepoint.model_core.calibration import calibrate
    from threepoint.model_core.observation import FEATURE_COUNT
    from threepoint.model_core.pipeline import load_networks, observe
    from threepoint.model_core.sage.inference import SageStream, predict

    body = load_body()
    sage = load_networks(options.device).sage
    recording = long_recording(ROAD_SECONDS)
    observation = observe(recording, calibrate(recording, body))
    rest = body.rest_joints(observation.betas)
    frames = observation.frame_count
    offline = frames / median_seconds(lambda: predict(sage, observation, rest))

    stream = SageStream(sage, rest)
    seen = list(zip(observation.rotations, observation.positions, observation.valid, strict=True))
    online = _median_step(stream.step, seen)

    baseline = _avatarposer_sized(FEATURE_COUNT).to(options.device).eval()
    windows = torch.randn(256, BASELINE_WINDOW, FEATURE_COUNT, device=options.device)
    with torch.inference_mode():
        baseline_offline = len(windows) / median_seconds(lambda: baseline(windows)[:, -1].cpu())
        one = [(windows[i % 256 : i % 256 + 1],) for i in range(ONLINE_STEPS)]
        baseline_online = _median_step(lambda window: baseline(window)[:, -1].cpu(), one)
    count = sum(p.numel() for p in sage.parameters()) / 1e6
    return {
        "SAGE, parameters": (count, "million"),
        "SAGE offline": (offline, "frames/s"),
        "AvatarPoser-sized offline, stride 1": (baseline_offline, "frames/s"),
        "SAGE offline over AvatarPoser-sized": (offline / baseline_offline, "x"),
        "SAGE online, one step": (1e3 * online, "ms"),
        "AvatarPoser-sized online, one step": (1e3 * baseline_online, "ms"),
        "AvatarPoser-sized over SAGE, one step": (baseline_online / online, "x"),
    }


def _median_step(step, inputs, count=ONLINE_STEPS, warm_up=60):
    times = []
    for number in range(count + warm_up):
        begun = time.perf_counter()
        step(*inputs[number % len(inputs)])
        times.append(time.perf_counter() - begun)
    return statistics.median(times[warm_up:])


def _avatarposer_sized(features):
    """A transformer of AvatarPoser's size (4 million parameters): 3 layers, width 256, 8 heads, feed-forward 2048."""
    from torch import nn

    layer = nn.TransformerEncoderLayer(256, 8, 2048, batch_first=True)
    head = nn.Sequential(nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 132))
    return nn.Sequential(nn.Linear(features, 256), nn.TransformerEncoder(layer, 3), head)


def bench_road(options):
    """The whole road on a minute of recording: real-time factor, share of each stage, memory."""
    from threepoint.model_core.pipeline import Options, animate, load_networks

    networks = load_networks(options.device)
    recording = long_recording(ROAD_SECONDS)
    stamps = []

    def watch(fraction, stage):
        if not stamps or stamps[-1][0] != stage:
            stamps.append((stage, time.perf_counter()))

    begun = time.perf_counter()
    animate(recording, Options(device=options.device), watch, networks)
    ended = time.perf_counter()
    figures = {
        f"road, {ROAD_SECONDS:.0f} s recording": (ended - begun, "s"),
        "road, times faster than real time": (ROAD_SECONDS / (ended - begun), "x"),
    }
    shares = {}
    for (stage, start), (_, end) in zip(stamps, [*stamps[1:], ("", ended)], strict=True):
        shares[stage] = shares.get(stage, 0) + (end - start) / (ended - begun)
    figures |= {f"road, share of {stage}": (100 * share, "%") for stage, share in shares.items()}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return figures | {"road, peak memory of the process": (peak, "MiB")}


def bench_lbfgs(options):
    """Batched L-BFGS beside torch's and scipy's frame by frame, on FLAG's single-frame energy."""
    import scipy.optimize
    import torch

    from threepoint.model_core.body import load_body
    from threepoint.model_core.calibration import calibrate
    from threepoint.model_core.flag.energy import gather_evidence, place_body, region_energy, tracker_energy
    from threepoint.model_core.lbfgs import minimise
    from threepoint.model_core.pipeline import load_networks, observe

    iterations, batched_frames, single_frames = 20, 1024, 4
    body, recording = load_body(), long_recording(ROAD_SECONDS)
    observation = observe(recording, calibrate(recording, body))
    flag = load_networks(options.device).flag
    like = flag.pose.scale
    seen = [
        torch.as_tensor(values[:batched_frames]).to(like)
        for values in (observation.rotations, observation.positions, observation.valid)
    ]
    evidence = gather_evidence(flag, *seen, torch.as_tensor(body.rest_joints(observation.betas)[:22]).to(like))

    def cost(z, items):
        known = evidence.take(items)
        world, joints = place_body(flag.pose, flag.flow(z, known.context), known)
        return tracker_energy(world, joints, known) + region_energy(z, known)

    def one_torch(frame):
        z = evidence.mean[frame : frame + 1].clone().requires_grad_(True)
        optimizer = torch.optim.LBFGS([z], max_iter=iterations, line_search_fn="strong_wolfe")

        def closure():
            optimizer.zero_grad()
            energy = cost(z, torch.tensor([frame])).sum()
            energy.backward()
            return energy

        optimizer.step(closure)

    def one_scipy(frame):
        def value(z):
            z = torch.tensor(z, dtype=torch.float32)[None].requires_grad_(True)
            energy = cost(z, torch.tensor([frame])).sum()
            return energy.item(), torch.autograd.grad(energy, z)[0][0].double().numpy()

        start = evidence.mean[frame].double().cpu().numpy()
        scipy.optimize.minimize(value, start, jac=True, method="L-BFGS-B", options={"maxiter": iterations})

    batched = batched_frames / median_seconds(lambda: minimise(cost, evidence.mean, iterations), 1)
    alone = single_frames / median_seconds(lambda: [one_torch(i) for i in range(single_frames)], 1)
    oracle = single_frames / median_seconds(lambda: [one_scipy(i) for i in range(single_frames)], 1)
    return {
        f"L-BFGS batched, {batched_frames} frames, {iterations} iterations": (batched, "frames/s"),
        "torch.optim.LBFGS frame by frame": (alone, "frames/s"),
        "scipy L-BFGS-B frame by frame": (oracle, "frames/s"),
        "batched over torch's": (batched / alone, "x"),
        "batched over scipy's": (batched / oracle, "x"),
    }


def bench_blender(options):
    """Baking by bulk F-curve calls beside keyframe_insert; scrubbing with and without uncertainty."""
    import bpy
    import numpy as np

    from threepoint.blender_addon.armature import create_avatar
    from threepoint.blender_addon.bake import bake_motion
    from threepoint.blender_addon.scene import empty_file, show_motion_colours
    from threepoint.model_core.body import load_body
    from threepoint.model_core.motion import Motion, Uncertainty
    from threepoint.model_core.probes import choose_probes
    from threepoint.model_core.rotations import axis_angle_to_quaternion

    body, rng = load_body(), np.random.default_rng(0)
    angles = np.cumsum(rng.normal(0, 0.01, (BAKED_FRAMES, 22, 3)), 0)
    vertices, index, weight = choose_probes(body)
    unsure = Uncertainty(rng.random((BAKED_FRAMES, len(vertices)), np.float32) * 0.1, index, weight)
    translation = np.cumsum(rng.normal(0, 0.002, (BAKED_FRAMES, 3)), 0)
    quaternions = axis_angle_to_quaternion(angles).astype(np.float32)
    motion = Motion(60.0, quaternions, translation.astype(np.float32), np.zeros(10), uncertainty=unsure)
    scene = empty_file(60)
    avatar = create_avatar(body, motion.betas, "bench")
    baking = median_seconds(lambda: bake_motion(avatar.armature, motion, scene, "bench"), 3)

    def scrub():
        for frame in rng.integers(0, BAKED_FRAMES, 50):
            scene.frame_set(int(frame))
            avatar.mesh.evaluated_get(bpy.context.evaluated_depsgraph_get())

    plain = median_seconds(scrub, 3) / 50
    show_motion_colours(avatar.mesh, motion, scene)
    coloured = median_seconds(scrub, 3) / 50

    avatar.armature.animation_data_clear()
    bones = avatar.armature.pose.bones
    begun = time.perf_counter()
    for frame in range(INSERTED_FRAMES):
        for joint, bone in enumerate(list(bones)[:22]):
            bone.rotation_quaternion = quaternions[frame, joint]
            bone.keyframe_insert("rotation_quaternion", frame=frame)
    inserting = time.perf_counter() - begun
    return {
        f"bake {BAKED_FRAMES} frames": (baking, "s"),
        f"keyframe_insert, {INSERTED_FRAMES} frames": (inserting, "s"),
        "frames a second, bulk over keyframe_insert": ((BAKED_FRAMES / baking) / (INSERTED_FRAMES / inserting), "x"),
        "one frame while scrubbing, body alone": (1e3 * plain, "ms"),
        "one frame while scrubbing, uncertainty added": (1e3 * (coloured - plain), "ms"),
    }
