"""``python usd_joints.py FILE SECONDS,.. NAMES,..``: where USD's own library puts joints, and what it finds wrong."""

import json
import sys

from pxr import Usd, UsdGeom, UsdSkel, UsdValidation

path, seconds, names = sys.argv[1], [float(text) for text in sys.argv[2].split(",")], sys.argv[3].split(",")
stage = Usd.Stage.Open(path)
rate, first = stage.GetTimeCodesPerSecond(), stage.GetStartTimeCode()
validators = UsdValidation.ValidationRegistry().GetOrLoadAllValidators()
faults = UsdValidation.ValidationContext(validators).Validate(stage)
prims = list(stage.Traverse())
skeleton = next(UsdSkel.Skeleton(prim) for prim in prims if prim.IsA(UsdSkel.Skeleton))
query = UsdSkel.Cache().GetSkelQuery(skeleton)
order = [str(joint).rpartition("/")[2] for joint in query.GetJointOrder()]
mesh = next(prim for prim in prims if prim.IsA(UsdGeom.Mesh))
mean, sampled = mesh.GetAttribute("userProperties:uncertainty_cm"), mesh.GetAttribute("primvars:displayColor")
joints, means = [], []
for second in seconds:
    code = first + second * rate
    cache = UsdGeom.XformCache(code)
    world = cache.GetLocalToWorldTransform(skeleton.GetPrim())
    places = query.ComputeJointSkelTransforms(code)
    joints.append([list((places[order.index(name)] * world).ExtractTranslation()) for name in names])
    if mean:
        means.append(mean.Get(code))
print(json.dumps({
    "joints": joints, "duration": (stage.GetEndTimeCode() - first) / rate, "first": first,
    "validators": len(validators), "faults": [f"{fault.GetName()}: {fault.GetMessage()}" for fault in faults],
    "up": UsdGeom.GetStageUpAxis(stage), "metres": UsdGeom.GetStageMetersPerUnit(stage), "mean": means,
    "samples": sampled.GetNumTimeSamples() if sampled else 0,
}))  # fmt: skip
