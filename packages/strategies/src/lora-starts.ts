/** How LoRA's matrices start: PEFT's `init_lora_weights`. */
import type { HostDerivation } from '@attune/core';
import { AttuneError, type HostTensor } from '@attune/ir';
import * as z from 'zod/mini';
import type { AdaptedLayer } from './adapters/adapted-layer.js';
import type { LinearMap } from './adapters/layer-change.js';
import type { FactorRequest, Factors } from './decompositions.js';
import { type LinearStarts, type LowRankSettings, layerScales } from './low-rank.js';

/**
 * `true`: A at random, B at 0. `gaussian`: A from a normal distribution of standard deviation 1 / r. `pissa` (Meng et al. 2024): the layer's largest singular
 * values and vectors train, and the rest of the weight stays; `pissa_niter_16` finds them by so many rounds of subspace iteration, which is
 * much faster in wide layers. `olora` (Büyükakyüz 2024): likewise from a QR decomposition.
 */
export const initLoraWeights = z._default(
  z.union([
    z.literal(true),
    z.enum(['gaussian', 'pissa', 'olora']),
    z.string().check(z.regex(/^pissa_niter_\d{1,3}$/, 'must be true, gaussian, pissa, pissa_niter_N or olora')),
  ]),
  true,
);

type LoraStart = z.output<typeof initLoraWeights>;

/** Starts that are a function of the weight alone: files of PEFT with them can be read, as the base says how they started. */
export const readableStarts: readonly unknown[] = ['pissa', 'olora'];

/** Whether A and B start from the weight. */
export const isOfWeight = (start: LoraStart): start is string => start !== true && start !== 'gaussian';

export type StartSettings = LowRankSettings & { readonly initLoraWeights: LoraStart };

/** A layer's start, and what is to be taken away from its weight so that it computes the same. */
export interface LayerStart extends LinearStarts {
  readonly start?: readonly LinearMap[];
}

/** @throws AttuneError (for a layer) `E_STRATEGY` if it cannot start so */
export function layerStarts(settings: StartSettings): ((layer: AdaptedLayer) => LayerStart) | undefined {
  const { initLoraWeights: start } = settings;
  const scaleOf = layerScales(settings);
  if (start === true) return undefined;
  return (layer) => {
    const { rank, scaling } = scaleOf(layer.path);
    if (!isOfWeight(start)) {
      return { a: { kind: 'normal', standardDeviation: 1 / rank }, b: { kind: 'constant', value: 0 } };
    }
    const [out, width] = requireRank(layer, rank, start);
    const { a, b } = derivations(layer, { start, rank, scaling, path: layer.path });
    return {
      a,
      b,
      start: [
        { matrix: layer.parameter('lora_start_A.*.weight', [rank, width], a) },
        { matrix: layer.parameter('lora_start_B.*.weight', [out, rank], b) },
        { scale: scaling },
      ],
    };
  };
}

function requireRank({ kind, path, shape }: AdaptedLayer, rank: number, start: string): readonly [number, number] {
  const [out, width] = shape as [number, number];
  if (kind !== 'linear') {
    throw new AttuneError('E_STRATEGY', `${path} is an embedding, which cannot start by ${start}.`, {
      field: 'targetModules',
      hint: 'Leave it out of targetModules, or initLoraWeights.',
    });
  }
  if (rank <= Math.min(out, width)) return [out, width];
  throw new AttuneError('E_STRATEGY', `${path} is [${shape}]: by ${start}, r is at most ${Math.min(out, width)}.`, {
    field: 'r',
  });
}

/** Both matrices of one decomposition, which is computed once. */
function derivations(layer: AdaptedLayer, request: FactorRequest): Record<keyof Factors, HostDerivation> {
  const known = new WeakMap<HostTensor, Factors>();
  const part = (name: keyof Factors): HostDerivation => ({
    from: [layer.nameOf('weight')],
    async load() {
      const { factorsOf } = await import('./decompositions.js');
      return ([weight]) => {
        const factors = known.get(weight!) ?? factorsOf(weight!, request);
        known.set(weight!, factors);
        return factors[name];
      };
    },
  });
  return { a: part('a'), b: part('b') };
}
