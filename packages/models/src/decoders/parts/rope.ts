/** Rotary positions (Su et al. 2021) as configurations of transformers 4 and 5 describe them. */
import { AttuneError, type RotaryOptions, rotaryFrequencies } from '@attune/ir';
import * as z from 'zod/mini';
import { ropeScalings, type ScalingName, type ScalingNumber, scalingNamed } from './rope-scalings.js';

const positive = z.number().check(z.positive());
const number = z.nullish(positive);

export const ropeSchema = z.looseObject({
  rope_theta: z.optional(positive),
  rope_type: z.optional(z.string()),
  /** What `rope_type` was called before. */
  type: z.optional(z.string()),
  partial_rotary_factor: z.optional(positive),
  factor: number,
  low_freq_factor: number,
  high_freq_factor: number,
  attention_factor: number,
  beta_fast: number,
  beta_slow: number,
  mscale: number,
  mscale_all_dim: number,
  truncate: z.optional(z.boolean()),
  short_factor: z.optional(z.array(positive)),
  original_max_position_embeddings: z.nullish(z.int().check(z.positive())),
});

export type RopeConfig = z.infer<typeof ropeSchema>;

type GivenRopes = readonly (RopeConfig | null | undefined)[];

/** What the configuration says of its positions beside their scaling. */
export interface PositionFields {
  /** `max_position_embeddings`. */
  readonly positions: number;
  /** `original_max_position_embeddings` of the configuration itself, which counts before that of the scaling. */
  readonly originalPositions?: number | null | undefined;
  /** How messages call the configuration. */
  readonly file: string;
}

export interface RopeDefaults extends PositionFields {
  readonly headWidth: number;
  /** `rope_theta` where the fields do not say. */
  readonly base: number;
  /** The share of a head that turns, where the fields do not say; 1 by default. */
  readonly share?: number;
}

/**
 * @param given `rope_scaling` and `rope_parameters`; the later ones count
 * @throws AttuneError `E_MODEL_UNSUPPORTED` for a scaling that there is not, `E_CONFIG` for one without its numbers, and for
 * a part of a head that does not turn in pairs
 */
export function rotaryOf(given: GivenRopes, defaults: RopeDefaults): RotaryOptions {
  const { file, headWidth, positions } = defaults;
  const rope: RopeConfig = Object.assign({}, ...given);
  const rotaryDimension = Math.floor(headWidth * (rope.partial_rotary_factor ?? defaults.share ?? 1));
  if (rotaryDimension < 2 || rotaryDimension % 2 !== 0 || rotaryDimension > headWidth) {
    const message = `${file}: rotary positions turn ${rotaryDimension} of the ${headWidth} numbers of a head; an even number from 2 on is needed.`;
    throw new AttuneError('E_CONFIG', message, { file, field: 'partial_rotary_factor' });
  }
  const options = { base: rope.rope_theta ?? defaults.base, rotaryDimension, style: 'half' } as const;
  const optional = (field: ScalingNumber) => rope[field] ?? undefined;
  const scaled = ropeScalings[scalingOf(rope, file)]({
    frequencies: rotaryFrequencies(options),
    base: options.base,
    positions,
    originalPositions: originalPositionsOf(rope, defaults),
    truncate: rope.truncate,
    optional,
    required: (field) => optional(field) ?? missing(field, file),
    list(field) {
      const found = rope[field] ?? missing(field, file);
      if (found.length === rotaryDimension / 2) return found;
      const message = `${file}: ${field} has ${found.length} numbers; ${rotaryDimension / 2} are needed.`;
      throw new AttuneError('E_CONFIG', message, { file, field: `rope_parameters.${field}` });
    },
  });
  return { ...options, ...scaled };
}

/**
 * The longest text: LongRoPE turns otherwise beyond the length that the model began with, which is as far as texts go here.
 * @throws AttuneError as `rotaryOf`
 */
export function maxPositionsOf(given: GivenRopes, fields: PositionFields): number {
  const rope: RopeConfig = Object.assign({}, ...given);
  const { positions, file } = fields;
  return scalingOf(rope, file) === 'longrope' ? Math.min(positions, originalPositionsOf(rope, fields)) : positions;
}

const originalPositionsOf = (rope: RopeConfig, { originalPositions, positions }: PositionFields): number =>
  originalPositions ?? rope.original_max_position_embeddings ?? positions;

/** Phi-3's first configurations call LongRoPE `su` and `yarn`. */
function scalingOf({ rope_type, type, short_factor: factors }: RopeConfig, file: string): ScalingName {
  const name = rope_type ?? type ?? 'default';
  return name === 'su' || (name === 'yarn' && factors) ? 'longrope' : scalingNamed(name, file);
}

function missing(field: string, file: string): never {
  throw new AttuneError('E_CONFIG', `${file}: rope_parameters has no ${field}.`, { file, field: 'rope_parameters' });
}
