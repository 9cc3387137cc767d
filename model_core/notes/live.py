"""What live tracking has to say about where its trackers come from."""

TEMPLATES: dict[str, str] = {
    "live_waiting": "waiting for trackers at {place}",
    "live_roles": "trackers come, but which are head, left and right hand is not known: {names}",
    "live_calibrating": "measuring the person: {seconds:.0f} s more of moving about",
    "live_running": "{rate:.0f} frames a second, {latency:.0f} ms from tracker to pose",
    "live_silent": "nothing has come for {seconds:.0f} s",
    "live_flood": "more packets come than can be heeded; the newest are taken, {count} were left out",
    "live_malformed": "{count} packets were not understood, the last one because it is {reason}",
    "live_clock_jumped": "the sender's clock jumped by {seconds:.2f} s; frames go on from there",
    "live_behind": "this machine is too slow for every frame: {count} were left out",
    "live_head_lost": "the head's tracker is lost",
    "live_not_sent": "the body cannot be sent to {place}: {reason}",
    "live_ended": "the recording is at its end",
}
"""Code -> English text."""
