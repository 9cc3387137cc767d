"""Contacts that are given: read, refused in one line, and laid on a motion's frames."""

import json

import numpy as np
import pytest

from threepoint.model_core.direction.contacts import (
    GivenContact,
    contacts_from_json,
    contacts_to_json,
    given_contacts,
    validate_contacts,
)
from threepoint.model_core.errors import InputError
from threepoint.model_core.options import Options, options_from_json, options_to_json

LEFT = GivenContact("left", (0.5, 1.0))


def test_the_later_of_two_counts_and_what_is_not_given_is_left_open():
    given = given_contacts([LEFT, GivenContact("left", (0.75, 9.0), stands=False)], 120, 60)
    assert np.isnan(given[:, 1]).all() and np.isnan(given[:30, 0]).all()
    assert (given[30:45, 0] == 1).all() and (given[45:, 0] == 0).all()
    assert given_contacts((), 120, 60) is None


def test_a_contact_outside_the_motion_is_refused():
    with pytest.raises(InputError, match=r"left foot from 0.50 s on is outside the motion; .* between 0 and 0.32"):
        given_contacts([LEFT], 20, 60)


def test_options_carry_contacts_through_json():
    options = Options(contacts=(LEFT, GivenContact("right", (0.0, 0.2), False)))
    assert options_from_json(json.loads(json.dumps(options_to_json(options)))) == options
    assert contacts_from_json(contacts_to_json(options.contacts)) == options.contacts


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("x", "the contacts should be a list of at most"),
        ([{"foot": "left"}], "contact 1: lacks its seconds"),
        ([{"foot": "mid", "seconds": [0, 1]}], "contact 1: the foot 'mid' is not known; it can be left, right"),
        ([{"foot": "left", "seconds": [1, 1]}], "contact 1: ends at 1 s and begins at 1 s"),
        ([{"foot": "left", "seconds": [0]}], "contact 1: its seconds are"),
        ([{"foot": "left", "seconds": [0, "x"]}], "contact 1: a second is x;"),
        ([{"foot": "left", "seconds": [0, 1], "stands": 1}], "'stands' is 1; expected true or false"),
        ([{"foot": "left", "seconds": [0, 1], "leg": 1}], "contact 1: 'leg' is not known; there are foot, seconds"),
        ([7], "contact 1 should be an object"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(content, said):
    with pytest.raises(InputError, match=said) as error:
        contacts_from_json(content)
    assert "\n" not in str(error.value)


def test_contacts_need_refinement():
    with pytest.raises(InputError, match="contacts are met by refinement"):
        Options(contacts=(LEFT,), refinement=0).validate()
    with pytest.raises(InputError, match="contacts should be"):
        validate_contacts([LEFT])
