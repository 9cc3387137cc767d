"""Bodies whose numbers are no person's are refused in one line: those that were taken moved like bullets."""

import numpy as np
import pytest

from threepoint.model_core.body import load_body
from threepoint.model_core.errors import InputError
from threepoint.tools.fuzzing.other_inputs import small_body


@pytest.fixture(scope="module")
def sound():
    return small_body()


def one_vertex(body):
    few = {key: body[key][:1] for key in ("v_template", "weights", "posedirs", "shapedirs")}
    return few | {"f": np.zeros((1, 3), int), "J_regressor": np.ones((24, 1))}


WRONG = {
    "a millimetre tall": (lambda b: {"v_template": b["v_template"] * 1e-3}, "expected between 0.5 and 2.6 metres"),
    "upside down": (lambda b: {"v_template": b["v_template"] * [1, -1, 1]}, "does not stand upright"),
    "joints in one place": (lambda b: {"J_regressor": b["J_regressor"] * 0}, "does not stand upright"),
    "weights below zero": (lambda b: {"weights": 2 / 24 - b["weights"]}, "or are below 0"),
    "faces between vertices": (lambda b: {"f": b["f"] + 0.5}, "f has values that are not finite indices"),
    "numbers that overflow": (lambda b: {"v_template": b["v_template"].astype(float) * 1e300}, "no person is so large"),
    "one vertex": (one_vertex, "has 1 vertices"),
    "no numbers": (lambda b: {"v_template": b["v_template"] * np.nan}, "v_template"),
    "shapes that reach the moon": (lambda b: {"shapedirs": b["shapedirs"] * 1e30}, "shapedirs"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_body_of_no_person_is_refused_in_a_line(tmp_path, sound, case):
    change, words = WRONG[case]
    np.savez(tmp_path / "body.npz", **{**sound, **change(sound)})
    with pytest.raises(InputError) as error:
        load_body(tmp_path / "body.npz")
    assert words in str(error.value) and str(error.value).isprintable() and len(str(error.value)) < 400


def test_the_small_body_itself_is_sound(tmp_path, sound):
    np.savez(tmp_path / "body.npz", **sound)
    assert 1.4 < float(load_body(tmp_path / "body.npz").stature(np.zeros(10))) < 2
