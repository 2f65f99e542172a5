/** Whether the indices of a batch, such as token ids, lie in the tables that a program looks them up in. */
import { AttuneError, embeddingDefinition, gatherDefinition, type HostTensor, type Program } from '@attune/ir';
import { attributesOf } from './batch-rows.js';

/** How many rows the smallest table has that a program looks up an input's numbers in, by the input's name. */
export function indexLimits({ inputs, ops, types }: Program): ReadonlyMap<string, number> {
  const names = new Map(inputs.map(({ name, value }) => [value, name]));
  const limits = new Map<string, number>();
  for (const op of ops) {
    const axis = attributesOf(op, embeddingDefinition) ? 0 : attributesOf(op, gatherDefinition)?.axis;
    const [table, indices] = op.inputs;
    if (axis === undefined || table === undefined || indices === undefined) continue;
    const name = names.get(indices);
    const rows = types[table]?.shape[axis];
    if (name === undefined || rows === undefined) continue;
    limits.set(name, Math.min(rows, limits.get(name) ?? rows));
  }
  return limits;
}

/**
 * Backends differ in what they do beyond a table: some take another row in silence.
 * @throws AttuneError `E_DATA` that names the input, its row and the number
 */
export function requireIndices(name: string, { type, data }: HostTensor, limit: number): void {
  const position = data.findIndex((index) => index < 0 || index >= limit);
  if (position < 0) return;
  const rows = type.shape[0] ?? 1;
  const row = Math.floor((position * rows) / data.length);
  const place = `row ${row} of its batch, at position ${position - (row * data.length) / rows}`;
  throw new AttuneError(
    'E_DATA',
    `${name} is ${data[position]} in ${place}; the model's table has rows 0 to ${limit - 1}.`,
    { field: name, hint: 'Encode the texts with the tokenizer of the model.' },
  );
}
