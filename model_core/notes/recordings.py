"""What readers say of a recording: what they repaired, dropped or guessed."""

CLEANING = {
    "gaps": "gaps of more than {seconds:g} s without samples: {count}",
    "times_not_finite": "dropped {count} samples without a finite time",
    "times_sorted": "the samples were out of order: sorted by time",
    "times_backward": "dropped {count} samples whose times repeat or run backward",
}
READING = {
    "floor_moved": "its floor lies at {height:.2f} m: moved to 0",
    "betas_of_another_body": "its betas belong to another body: the mean body stands in",
    "betas_not_numbers": "its betas are not a row of numbers: the mean body stands in",
    "betas_impossible": "its betas are no person's: the mean body stands in",
    "another_skeleton": "a capture of another skeleton: lengths are scaled by {scale:.3f} to the default body",
    "song_speed": "the song was played at {speed:g} times its speed: times are divided by that",
    "broken_lines": "left out {count} of {total} lines that are not complete",
    "no_clock": "has no clock: times are counted from its frame rates (median {rate:.1f})",
    "glasses_guessed": "guessed: how the glasses' camera sits on the head, from where up and the hands are",
    "sides_guessed": "guessed: angles multiply in the order {order}, hands by the side they are on",
    "saved_layout": "read as saved for tables with this header",
}
GUESSES = {
    "time_unit_guessed": "guessed: '{column}' is in {unit}",
    "length_unit_guessed": "guessed: positions are in {unit}",
    "axes_guessed": "guessed: axes are those of '{convention}'",
    "angles_guessed": "guessed: angles are in {unit} and multiply in the order {order}",
    "quaternions_guessed": "guessed: quaternions are in the order {order}",
    "device_guessed": "guessed: the hands hold '{device}'",
}
TEMPLATES = {**CLEANING, **READING, **GUESSES}
