"""What somebody who directs a motion says beside its recording: when feet stand, what they stand on, when the person
sits (numpy only). Pins are in ``pins``."""
