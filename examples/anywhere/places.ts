/** Everywhere that the script runs. A further backend or runtime is a further line. */
import { onnx } from '@attune/backend-onnx';
import { tfjs } from '@attune/backend-tfjs';
import { webgpu } from '@attune/backend-webgpu';
import type { Backend } from '@attune/ir';

export interface Place {
  readonly name: string;
  readonly runtime: 'node' | 'browser';
  readonly backend: () => Backend;
}

/** Where a page finds the files of WebAssembly. */
const wasmPaths = '/';

/** The slow ones last. */
export const places: readonly Place[] = [
  { name: 'Node, ONNX Runtime', runtime: 'node', backend: () => onnx() },
  { name: 'Node, native TensorFlow', runtime: 'node', backend: () => tfjs({ flavour: 'node' }) },
  { name: 'Node, TensorFlow.js in WebAssembly', runtime: 'node', backend: () => tfjs({ flavour: 'wasm' }) },
  { name: 'browser, ONNX Runtime', runtime: 'browser', backend: () => onnx({ runtime: 'web', wasmPaths }) },
  {
    name: 'browser, TensorFlow.js in WebAssembly',
    runtime: 'browser',
    backend: () => tfjs({ flavour: 'wasm', wasmPaths }),
  },
  { name: 'Node, WebGPU', runtime: 'node', backend: () => webgpu() },
  { name: 'browser, WebGPU', runtime: 'browser', backend: () => webgpu() },
  { name: 'Node, TensorFlow.js in plain JavaScript', runtime: 'node', backend: () => tfjs({ flavour: 'cpu' }) },
];

/** @throws RangeError */
export function placeOf(name: string): Place {
  const place = places.find((each) => each.name === name);
  if (place) return place;
  throw new RangeError(`there is no place "${name}"`);
}

/** The name of what a place gave, with that of the GPU where WebGPU is not SwiftShader's. */
export const resultName = ({ name }: Place, gpu?: string): string => (gpu === undefined ? name : `${name}, ${gpu}`);
