/** Rotary positions (Su et al. 2021) as configurations of transformers 4 and 5 describe them. */
import { AttuneError, type RotaryOptions, rotaryFrequencies } from '@attune/ir';
import * as z from 'zod/mini';

const positive = z.number().check(z.positive());

export const ropeSchema = z.looseObject({
  rope_theta: z.optional(positive),
  rope_type: z.optional(z.string()),
  /** What `rope_type` was called before. */
  type: z.optional(z.string()),
  partial_rotary_factor: z.optional(positive),
  factor: z.optional(positive),
  low_freq_factor: z.optional(positive),
  high_freq_factor: z.optional(positive),
  original_max_position_embeddings: z.optional(z.int().check(z.positive())),
});

export type RopeConfig = z.infer<typeof ropeSchema>;

export interface RopeDefaults {
  readonly headWidth: number;
  /** `rope_theta` where the fields do not say. */
  readonly base: number;
  /** The share of a head that turns, where the fields do not say; 1 by default. */
  readonly share?: number;
  /** How messages call the configuration. */
  readonly file: string;
}

/**
 * @param given `rope_scaling` and `rope_parameters`; the later ones count
 * @throws AttuneError `E_MODEL_UNSUPPORTED` for a scaling that there is not, `E_CONFIG` for one without its numbers, and for
 * a part of a head that does not turn in pairs
 */
export function rotaryOf(given: readonly (RopeConfig | null | undefined)[], defaults: RopeDefaults): RotaryOptions {
  const { file, headWidth } = defaults;
  const rope: RopeConfig = Object.assign({}, ...given);
  const type = rope.rope_type ?? rope.type ?? 'default';
  const rotaryDimension = Math.floor(headWidth * (rope.partial_rotary_factor ?? defaults.share ?? 1));
  if (rotaryDimension < 2 || rotaryDimension % 2 !== 0 || rotaryDimension > headWidth) {
    const message = `${file}: rotary positions turn ${rotaryDimension} of the ${headWidth} numbers of a head; an even number from 2 on is needed.`;
    throw new AttuneError('E_CONFIG', message, { file, field: 'partial_rotary_factor' });
  }
  const options = { base: rope.rope_theta ?? defaults.base, rotaryDimension, style: 'half' } as const;
  const scale = Object.hasOwn(scalings, type) ? scalings[type] : undefined;
  if (!scale) {
    const message = `${file}: rope_type is "${type}"; Attune has ${Object.keys(scalings).join(', ')}.`;
    throw new AttuneError('E_MODEL_UNSUPPORTED', message, { file, field: 'rope_parameters.rope_type' });
  }
  const frequencies = scale(rotaryFrequencies(options), (field) => numberOf(rope, field, file));
  return frequencies ? { ...options, frequencies } : options;
}

type RopeNumber = 'factor' | 'low_freq_factor' | 'high_freq_factor' | 'original_max_position_embeddings';
type Scaling = (frequencies: readonly number[], number: (field: RopeNumber) => number) => readonly number[] | undefined;

const scalings: Readonly<Record<string, Scaling>> = {
  default: () => undefined,
  linear: (frequencies, number) => frequencies.map((frequency) => frequency / number('factor')),
  /** Llama 3.1's: slow pairs turn slower by the factor, fast ones as they are, those between by both. */
  llama3(frequencies, number) {
    const [factor, original] = [number('factor'), number('original_max_position_embeddings')];
    const [low, high] = [number('low_freq_factor'), number('high_freq_factor')];
    return frequencies.map((frequency) => {
      const turns = (original * frequency) / (2 * Math.PI);
      if (turns > high) return frequency;
      if (turns < low) return frequency / factor;
      const share = (turns - low) / (high - low);
      return ((1 - share) * frequency) / factor + share * frequency;
    });
  },
};

function numberOf(rope: RopeConfig, field: RopeNumber, file: string): number {
  const found = rope[field];
  if (found !== undefined) return found;
  throw new AttuneError('E_CONFIG', `${file}: rope_parameters has no ${field}.`, { file, field: 'rope_parameters' });
}
