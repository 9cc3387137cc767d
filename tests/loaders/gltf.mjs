// node gltf.mjs FILE SECONDS,.. NAMES,..: a .glb or .vrma as Khronos's validator and three.js's GLTFLoader see it.
import { readFileSync } from 'node:fs';
import validator from 'gltf-validator';
import { GLTFLoader } from 'three/examples/jsm/loaders/GLTFLoader.js';
import { arrayBuffer, named, sampled, tell } from './sample.mjs';

const [file, seconds, names] = process.argv.slice(2);
const bytes = readFileSync(file), times = seconds.split(',').map(Number);
const report = await validator.validateBytes(new Uint8Array(bytes), { maxIssues: 50 });
const gltf = await new GLTFLoader().parseAsync(arrayBuffer(bytes), '');
const clip = gltf.animations[0];
const joints = sampled(gltf.scene, clip, times, named(gltf.scene, names.split(',')));

let mesh = null;
gltf.scene.traverse((node) => { if (node.isSkinnedMesh) mesh = node; });
const base = mesh?.geometry.attributes.color, targets = mesh?.geometry.morphAttributes.color ?? [];
const colours = base && times.map((time) => {
  sampled(gltf.scene, clip, [time], []);
  const mean = [0, 0, 0];
  for (let v = 0; v < base.count; v++) {
    for (let c = 0; c < 3; c++) {
      let value = base.getComponent(v, c);
      targets.forEach((target, k) => { value += mesh.morphTargetInfluences[k] * target.getComponent(v, c); });
      mean[c] += value / base.count;
    }
  }
  return mean;
});
tell(clip, { issues: report.issues, joints, colours });
