import type { FlavourName } from '../runtime.js';
import type { Flavour } from './flavour.js';
import { webgl, webgpu } from './graphics.js';
import { javascript } from './javascript.js';
import { wasm } from './wasm.js';

/**
 * All flavours in the order in which they are tried, fastest first: native TensorFlow on CUDA and on the CPU (Node),
 * graphics hardware (browsers), WebAssembly, plain JavaScript.
 */
export const flavours: readonly Flavour[] = [webgpu, webgl, wasm, javascript];

export const flavourOf = (name: FlavourName): Flavour => flavours.find((flavour) => flavour.name === name)!;
