"""All steps together: from a recording to a motion."""

from ..motion import Motion
from ..options import Options
from ..progress import Progress, Stages
from ..recordings.model_frame import model_frame
from ..recordings.recording import Recording
from .calibrate import calibrate_on_ground
from .networks import Networks, load_networks
from .observe import observe
from .solve import solve


def animate(
    recording: Recording,
    options: Options | None = None,
    progress: Progress | None = None,
    networks: Networks | None = None,
    start: Motion | None = None,
) -> Motion:
    """The motion of a recording (``Motion`` at 60 Hz in the model's frame).

    ``progress(fraction, stage)`` is called often and may raise ``Cancelled``. ``networks`` keeps the models loaded
    between calls, and on the device where they are. ``start`` as in ``solve``. Raises ``InputError``.
    """
    options = (options or Options()).validate()
    stages = Stages(progress)
    report = stages.begin("calibrating")
    networks = networks or load_networks(options.device)
    placed, calibration, options = calibrate_on_ground(model_frame(recording), options, networks, report)
    return solve(observe(placed, calibration), calibration, options, networks, stages, start)
