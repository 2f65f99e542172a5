import { AttuneError, type Backend, type DeviceInfo, isAttuneError } from '@attune/ir';
import { TfjsDevice } from './device.js';
import type { Flavour, FlavourOptions } from './flavours/flavour.js';
import { flavours } from './flavours/flavours.js';
import type { FlavourName, Runtime } from './runtime.js';

export interface TfjsOptions extends FlavourOptions {
  /** Which TensorFlow.js: `node-gpu`, `node`, `webgpu`, `webgl`, `wasm` or `cpu`. The first that is there by default. */
  readonly flavour?: FlavourName;
}

/**
 * Trains and runs programs with the kernels of TensorFlow.js: native TensorFlow in Node, graphics hardware, WebAssembly or
 * plain JavaScript. In Node, a run occupies the calling thread.
 */
export function tfjs(options: TfjsOptions = {}): Backend {
  const wanted = flavours.filter(({ name }) => options.flavour === undefined || name === options.flavour);
  return {
    name: 'tfjs',
    async probe() {
      const found: DeviceInfo[] = [];
      for (const flavour of wanted) found.push(await probe(flavour, options));
      return [...found.filter(({ available }) => available), ...found.filter(({ available }) => !available)];
    },
    async open({ signal } = {}) {
      const reasons: AttuneError[] = [];
      for (const flavour of wanted) {
        signal?.throwIfAborted();
        try {
          const runtime = await flavour.load(options);
          return new TfjsDevice(runtime, describe(runtime));
        } catch (error) {
          if (!isAttuneError(error) || error.code !== 'E_BACKEND_UNAVAILABLE') throw error;
          reasons.push(error);
        }
      }
      throw noneOf(reasons);
    },
  };
}

async function probe(flavour: Flavour, options: TfjsOptions): Promise<DeviceInfo> {
  try {
    return describe(await flavour.load(options));
  } catch (error) {
    const about = options.flavour === undefined ? `${flavour.name}: ` : '';
    const reason = isAttuneError(error) ? `${about}${error.message} ${error.hint ?? ''}`.trim() : String(error);
    return { backend: 'tfjs', device: flavour.device, available: false, reason, versions: {} };
  }
}

function describe({ flavour, device, versions }: Runtime): DeviceInfo {
  return { backend: 'tfjs', device, available: true, reason: `TensorFlow.js, flavour ${flavour}`, versions };
}

/** The one reason, or all of them; the hint is that of the last, which is there everywhere. */
function noneOf(reasons: readonly AttuneError[]): AttuneError {
  const [first] = reasons;
  if (first && reasons.length === 1) return first;
  const message = `No TensorFlow.js can be used here: ${reasons.map((reason) => reason.message).join(' ')}`;
  const { field, hint } = reasons.at(-1)!;
  return new AttuneError('E_BACKEND_UNAVAILABLE', message, {
    ...(field === undefined ? {} : { field }),
    ...(hint === undefined ? {} : { hint }),
    cause: first,
  });
}
