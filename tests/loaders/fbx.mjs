// node fbx.mjs FILE SECONDS,.. NAMES,..: an .fbx as three.js's FBXLoader sees it, and as three-vrm's example takes
// Mixamo's animations over (examples/humanoidAnimation/loadMixamoAnimation.js): rest from the nodes, clip by its name.
import { readFileSync } from 'node:fs';
import * as THREE from 'three';
import { FBXLoader } from 'three/examples/jsm/loaders/FBXLoader.js';
import { arrayBuffer, named, sampled, tell } from './sample.mjs';

globalThis.window = globalThis;
const [file, seconds, names] = process.argv.slice(2);
const scene = new FBXLoader().parse(arrayBuffer(readFileSync(file)), '');
scene.updateMatrixWorld(true);
const nodes = named(scene, names.split(','));
const rest = nodes.map((node) => node.getWorldPosition(new THREE.Vector3()).toArray());
const restTurns = nodes.map((node) => node.getWorldQuaternion(new THREE.Quaternion()).toArray());
const hips = nodes[0], mixamo = THREE.AnimationClip.findByName(scene.animations, 'mixamo.com');
const clip = scene.animations[0];
const times = seconds.split(',').map(Number);

// The example's steps, joint by joint: a turn relative to the parent's rest, as a VRM's normalised bones take it.
const turned = mixamo && times.map((time) => nodes.map((node) => {
  const track = mixamo.tracks.find((one) => one.name === `${node.name}.quaternion`);
  const local = new THREE.Quaternion().fromArray(new THREE.QuaternionLinearInterpolant(
    track.times, track.values, 4, new Float32Array(4)).evaluate(time));
  const at = nodes.indexOf(node);
  const parent = nodes.indexOf(node.parent);
  const above = parent < 0 ? new THREE.Quaternion() : new THREE.Quaternion().fromArray(restTurns[parent]);
  const own = new THREE.Quaternion().fromArray(restTurns[at]).invert();
  return above.clone().multiply(local).multiply(own).toArray();
}));
tell(clip, {
  rest, turned, hipsParent: hips.parent.type + ' ' + hips.parent.name, roots: scene.children.map((node) => node.name),
  motionHipsHeight: hips.position.y, joints: sampled(scene, clip, times, nodes),
});
