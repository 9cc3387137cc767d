"""The third step: from an observation to the motion of a body. SAGE predicts it, refinement under FLAG's prior brings
it to the trackers, and the spread of FLAG's latent region says how sure it is."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from ..body import load_body
from ..body.foot_contacts import foot_rest_heights
from ..body.proportions import body_size
from ..calibration import Calibration
from ..direction.contacts import GivenContact, given_contacts
from ..direction.ground import GroundHeights
from ..direction.seats import Seat
from ..geometry.kinematics import forward_kinematics
from ..geometry.rotations import make_continuous, matrix_to_quaternion, quaternion_to_matrix, slerp_matrices
from ..geometry.skeleton import BODY_JOINT_COUNT
from ..motion import Motion, Uncertainty
from ..notes import Note
from ..observation import FPS, Observation
from ..options import Options
from ..pins import Pin
from ..progress import Progress, Stages, part_of
from ..refinement.body_trackers import BodyTrackers, tracked_feet
from ..refinement.closed_form.on_ground import GroundUnder, put_on_ground
from ..refinement.initial_motion import STILL, Unrefined
from ..refinement.pinning.bring import bring_to_pins
from ..refinement.refine import ToRefine, refine_all
from ..refinement.standing.feet import contacts_at_rest, foot_contacts, obey_contacts
from ..refinement.standing.steady import steady_predictions
from ..refinement.standing.taken_off import stand_on
from ..refinement.uncertainty import measure_uncertainty
from ..sage.inference import Prediction
from ..sage.stillness import stillness
from .body_trackers import body_trackers
from .ground import lowered_origin
from .lost_hands import with_lost_hands
from .networks import Networks
from .pins import held_joints, missed_notes
from .seats import of_seats, seat_pins, sitting_notes
from .takes import part_taken_over, predict_takes, sampling_of

REFINED = 0.6
"""The fraction of refining that is done before pins are met, for the progress bar only."""
UNCERTAINTY_SAMPLES = 16
"""Draws from the latent region by which uncertainty is estimated."""


@dataclass(frozen=True)
class Solution:
    """A body's local ``rotations`` (T, 22, 3, 3) and pelvis ``translation`` (T, 3) in metres, the ``contacts`` (T, 4)
    of ``skeleton.FEET`` that they were found with, the body trackers (and pins, as such) that they were brought to, and
    what is to be said about them."""

    rotations: torch.Tensor
    translation: torch.Tensor
    contacts: torch.Tensor
    body_trackers: BodyTrackers | None
    notes: tuple[Note, ...] = ()


def solve(
    observation: Observation,
    calibration: Calibration,
    options: Options,
    networks: Networks,
    progress: Progress | Stages | None = None,
    start: Motion | None = None,
) -> Motion:
    """The ``Motion`` of an observation, at 60 Hz in the model's frame, where the recording was in the room.

    Of ``options`` body, seed, take, its part, refinement, pins and uncertainty count. Networks see windows: of the
    observation's length, only what is a few numbers a joint and frame is held. ``progress`` may be the ``Stages`` of an
    outer step. With a ``start``, a motion at any rate with the recording's clock, pins and a part of a take change that
    one; nothing else is predicted. Raises ``InputError``.
    """
    return solve_all([observation], [calibration], options, networks, progress, start)[0]


def solve_all(
    observations: Sequence[Observation],
    calibrations: Sequence[Calibration],
    options: Options,
    networks: Networks,
    progress: Progress | Stages | None = None,
    start: Motion | None = None,
) -> list[Motion]:
    """The ``Motion`` of each of several observations, whose windows share the networks' batches; see ``solve``.

    A ``start`` is of a single one.
    """
    options.validate()
    stages = progress if isinstance(progress, Stages) else _stages_of_solving(progress)
    body = options.body or load_body()
    rest = [body.rest_joints(observation.betas) for observation in observations]
    begun = None
    if start is not None:
        begun = [start_of(start, observations[0], calibrations[0], rest[0], networks)]
    solutions = solve_poses(observations, rest, options, networks, calibrations, stages, begun)
    report, motions = stages.begin("measuring uncertainty"), []
    for number, (observation, solution) in enumerate(zip(observations, solutions, strict=True)):
        uncertainty = None
        if options.uncertainty:
            uncertainty = measure_uncertainty(
                networks.flag, observation, body, samples=UNCERTAINTY_SAMPLES, seed=options.seed,
                progress=part_of(report, number / len(solutions), (number + 1) / len(solutions)),
                body_trackers=solution.body_trackers,
            )  # fmt: skip
        motions.append(_motion(observation, calibrations[number], solution, uncertainty, options, networks.device))
    return motions


def _motion(
    observation: Observation,
    calibration: Calibration,
    solution: Solution,
    uncertainty: Uncertainty | None,
    options: Options,
    device: str,
) -> Motion:
    """A solution as ``Motion``, back where the recording was in the room."""
    return Motion(
        fps=FPS,
        rotations=make_continuous(matrix_to_quaternion(solution.rotations).cpu().numpy()).astype(np.float32),
        translation=(solution.translation.cpu().numpy() + observation.origin).astype(np.float32),
        betas=np.asarray(observation.betas, np.float32),
        start=observation.start,
        floor=float(calibration.floor),
        contacts=solution.contacts.cpu().numpy().astype(np.float32),
        uncertainty=uncertainty,
        provenance={
            "source": observation.source,
            "seed": options.seed,
            "take": options.take,
            "refinement": options.refinement,
            "device": device,
        },
        notes=(*calibration.notes, *observation.notes, *solution.notes),
    ).validate()


def solve_pose(
    observation: Observation,
    rest_joints: np.ndarray,
    options: Options,
    networks: Networks,
    calibration: Calibration | None = None,
    stages: Stages | None = None,
) -> Solution:
    """The poses that ``solve`` makes a ``Motion`` of, for a person with ``rest_joints`` (22 or 24, 3).

    Body trackers count where the observation has them and a ``calibration`` is given.
    """
    return solve_poses([observation], [rest_joints], options, networks, [calibration], stages)[0]


def solve_poses(
    observations: Sequence[Observation],
    rest_joints: Sequence[np.ndarray],
    options: Options,
    networks: Networks,
    calibrations: Sequence[Calibration | None],
    stages: Stages | None = None,
    starts: list[Solution] | None = None,
) -> list[Solution]:
    """``solve_pose`` of several observations, whose windows share the networks' batches.

    With ``starts`` only what the options change of them is predicted.
    """
    observations = [
        with_lost_hands(seen, rest, options.lost_hands) for seen, rest in zip(observations, rest_joints, strict=True)
    ]
    stages, in_part = stages or _stages_of_solving(None), options.take > 0 and options.take_part is not None
    asked = [options] if in_part or starts is None else []
    if in_part and starts is None:
        asked = [replace(options, take=0), options]
    report, count = stages.begin("predicting"), len(asked)
    predictions = [
        predict_takes(
            networks.sage, observations, rest_joints, sampling_of(choices), part_of(report, n / count, (n + 1) / count)
        )
        for n, choices in enumerate(asked)
    ]
    report = stages.begin("refining")
    refining = part_of(report, 0, REFINED) if options.pins or options.seats or in_part else report
    solved = [] if starts is None else [starts]
    for n, (choices, predicted) in enumerate(zip(asked, predictions, strict=True)):
        share = part_of(refining, n / count, (n + 1) / count)
        solved.append(_refined(predicted, observations, rest_joints, choices, networks, calibrations, share))
    solutions = solved[0]
    if in_part:
        solutions = [
            _with_part(base, take, observation, rest, options, networks)
            for base, take, observation, rest in zip(*solved, observations, rest_joints, strict=True)
        ]
    people = list(zip(observations, rest_joints, strict=True))
    if options.pins or options.seats:
        met = part_of(report, REFINED, 1)
        solutions = [
            meet_pins(solution, *person, options.pins, met, options.contacts, options.seats)
            for solution, person in zip(solutions, people, strict=True)
        ]
    if options.refinement and not options.seats:
        solutions = [_with_sitting_notes(solution, *person) for solution, person in zip(solutions, people, strict=True)]
    if options.ground is not None:
        solutions = [
            raised_to_ground(solution, *person, options) for solution, person in zip(solutions, people, strict=True)
        ]
    return solutions


def _with_part(
    base: Solution,
    take: Solution,
    observation: Observation,
    rest_joints: np.ndarray,
    options: Options,
    networks: Networks,
) -> Solution:
    """A solution with the part of a take that is asked for."""
    assert options.take_part is not None
    mixed = part_taken_over(
        networks.flag, observation, Unrefined(base.rotations, base.translation, base.contacts), take,
        options.take_part, rest_joints, base.body_trackers, refined=options.refinement > 0,
    )  # fmt: skip
    assert mixed.contacts is not None
    notes = tuple(dict.fromkeys((*base.notes, *take.notes)))
    return Solution(mixed.rotations, mixed.translation, mixed.contacts, base.body_trackers, notes)


def start_of(
    motion: Motion, observation: Observation, calibration: Calibration, rest_joints: np.ndarray, networks: Networks
) -> Solution:
    """A motion as a solution at the frames of an observation; where it has no contacts, low and slow feet stand."""
    like = networks.flag.pose.scale
    turned, places, contacts = motion.at(observation.start + np.arange(observation.frame_count) / FPS)
    rotations = torch.as_tensor(quaternion_to_matrix(turned)).to(like)
    translation = torch.as_tensor(places - observation.origin).to(like)
    rest = torch.as_tensor(rest_joints).to(like)[:BODY_JOINT_COUNT]
    if contacts is None:
        standing = foot_contacts(forward_kinematics(rotations, translation, rest)[1], foot_rest_heights(rest))
    else:
        standing = torch.as_tensor(contacts).to(like)
    trackers = body_trackers(observation, calibration, rotations, translation, rest_joints)
    return Solution(rotations, translation, standing, trackers)


def _refined(
    predictions: Sequence[Prediction],
    observations: Sequence[Observation],
    rest_joints: Sequence[np.ndarray],
    options: Options,
    networks: Networks,
    calibrations: Sequence[Calibration | None],
    progress: Progress,
) -> list[Solution]:
    """What SAGE predicts, refined as far as is asked for."""
    if options.refinement == 0:
        return [Solution(found.rotations, found.translation, found.contacts, None) for found in predictions]
    trackers = [
        None if known is None else body_trackers(seen, known, found.rotations, found.translation, rest)
        for seen, known, found, rest in zip(observations, calibrations, predictions, rest_joints, strict=True)
    ]
    steadied = steady_predictions(networks.sage, predictions, observations, rest_joints, sampling_of(options))
    steadied = [stand_on(*parts) for parts in zip(steadied, observations, rest_joints, strict=True)]
    given = [given_contacts(options.contacts, seen.frame_count, FPS) for seen in observations]
    motions = [ToRefine(*parts) for parts in zip(observations, steadied, rest_joints, trackers, given, strict=True)]
    solutions = []
    for found, refined, own in zip(
        predictions, refine_all(networks.flag, motions, progress=progress), trackers, strict=True
    ):
        start = found.rotations, found.translation
        moved = part_of_the_way(start, refined.motion, options.refinement)
        solutions.append(Solution(*moved, refined.contacts, own, refined.notes))
    return solutions


def meet_pins(
    solution: Solution,
    observation: Observation,
    rest_joints: np.ndarray,
    pins: Sequence[Pin],
    progress: Progress | None = None,
    contacts: Sequence[GivenContact] = (),
    seats: Sequence[Seat] = (),
) -> Solution:
    """A solution brought to ``pins`` and ``seats`` within their reach, and the same elsewhere; its notes say which are
    out of reach.

    A pin of the pelvis counts before a seat. There ``contacts`` count that were given for the solution. Raises
    ``InputError`` of pins and seats outside the motion.
    """
    origin = lowered_origin(observation)
    pelvis, size = solution.translation.cpu().numpy() + origin, float(body_size(np.asarray(rest_joints)))
    together = (*seat_pins(seats, pelvis, size), *pins)
    rest = torch.as_tensor(rest_joints).to(solution.translation)[:BODY_JOINT_COUNT]
    held = held_joints(together, origin, forward_kinematics(solution.rotations, solution.translation, rest)[1])
    start = Unrefined(solution.rotations, solution.translation, solution.contacts)
    given = given_contacts(contacts, observation.frame_count, FPS)
    met = bring_to_pins(start, rest_joints, held, solution.body_trackers, progress, given)
    missed = of_seats(missed_notes(held, met.rotations, met.translation, rest_joints), seats, pins)
    return Solution(met.rotations, met.translation, met.contacts, met.body_trackers, (*solution.notes, *missed))


def _with_sitting_notes(solution: Solution, observation: Observation, rest_joints: np.ndarray) -> Solution:
    notes = sitting_notes(observation.positions[:, 0], solution.translation.cpu().numpy(), np.asarray(rest_joints))
    return replace(solution, notes=(*solution.notes, *notes)) if notes else solution


def raised_to_ground(
    solution: Solution, observation: Observation, rest_joints: np.ndarray, options: Options
) -> Solution:
    """A solution of an observation that was lowered (``on_level_ground``), with its feet on the options' ground.

    Feet that stood on a flat floor and go up or down on this one are not in contact any more."""
    assert options.ground is not None and observation.levels is not None
    rest = torch.as_tensor(rest_joints).to(solution.translation)[:BODY_JOINT_COUNT]
    ground = GroundUnder(GroundHeights(options.ground), observation.levels, observation.origin)
    still = torch.as_tensor(stillness(observation.positions[:, 0]) > STILL)
    said = given_contacts(options.contacts, observation.frame_count, FPS)
    given = None if said is None else torch.as_tensor(said).to(solution.contacts)
    raised = put_on_ground(
        solution.rotations, solution.translation, solution.contacts, still, ground, rest,
        None if solution.body_trackers is None else tracked_feet(solution.body_trackers),
        given,
    )  # fmt: skip
    contacts = obey_contacts(contacts_at_rest(forward_kinematics(*raised, rest)[1], solution.contacts), given)
    return replace(solution, rotations=raised[0], translation=raised[1], contacts=contacts)


def part_of_the_way(
    start: tuple[torch.Tensor, torch.Tensor], goal: tuple[torch.Tensor, torch.Tensor], fraction: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """The motion that lies ``fraction`` of the way from ``start`` to ``goal``, 0 to 1.

    Both are local rotations (T, 22, 3, 3) and pelvis positions (T, 3): joints turn along the shortest arc.
    """
    if fraction == 1:
        return goal
    weight = torch.tensor([fraction]).to(start[0])
    return slerp_matrices(start[0], goal[0], weight), start[1] + fraction * (goal[1] - start[1])


def _stages_of_solving(progress: Progress | None) -> Stages:
    """The stages of this step alone."""
    stages = Stages(progress)
    calibrating = stages.fractions.pop("calibrating")
    stages.fractions = {name: fraction / (1 - calibrating) for name, fraction in stages.fractions.items()}
    return stages
