"""What solving a motion has to say about it."""

TEMPLATES: dict[str, str] = {
    "wrists_at_their_limits": (
        "{percent:.0f} % of the time a hand is turned farther than a wrist can: there it is {degrees:.0f} degrees "
        "short of its tracker on average"
    ),
    "head_near_the_floor": (
        "the head is near the floor for {seconds:.1f} s, first at {first:.1f} s: of somebody who crouches or lies the "
        "legs are a guess"
    ),
    "seems_to_sit": (
        "seems to sit for {seconds:.1f} s, first at {first:.1f} s, on something about {cm:.0f} cm high: a seat says "
        "how high it is"
    ),
    "pin_out_of_reach": (
        "the pin of the {role} is out of reach: at {second:.2f} s, where it lies farthest, the body stays {cm:.0f} cm "
        "from it"
    ),
    "seat_out_of_reach": (
        "a seat is out of reach: at {second:.2f} s, where it lies farthest, the pelvis stays {cm:.0f} cm from where it "
        "would be"
    ),
    "head_turns_inhumanly": (
        "the head turns as no neck does for {seconds:.1f} s, first at {first:.1f} s: there the body follows it slowly"
    ),
}
"""Code -> English text."""
