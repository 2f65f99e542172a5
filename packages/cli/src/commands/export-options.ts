import { AttuneError } from '@attune/ir';
import { flagOf } from '../spelling.js';

/** Options that only one of the formats has. */
const own = {
  onnx: ['batchSize', 'maxLength', 'inputDtype'],
  gguf: ['dtype', 'adapterOnly'],
} as const;

type OwnOption = (typeof own)[keyof typeof own][number];

/** @throws AttuneError `E_CONFIG` for an option of another format */
export function requireOptionsOf(
  format: keyof typeof own,
  settings: Readonly<Partial<Record<OwnOption, unknown>>>,
): void {
  const [other, names] = format === 'onnx' ? (['gguf', own.gguf] as const) : (['onnx', own.onnx] as const);
  const given = names.find((name) => settings[name] !== undefined && settings[name] !== false);
  if (given === undefined) return;
  throw new AttuneError('E_CONFIG', `${flagOf(given)} is of --format ${other}; this export is ${format}.`, {
    field: given,
    hint: `Leave it out, or take --format ${other}.`,
  });
}
