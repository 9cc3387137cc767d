"""How far ahead a motion is decided: so long before its end a recording that is cut short moves as the whole does.

To a tenth of a millimetre, and with the same calibration. What is added up is how many later frames a frame depends on,
step by step; every filter ends somewhere, and so does every decision: where a foot stands, where an elbow swivels.
"""

from ..sage.inertialization import FADE_FRAMES
from ..sage.inference import WINDOW as SAGE_WINDOW
from .closed_form.arms import REACH_LOOK_AHEAD
from .closed_form.elbows import SWIVEL_LOOK_AHEAD
from .closed_form.footsteps import ANCHOR_LOOK_AHEAD
from .closed_form.heel_rise import HEEL_LOOK_AHEAD
from .closed_form.legs import SWING_LOOK_AHEAD
from .closed_form.trunk import STRAIGHTENING_LOOK_AHEAD
from .closed_form.wrists import WRIST_LOOK_AHEAD
from .standing.feet import ANCHOR_FRAMES
from .windows import WINDOW

CLOSED_FORM_LOOK_AHEAD = (
    ANCHOR_LOOK_AHEAD
    + SWING_LOOK_AHEAD
    + STRAIGHTENING_LOOK_AHEAD
    + REACH_LOOK_AHEAD
    + SWIVEL_LOOK_AHEAD
    + WRIST_LOOK_AHEAD
    + HEEL_LOOK_AHEAD
)
"""Frames by which closed-form feet, trunk and arms depend on what the windows made of later frames."""


LOOK_AHEAD = SAGE_WINDOW + FADE_FRAMES + ANCHOR_FRAMES + WINDOW + CLOSED_FORM_LOOK_AHEAD
"""Frames at 60 Hz by which a refined motion depends on its recording, at most."""
