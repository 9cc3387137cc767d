"""What calibration says: the person's height, the floor, and how the hands' devices were found to sit."""

UNKNOWN_DEVICE = "the devices are unknown and nobody holds a T-pose"

TEMPLATES = {
    "tracks_are_joints": "tracks are joints: nothing to calibrate",
    "no_preset": "no preset for the device '{device}': '{preset}' is used",
    "person": "person {stature:.2f} m tall, floor at {floor:.2f} m, hands by preset '{preset}'",
    "person_in_pose": "person {stature:.2f} m tall, offsets from the {pose}-pose at {second:.2f} s",
    "stature_from_motion": "{stature:.2f} m tall by how the head moves, give or take {error_cm:.1f} cm",
    "stature_uncertain": "warning: how tall the person is, is a guess: {stature:.2f} m ± {error_cm:.0f} cm; "
    "stand in a T-pose, or give the person's height",
    "nobody_stands": "the eyes never are higher than {height:.2f} m: the person is taken to sit",
    "floor_below_person": "y = 0 cannot be the floor: it is taken to be at {floor:.2f} m, under a person who stands",
    "hands_fitted": "how the hands hold the controllers is fitted to the recording: {degrees:.0f} degrees and "
    "{cm:.0f} cm from the preset",
    "calibrated_per_player": "stature and hands' offsets are those of {recordings} recordings of this person",
    "headset_not_worn": "warning: from {begin:.1f} to {end:.1f} s nobody wears the headset: "
    "the body stands in for them there",
    "stands_higher": "stands about {cm:.0f} cm above the floor for {seconds:.1f} s, first at {first:.1f} s: "
    "ground says how high, or is found",
    "hands_hardly_seen": "too little is seen of the hands to fit how they hold their devices: "
    "preset '{preset}' as it is",
    "wrists_straightened": "hands turned so that wrists are straight",
    "body_trackers_fitted": "where {roles} sit on the body was fitted to a prediction from head and hands",
    "unknown_device_t_pose": "the devices are unknown, but a T-pose is held",
    "unknown_device_hardly_seen": "the devices are unknown, and too little is seen of them to fit how they sit: "
    "taken for grips",
    "unknown_device_preset": UNKNOWN_DEVICE + ": taken for preset '{preset}', the likeliest under FLAG",
    "unknown_device_fitted": UNKNOWN_DEVICE + ": {hands} fitted to {seconds:.0f} s of motion ({start})",
    "both_hands_offsets": "both hands' offsets",
    "left_hand_offset": "the left hand's offset",
    "right_hand_offset": "the right hand's offset",
    "devices_on_wrists": "from devices on the wrists: wrists straight on SAGE's forearms",
    "natural_wrists": "from natural wrists: wrists straight on SAGE's forearms",
    "fitted_by_likelihood": "{start}, then by FLAG's likelihood",
    "likelihood_gains_nothing": "{start}; FLAG's likelihood gains nothing",
}
