/** What the weights of a model directory are called. */

/** Weights that Python's libraries read, and Attune's own int8, which they would take for others: so by another name. */
export const weightsNames = ['model', 'model.int8'] as const;

export type WeightsName = (typeof weightsNames)[number];

export const singleFile = (name: WeightsName): string => `${name}.safetensors`;
export const indexFile = (name: WeightsName): string => `${name}.safetensors.index.json`;

/** Shard `number` of `count`, from 1. */
export function shardFile(name: WeightsName, number: number, count: number): string {
  const padded = (value: number) => String(value).padStart(5, '0');
  return `${name}-${padded(number)}-of-${padded(count)}.safetensors`;
}
