// node vrma.mjs FILE SECONDS,.. NAMES,..: a .vrma on a humanoid in T-pose, by three-vrm's loader of VRM animations.
import { readFileSync } from 'node:fs';
import * as THREE from 'three';
import { GLTFLoader } from 'three/examples/jsm/loaders/GLTFLoader.js';
import { VRMHumanoid } from '@pixiv/three-vrm';
import { VRMAnimationLoaderPlugin, createVRMAnimationClip } from '@pixiv/three-vrm-animation';
import { arrayBuffer, sampled, tell } from './sample.mjs';

const [file, seconds, names] = process.argv.slice(2);
const loader = new GLTFLoader();
loader.register((parser) => new VRMAnimationLoaderPlugin(parser));
const gltf = await loader.parseAsync(arrayBuffer(readFileSync(file)), '');
const animation = gltf.userData.vrmAnimations[0];

// The model is the file's own skeleton, without the animation: what a VRM of this person would be.
const scene = gltf.scene, bones = {};
for (const [bone, { node }] of Object.entries(gltf.parser.json.extensions.VRMC_vrm_animation.humanoid.humanBones)) {
  bones[bone] = { node: scene.getObjectByName(gltf.parser.json.nodes[node].name) };
}
const humanoid = new VRMHumanoid(bones, { autoUpdateHumanBones: true });
const model = new THREE.Group();
model.add(scene, humanoid.normalizedHumanBonesRoot);
model.updateMatrixWorld(true);
const clip = createVRMAnimationClip(animation, { humanoid, scene: model, meta: { metaVersion: '1' } });
const joints = seconds.split(',').map(Number).flatMap((time) => {
  sampled(model, clip, [time], []);
  humanoid.update();
  model.updateMatrixWorld(true);
  return [names.split(',').map((name) => bones[name].node.getWorldPosition(new THREE.Vector3()).toArray())];
});
tell(clip, { joints, duration: animation.duration });
