/** How rotary positions are changed for longer texts than a model began with; the names and numbers are those of transformers. */
import { AttuneError } from '@attune/ir';

/** What a scaling is made from. */
interface ScalingFields {
  /** Radians of each pair from position to position, before the scaling. */
  readonly frequencies: readonly number[];
  readonly base: number;
  /** Positions of the model now, and before it was extended. */
  readonly positions: number;
  readonly originalPositions: number;
  /** Whether YaRN's borders are whole pairs; true if absent. */
  readonly truncate?: boolean | undefined;
  optional(field: ScalingNumber): number | undefined;
  /** @throws AttuneError `E_CONFIG` where there is none */
  required(field: ScalingNumber): number;
  /** A number for each pair. @throws AttuneError `E_CONFIG` where there are none, or too few or too many */
  list(field: 'short_factor'): readonly number[];
}

export type ScalingNumber =
  | 'factor'
  | 'low_freq_factor'
  | 'high_freq_factor'
  | 'attention_factor'
  | 'beta_fast'
  | 'beta_slow'
  | 'mscale'
  | 'mscale_all_dim';

interface Scaled {
  readonly frequencies?: readonly number[];
  /** What cos and sin are multiplied by; 1 if absent. */
  readonly amplitude?: number;
}

type Scaling = (fields: ScalingFields) => Scaled;

/** How much longer texts are than the model began with. */
const factorOf = ({ optional, positions, originalPositions }: ScalingFields): number =>
  optional('factor') ?? positions / originalPositions;

/** YaRN's attention factor for texts that are longer by a factor. */
const mscale = (factor: number, weight = 1): number => (factor <= 1 ? 1 : 0.1 * weight * Math.log(factor) + 1);

export const ropeScalings = {
  default: () => ({}),
  linear: ({ frequencies, required }) => ({
    frequencies: frequencies.map((frequency) => frequency / required('factor')),
  }),
  /** Changes with the text's length only beyond the model's positions, where no text goes here. */
  dynamic({ required }) {
    required('factor');
    return {};
  },
  /** Llama 3.1's: slow pairs turn slower by the factor, fast ones as they are, those between by both. */
  llama3({ frequencies, originalPositions, required }) {
    const [factor, low, high] = [required('factor'), required('low_freq_factor'), required('high_freq_factor')];
    return {
      frequencies: frequencies.map((frequency) => {
        const turns = (originalPositions * frequency) / (2 * Math.PI);
        if (turns > high) return frequency;
        if (turns < low) return frequency / factor;
        const share = (turns - low) / (high - low);
        return ((1 - share) * frequency) / factor + share * frequency;
      }),
    };
  },
  /** YaRN (Peng et al. 2023, arXiv 2309.00071). */
  yarn(fields) {
    const { frequencies, base, originalPositions, truncate = true, optional } = fields;
    const factor = factorOf(fields);
    const width = 2 * frequencies.length;
    const pairOf = (turns: number) =>
      (width * Math.log(originalPositions / (turns * 2 * Math.PI))) / (2 * Math.log(base));
    const [fast, slow] = [pairOf(optional('beta_fast') || 32), pairOf(optional('beta_slow') || 1)];
    const low = Math.max(truncate ? Math.floor(fast) : fast, 0);
    const high = Math.min(truncate ? Math.ceil(slow) : slow, width - 1);
    const span = high === low ? 0.001 : high - low;
    const [own, all] = [optional('mscale'), optional('mscale_all_dim')];
    return {
      frequencies: frequencies.map((frequency, pair) => {
        const share = Math.min(1, Math.max(0, (pair - low) / span));
        return (share * frequency) / factor + (1 - share) * frequency;
      }),
      amplitude:
        optional('attention_factor') ?? (own && all ? mscale(factor, own) / mscale(factor, all) : mscale(factor)),
    };
  },
  /** LongRoPE (Ding et al. 2024, arXiv 2402.13753), for texts no longer than the model began with. */
  longrope(fields) {
    const { frequencies, originalPositions, optional, list } = fields;
    const factors = list('short_factor');
    const factor = factorOf(fields);
    const stretched = factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(originalPositions));
    return {
      frequencies: frequencies.map((frequency, pair) => frequency / factors[pair]!),
      amplitude: optional('attention_factor') ?? stretched,
    };
  },
} as const satisfies Readonly<Record<string, Scaling>>;

export type ScalingName = keyof typeof ropeScalings;

/** @throws AttuneError `E_MODEL_UNSUPPORTED` for another name */
export function scalingNamed(name: string, file: string): ScalingName {
  const found = Object.keys(ropeScalings).find((each): each is ScalingName => each === name);
  if (found) return found;
  const message = `${file}: rope_type is "${name}"; Attune has ${Object.keys(ropeScalings).join(', ')}.`;
  throw new AttuneError('E_MODEL_UNSUPPORTED', message, { file, field: 'rope_parameters.rope_type' });
}
