/** Compares the weights that a model asks for with those that a file has. */
import { AttuneError, elementCount, sameShape } from '@attune/ir';
import type { TensorSource } from './safetensors/read.js';

export interface WeightsPlan {
  /** For every wanted parameter that the file has, the file's own name of it. */
  readonly found: ReadonlyMap<string, string>;
  /** Wanted parameters that the file lacks and that may be new. */
  readonly created: readonly string[];
  /** Tensors of the file that nobody asked for and that may be left alone. */
  readonly unused: readonly string[];
  /** Tensors that belong to no model of the kind; they are left alone too. */
  readonly foreign: readonly string[];
}

interface MatchOptions {
  /** Names under which a parameter may also be stored. */
  readonly aliases: (name: string) => readonly string[];
  /** Whether a parameter may be missing, because it begins anew. */
  readonly mayBeNew: (name: string) => boolean;
  /** Whether a tensor of the file may be left alone. */
  readonly mayBeUnused: (name: string) => boolean;
  /** Whether a tensor of the file belongs to no model of the kind, such as the weight of a loss. */
  readonly isForeign: (name: string) => boolean;
  /** What to check first. */
  readonly hint: string;
}

/**
 * Finds every wanted parameter in the file.
 * @throws AttuneError `E_WEIGHTS_MISMATCH` that lists up to ten missing, extra, misshapen and mistyped tensors each
 */
export function matchWeights(
  wanted: ReadonlyMap<string, readonly number[]>,
  source: TensorSource,
  { aliases, mayBeNew, mayBeUnused, isForeign, hint }: MatchOptions,
): WeightsPlan {
  const stored = new Set(source.names);
  const found = new Map<string, string>();
  const missing: string[] = [];
  const created: string[] = [];
  const misshapen: string[] = [];
  const mistyped: string[] = [];
  for (const [name, shape] of wanted) {
    const others = aliases(name);
    const own = (others.includes(name) ? others : [name, ...others]).find((candidate) => stored.has(candidate));
    if (own === undefined) {
      (mayBeNew(name) ? created : missing).push(name);
      continue;
    }
    found.set(name, own);
    const { shape: actual, dtype, isScaled = false } = source.entry(own);
    if (!floating.has(dtype) && !isScaled) mistyped.push(`${own} is ${dtype}`);
    if (!sameShape(actual, shape))
      misshapen.push(`${own} is [${actual}], expected [${shape}]${transposed(actual, shape)}`);
  }
  const used = new Set(found.values());
  const left = source.names.filter((name) => !used.has(name));
  const unasked = left.filter((name) => !mayBeUnused(name));
  const foreign = unasked.filter(isForeign);
  const extra = unasked.filter((name) => !isForeign(name));
  const problems = [
    listed('misses', missing),
    listed('has the wrong shape:', misshapen),
    listed('has no floating numbers:', mistyped),
    listed('has, without a use,', extra),
  ];
  const text = problems.filter((problem) => problem !== '').join('; ');
  if (text !== '') {
    throw new AttuneError('E_WEIGHTS_MISMATCH', `${source.name} does not fit the model: it ${text}.`, {
      file: source.name,
      field: missing[0] ?? misshapen[0]?.split(' ')[0] ?? mistyped[0]?.split(' ')[0] ?? extra[0] ?? '',
      hint,
    });
  }
  return { found, created, unused: left.filter(mayBeUnused), foreign };
}

/** Stored dtypes of weights that can be read. */
const floating: ReadonlySet<string> = new Set(['F64', 'F32', 'F16', 'BF16']);

function transposed(actual: readonly number[], expected: readonly number[]): string {
  const same = elementCount(actual) === elementCount(expected) && sameShape(actual.toReversed(), expected);
  return same ? ' (it looks transposed)' : '';
}

function listed(verb: string, names: readonly string[]): string {
  if (names.length === 0) return '';
  const more = names.length > 10 ? ` and ${names.length - 10} more` : '';
  return `${verb} ${names.slice(0, 10).join(', ')}${more}`;
}
