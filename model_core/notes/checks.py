"""What the checks find wrong with a recording."""

TEMPLATES = {
    "clock_wrong": "clock: samples {step:g} s apart are no headset's; times should be multiplied by {scale:g}",
    "head_wrong": "head: '{tracker}' stays above the others and upright: it and 'head' should change places",
    "not_metres": "metres: hands are {reach:.3g} m from the head; positions should be multiplied by {scale:g}",
    "axes_wrong": "axes: the motion is a person's if read in the axes of '{convention}'",
    "room_tilted": "axes: the motion is a person's if the room is given {rotation}",
    "sides_swapped": "sides: the right hand is on the left {percent:.0f}% of the time: hands should be swapped",
    "corrected": "corrected: {finding}",
}
