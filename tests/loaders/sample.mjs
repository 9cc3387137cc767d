// Where a clip puts joints, as three.js plays it.
import * as THREE from 'three';

export function sampled(scene, clip, seconds, nodes) {
  const mixer = new THREE.AnimationMixer(scene);
  const action = mixer.clipAction(clip);
  action.setLoop(THREE.LoopOnce);
  action.clampWhenFinished = true;
  action.play();
  return seconds.map((time) => {
    mixer.setTime(time);
    scene.updateMatrixWorld(true);
    return nodes.map((node) => node.getWorldPosition(new THREE.Vector3()).toArray());
  });
}

export function named(scene, names) {
  return names.map((name) => scene.getObjectByName(THREE.PropertyBinding.sanitizeNodeName(name)));
}

export function arrayBuffer(bytes) {
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
}

export function tell(clip, others) {
  console.log(JSON.stringify({
    clip: clip.name, duration: clip.duration,
    first: Math.min(...clip.tracks.map((track) => track.times[0])), ...others,
  }));
}

globalThis.self = globalThis; // What loaders expect of a browser; no file here has pictures.
