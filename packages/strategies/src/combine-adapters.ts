/** Several LoRA adapters as one: PEFT's `add_weighted_adapter`. */
import { derive } from '@attune/core';
import { parseOptions, uniformUnit } from '@attune/core/internal';
import { AttuneError, concat, type HostTensor, hostTensor, matmul, mul } from '@attune/ir';
import * as z from 'zod/mini';
import type { LoadedAdapter } from './adapters/load.js';
import type { Weights } from './adapters/method.js';
import { type LoraSettings, loraMethod, parseLoraOptions } from './lora.js';
import { layerScales } from './low-rank.js';
import { asPlainLora } from './plain-lora.js';
import { dropped, electedMean, largest, type Mask, numbersOf, sumOf, type Weighted } from './task-arithmetic.js';

export const combinationTypes = [
  ...['linear', 'ties', 'dare_linear', 'dare_ties', 'magnitude_prune', 'cat', 'svd'],
  ...['ties_svd', 'dare_linear_svd', 'dare_ties_svd', 'magnitude_prune_svd'],
] as const;

export const majoritySignMethods = ['total', 'frequency'] as const;

const schema = z.strictObject({
  /** How much of each adapter; may be negative. */
  weights: z.array(z.number()).check(z.minLength(1)),
  /**
   * `cat` is exact, with the sum of the ranks; `svd` the closest adapter of one rank. `linear` sums A and B each, which is rough; `ties`,
   * `dare_linear`, `dare_ties` and `magnitude_prune` drop numbers before they do (behind `_svd`: of the products). `svd` by default.
   */
  combinationType: z._default(z.enum(combinationTypes), 'svd'),
  /** The rank that `svd` gives; the largest of the adapters by default. */
  svdRank: z.optional(z.int().check(z.positive())),
  /** The share of numbers that is kept by what drops some. */
  density: z.optional(z.number().check(z.positive(), z.maximum(1))),
  /** Whether `ties` elects signs by the sum of the numbers or by their count. */
  majoritySignMethod: z._default(z.enum(majoritySignMethods), 'total'),
  /** Of what DARE drops; 0 by default. */
  seed: z._default(z.int().check(z.nonnegative()), 0),
});

export type CombineAdaptersOptions = z.input<typeof schema>;
type Combination = z.output<typeof schema>;

/** One of the adapters, as plain LoRA. */
interface Part {
  readonly settings: LoraSettings;
  readonly weights: Weights;
  readonly weight: number;
  readonly adapter: LoadedAdapter;
}

/** What DARE keeps of a tensor. @param name the tensor's, @param index the adapter's */
export type MaskOf = (name: string, index: number, count: number) => Mask;

/**
 * A new adapter from several of one base, with the scaling 1.
 * @param maskOf what DARE keeps; drawn by the seed by default
 * @throws AttuneError `E_CONFIG`, `E_STRATEGY` for adapters that cannot be combined so
 */
export async function combineAdapters(
  adapters: readonly LoadedAdapter[],
  options: CombineAdaptersOptions,
  maskOf?: MaskOf,
): Promise<LoadedAdapter> {
  const combination = parseOptions(schema, options, 'combining adapters');
  const parts = partsOf(adapters, combination);
  const rank = rankOf(parts, combination);
  const first = parts[0]!;
  const { model } = first.adapter.plan;
  const paths = [...new Set(parts.flatMap(({ adapter }) => adapter.plan.targets))];
  const settings: LoraSettings = {
    ...first.settings,
    ...{ r: rank, alpha: rank, rankPattern: {}, alphaPattern: {}, rslora: false, adapterName: 'default' },
    targetModules: paths,
    excludeModules: undefined,
    layersToTransform: undefined,
    layersPattern: undefined,
    modulesToSave: [...new Set(parts.flatMap(({ adapter }) => adapter.plan.modulesToSave))],
  };
  const weights = new Map(parts.flatMap(({ adapter }) => beside(adapter)));
  const masks: MaskOf =
    maskOf ??
    ((name, index, count) =>
      uniformUnit(count, combination.seed, `${name}/${index}`).map((x) => (x < density(combination) ? 1 : 0)));
  for (const path of paths) {
    const layers = parts.flatMap((part, index) => layerOf(part, path, index));
    const { a, b } = await combined(layers, path, rank, combination, masks);
    weights.set(`${path}.lora_A.default.weight`, a);
    weights.set(`${path}.lora_B.default.weight`, b);
  }
  return {
    strategy: loraMethod.strategy(settings),
    plan: loraMethod.plan(model, settings),
    weights,
    warnings: [...new Set(adapters.flatMap((adapter) => adapter.warnings))],
    base: first.adapter.base,
  };
}

const wrong = (code: 'E_CONFIG' | 'E_STRATEGY', field: string, message: string, hint?: string): AttuneError =>
  new AttuneError(code, message, { field, ...(hint === undefined ? {} : { hint }) });

function partsOf(adapters: readonly LoadedAdapter[], { weights }: Combination): readonly Part[] {
  if (weights.length !== adapters.length) {
    throw wrong('E_CONFIG', 'weights', `There are ${weights.length} weights for ${adapters.length} adapters.`);
  }
  const held = new Set<string>();
  return adapters.map((adapter, index): Part => {
    const { plan } = adapter;
    if (plan.method !== loraMethod.name) {
      throw wrong('E_STRATEGY', 'adapters', `Adapter ${index + 1} is of ${plan.method}; only lora can be combined.`);
    }
    const given = parseLoraOptions(plan.settings);
    if (given.bias !== 'none' || given.loraBias || [...adapter.weights.keys()].some((name) => /lora_emb/.test(name))) {
      throw wrong(
        'E_STRATEGY',
        'adapters',
        `Adapter ${index + 1} changes biases or embeddings: it cannot be combined.`,
      );
    }
    for (const [name] of beside(adapter)) {
      if (held.has(name)) {
        const hint = 'Combine adapters that were trained with modulesToSave: [], or that share no such module.';
        throw wrong('E_STRATEGY', 'modulesToSave', `Two adapters hold ${name}, and one model has one.`, hint);
      }
      held.add(name);
    }
    return {
      adapter,
      weight: weights[index]!,
      ...(asPlainLora(given, adapter.weights) ?? { settings: given, weights: adapter.weights }),
    };
  });
}

/** What is saved with an adapter and is not its own. */
const beside = ({ plan, weights }: LoadedAdapter): readonly (readonly [string, HostTensor])[] =>
  [...weights].filter(([name]) => !plan.own(name));

function rankOf(parts: readonly Part[], { combinationType: type, svdRank }: Combination): number {
  const ranks = parts.map(({ settings }) => Math.max(settings.r, ...Object.values(settings.rankPattern)));
  if (type === 'cat') return ranks.reduce((sum, rank) => sum + rank, 0);
  if (type.endsWith('svd')) return svdRank ?? Math.max(...ranks);
  if (new Set(ranks).size === 1) return ranks[0]!;
  const hint = 'Use svd or cat, which take any ranks.';
  throw wrong('E_STRATEGY', 'r', `By ${type} the adapters need one rank; they have ${ranks.join(', ')}.`, hint);
}

/** Of one adapter in one layer. */
interface LayerPart {
  readonly a: HostTensor;
  readonly b: HostTensor;
  /** The adapter's, with its scaling in the layer. */
  readonly weight: number;
  readonly scaling: number;
  readonly index: number;
}

/** None for a layer that the adapter leaves alone. */
function layerOf({ settings, weights, weight }: Part, path: string, index: number): readonly LayerPart[] {
  const name = (part: string) => `${path}.${part}.${settings.adapterName}.weight`;
  const [a, b] = [weights.get(name('lora_A')), weights.get(name('lora_B'))];
  const { scaling } = layerScales(settings)(path);
  return a && b ? [{ a, b, weight: weight * scaling, scaling, index }] : [];
}

const density = ({ density: share, combinationType: type }: Combination): number => {
  if (share !== undefined) return share;
  throw wrong('E_CONFIG', 'density', `${type} needs a density, the share of numbers that it keeps.`);
};

async function combined(
  layers: readonly LayerPart[],
  path: string,
  rank: number,
  combination: Combination,
  maskOf: MaskOf,
): Promise<{ readonly a: HostTensor; readonly b: HostTensor }> {
  const { combinationType: type } = combination;
  if (type === 'cat') {
    const joined = (tensors: readonly HostTensor[], axis: number) =>
      derive({ from: [], compute: ([first, ...rest]) => concat([first!, ...rest], axis) }, tensors);
    const scaled = layers.map(({ a, weight }) =>
      hostTensor(
        a.type.shape,
        a.data.map((x) => weight * x),
      ),
    );
    return {
      a: padded(joined(scaled, 0), 0, rank),
      b: padded(
        joined(
          layers.map(({ b }) => b),
          1,
        ),
        1,
        rank,
      ),
    };
  }
  const mixed = (tensors: readonly Weighted[], name: string) =>
    mix(tensors, combination, (index, count) => maskOf(name, layers[index]!.index, count));
  if (!type.endsWith('svd')) {
    const signed = layers.map(({ a, weight }) => ({
      numbers: numbersOf(a),
      weight: Math.sign(weight) * Math.sqrt(Math.abs(weight)),
    }));
    const plain = layers.map(({ b, weight }) => ({ numbers: numbersOf(b), weight: Math.sqrt(Math.abs(weight)) }));
    const [{ a, b }] = layers as [LayerPart];
    return {
      a: hostTensor(a.type.shape, mixed(signed, `${path}.lora_A`)),
      b: hostTensor(b.type.shape, mixed(plain, `${path}.lora_B`)),
    };
  }
  const products = layers.map(({ a, b, weight, scaling }) => ({
    numbers: numbersOf(derive({ from: [], compute: ([left, right]) => mul(matmul(left!, right!), scaling) }, [b, a])),
    weight: weight / scaling,
  }));
  const [out, width] = [layers[0]!.b.type.shape[0]!, layers[0]!.a.type.shape[1]!];
  const { truncated } = await import('./decompositions.js');
  return truncated(hostTensor([out, width], mixed(products, path)), rank);
}

function mix(
  tensors: readonly Weighted[],
  combination: Combination,
  maskOf: (index: number, count: number) => Mask,
): Float64Array {
  const type = combination.combinationType.replace(/_?svd$/, '');
  if (type === '' || type === 'linear') return sumOf(tensors);
  const share = density(combination);
  const kept = tensors.map(({ numbers, weight }, index) => ({
    weight,
    numbers: type.startsWith('dare') ? dropped(numbers, maskOf(index, numbers.length), share) : largest(numbers, share),
  }));
  return type.endsWith('ties') ? electedMean(kept, combination.majoritySignMethod) : sumOf(kept);
}

/** With zeros up to the rank, in layers that not all adapters change. */
function padded(tensor: HostTensor, axis: 0 | 1, rank: number): HostTensor {
  const missing = rank - tensor.type.shape[axis]!;
  if (missing === 0) return tensor;
  const shape = tensor.type.shape.with(axis, missing);
  const zeros = hostTensor(shape, new Float32Array(shape[0]! * shape[1]!));
  return derive({ from: [], compute: ([first, ...rest]) => concat([first!, ...rest], axis) }, [tensor, zeros]);
}
