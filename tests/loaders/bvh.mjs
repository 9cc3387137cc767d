// node bvh.mjs FILE SECONDS,.. NAMES,..: a .bvh as three.js's BVHLoader sees it.
import { readFileSync } from 'node:fs';
import * as THREE from 'three';
import { BVHLoader } from 'three/examples/jsm/loaders/BVHLoader.js';
import { sampled, tell } from './sample.mjs';

const [file, seconds, names] = process.argv.slice(2);
const { skeleton, clip } = new BVHLoader().parse(readFileSync(file, 'utf8'));
const nodes = names.split(',').map((name) => skeleton.bones.find((bone) => bone.name === name));
const plain = THREE.PropertyBinding.sanitizeNodeName; // A colon has a meaning of its own in names of tracks.
clip.tracks.forEach((track) => {
  const dot = track.name.lastIndexOf('.');
  track.name = plain(track.name.slice(0, dot)) + track.name.slice(dot);
});
skeleton.bones.forEach((bone) => { bone.name = plain(bone.name); });
tell(clip, { joints: sampled(skeleton.bones[0], clip, seconds.split(',').map(Number), nodes) });
