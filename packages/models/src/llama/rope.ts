/** Rotary positions as Llama's configurations describe them. */
import { AttuneError, type RotaryOptions, rotaryFrequencies } from '@attune/ir';
import type { LlamaConfig, RopeConfig } from './config.js';

/** @throws AttuneError `E_MODEL_UNSUPPORTED` for a scaling that there is not, `E_CONFIG` for one without its numbers */
export function rotaryOf(config: LlamaConfig, headWidth: number, file: string): RotaryOptions {
  const rope: RopeConfig = { ...config.rope_scaling, ...config.rope_parameters };
  const options = { base: rope.rope_theta ?? config.rope_theta, rotaryDimension: headWidth, style: 'half' } as const;
  switch (rope.rope_type ?? rope.type ?? 'default') {
    case 'default':
      return options;
    case 'linear': {
      const factor = numberOf(rope, 'factor', file);
      return { ...options, frequencies: rotaryFrequencies(options).map((frequency) => frequency / factor) };
    }
    case 'llama3':
      return { ...options, frequencies: longTextFrequencies(rotaryFrequencies(options), rope, file) };
    default:
      throw new AttuneError(
        'E_MODEL_UNSUPPORTED',
        `${file}: rope_type is "${rope.rope_type ?? rope.type}"; Attune has default, linear and llama3.`,
        { file, field: 'rope_parameters.rope_type' },
      );
  }
}

/**
 * Llama 3.1's scaling: slow pairs turn slower by the factor, fast ones as they are, those between by both, as
 * transformers' `_compute_llama3_parameters` has it.
 */
function longTextFrequencies(frequencies: readonly number[], rope: RopeConfig, file: string): readonly number[] {
  const factor = numberOf(rope, 'factor', file);
  const low = numberOf(rope, 'low_freq_factor', file);
  const high = numberOf(rope, 'high_freq_factor', file);
  const original = numberOf(rope, 'original_max_position_embeddings', file);
  return frequencies.map((frequency) => {
    const turns = (original * frequency) / (2 * Math.PI);
    if (turns > high) return frequency;
    if (turns < low) return frequency / factor;
    const share = (turns - low) / (high - low);
    return ((1 - share) * frequency) / factor + share * frequency;
  });
}

type RopeNumber = 'factor' | 'low_freq_factor' | 'high_freq_factor' | 'original_max_position_embeddings';

function numberOf(rope: RopeConfig, field: RopeNumber, file: string): number {
  const found = rope[field];
  if (found !== undefined) return found;
  throw new AttuneError('E_CONFIG', `${file}: rope_parameters has no ${field}.`, { file, field: 'rope_parameters' });
}
