import type { Flavour } from './flavour.js';
import { webgl, webgpu } from './graphics.js';
import { javascript } from './javascript.js';
import { nativeCpu, nativeCuda } from './native.js';
import { wasm } from './wasm.js';

/**
 * All flavours in the order in which they are tried, fastest first: native TensorFlow on CUDA and on the CPU (Node),
 * graphics hardware (browsers), WebAssembly, plain JavaScript.
 */
export const flavours: readonly Flavour[] = [nativeCuda, nativeCpu, webgpu, webgl, wasm, javascript];
