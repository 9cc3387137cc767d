"""What operators that ask the engine must have."""

import bpy
import pytest

from threepoint.blender_addon.operators.engine_jobs import EngineOperator

PARTS = {"step": "CALIBRATION", "ask": lambda self, *_: None, "finish": lambda self, *_: None}


def test_an_operator_with_all_parts_can_be_made():
    assert issubclass(type("Whole", (EngineOperator, bpy.types.Operator), PARTS), bpy.types.Operator)


@pytest.mark.parametrize("missing", PARTS)
def test_an_operator_without_a_part_is_refused_where_it_is_defined(missing):
    parts = {name: value for name, value in PARTS.items() if name != missing}
    with pytest.raises(TypeError, match=f"Half is an? .*Operator without '{missing}'"):
        type("Half", (EngineOperator, bpy.types.Operator), parts)


def test_what_operators_share_may_lack_parts():
    shared = type("Shared", (EngineOperator,), {"step": "PREDICTION"})
    rest = {name: PARTS[name] for name in ("ask", "finish")}
    assert type("Operator", (shared, bpy.types.Operator), rest).step == "PREDICTION"
