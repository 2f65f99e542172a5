/** Elastic weight consolidation (Kirkpatrick et al. 2017, arXiv 1612.00796, equation 3). */
import type { Strategy } from '@attune/core';
import { parseOptions } from '@attune/core/internal';
import { sha256Of } from '@attune/hub/internal';
import { AttuneError, type HostTensor, sameShape } from '@attune/ir';
import * as z from 'zod/mini';
import { ownParameters } from './own-parameters.js';
import { towardStart } from './weight-anchors.js';

type Weights = ReadonlyMap<string, HostTensor>;

const ewcSchema = z.strictObject({
  /** The Fisher diagonal of the task that is to be kept, by parameter, as `fisherDiagonal` of @attune/core estimates it. */
  fisher: z.custom<Weights>(
    (value) => value instanceof Map && value.size > 0,
    'Invalid input: expected tensors by name',
  ),
  /** Lambda: how much the earlier task counts. It depends on the size of the Fisher values: sweep it. */
  strength: z.number().check(z.nonnegative()),
});

export type EwcOptions = z.input<typeof ewcSchema>;

/**
 * Adds strength / 2 * sum of fisher * (w - start)^2 to the loss of each step, so that what the earlier task needs moves least;
 * events show the loss without it. Parameters without Fisher values, such as a new head, are free. It leaves to other
 * strategies what trains; alone, everything does.
 * @throws AttuneError `E_CONFIG` for options that are wrong; `E_STRATEGY` (in `adapt`) for values of another model
 */
export function ewc(options: EwcOptions): Strategy {
  const name = 'ewc';
  const { fisher, strength } = parseOptions(ewcSchema, options, name);
  const penalties = new Map([...fisher].map(([parameter, values]) => [parameter, towardStart(strength, values)]));
  return {
    name,
    options: { strength, fisher: hashOf(fisher) },
    adapt(model) {
      const own = ownParameters(model);
      for (const [parameter, { type }] of fisher) {
        const shape = own.get(parameter)?.type.shape;
        if (shape && sameShape(shape, type.shape)) continue;
        const message = `fisher has ${parameter} [${type.shape}], and the model has ${shape ? `[${shape}]` : 'no such parameter'}.`;
        throw new AttuneError('E_STRATEGY', message, { field: parameter });
      }
      return { penalty: (parameter) => penalties.get(parameter.name) };
    },
  };
}

/** Tells Fisher values apart, for runs that are resumed. */
const hashOf = (fisher: Weights): string =>
  sha256Of(
    [...fisher]
      .map(([name, { data }]) => `${name} ${sha256Of(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))}`)
      .join('\n'),
  );
