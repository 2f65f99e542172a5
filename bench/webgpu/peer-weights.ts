/** Attune's first weights as the peers take them: matrices [in, out], query, key and value in one, short names. */
import { type HostTensor, hostTensor } from '@attune/ir';
import { attuneModel } from './attune-model.js';
import type { Task } from './task.js';

/** Where a peer's tensor is in Attune's model; several are joined along the last axis. */
type Names = Readonly<Record<string, readonly string[]>>;

const bertBlock = (at: string): Names => ({
  qkv: ['query', 'key', 'value'].map((part) => `${at}.attention.self.${part}`),
  out: [`${at}.attention.output.dense`],
  norm1: [`${at}.attention.output.LayerNorm`],
  inner: [`${at}.intermediate.dense`],
  outer: [`${at}.output.dense`],
  norm2: [`${at}.output.LayerNorm`],
});

const gptBlock = (at: string): Names => ({
  norm1: [`${at}.ln_1`],
  qkv: [`${at}.attn.c_attn`],
  out: [`${at}.attn.c_proj`],
  norm2: [`${at}.ln_2`],
  inner: [`${at}.mlp.c_fc`],
  outer: [`${at}.mlp.c_proj`],
});

const bertEnds: Names = {
  words: ['bert.embeddings.word_embeddings'],
  positions: ['bert.embeddings.position_embeddings'],
  types: ['bert.embeddings.token_type_embeddings'],
  norm: ['bert.embeddings.LayerNorm'],
  pooler: ['bert.pooler.dense'],
  classifier: ['classifier'],
};

const gptEnds: Names = { words: ['transformer.wte'], positions: ['transformer.wpe'], norm: ['transformer.ln_f'] };

const tables = ['words', 'positions', 'types'];

/** Tables `words`, `positions`, `types`, then `*.weight` [in, out] and `*.bias` of `norm`, and of each block `0.qkv`, `0.out`, … */
export async function peerWeights(task: Task): Promise<ReadonlyMap<string, HostTensor>> {
  const { weights } = await attuneModel(task);
  const isBert = task.kind === 'bert';
  const blocks = Array.from({ length: task.layers }, (_, index) =>
    Object.entries(isBert ? bertBlock(`bert.encoder.layer.${index}`) : gptBlock(`transformer.h.${index}`)).map(
      ([name, own]) => [`${index}.${name}`, own] as const,
    ),
  );
  const layers = [...Object.entries(isBert ? bertEnds : gptEnds), ...blocks.flat()];
  return new Map(
    layers.flatMap(([name, own]) => {
      const found = (suffix: string) => own.map((each) => weights.get(`${each}.${suffix}`)!);
      if (tables.includes(name)) return [[name, found('weight')[0]!] as const];
      return [
        [`${name}.weight`, joined(found('weight').map(transposed))] as const,
        [`${name}.bias`, joined(found('bias'))] as const,
      ];
    }),
  );
}

function transposed(tensor: HostTensor): HostTensor {
  const [rows, columns] = tensor.type.shape;
  if (columns === undefined) return tensor;
  const from = (at: number) => tensor.data[(at % rows!) * columns + Math.floor(at / rows!)]!;
  return hostTensor(
    [columns, rows!],
    Float32Array.from({ length: rows! * columns }, (_, at) => from(at)),
  );
}

/** Along the last axis; of equal shapes. */
function joined(parts: readonly HostTensor[]): HostTensor {
  const { shape } = parts[0]!.type;
  const width = shape.at(-1)!;
  const all = width * parts.length;
  const rows = parts[0]!.data.length / width;
  const data = Float32Array.from({ length: rows * all }, (_, at) => {
    const column = at % all;
    return parts[Math.floor(column / width)]!.data[Math.floor(at / all) * width + (column % width)]!;
  });
  return hostTensor([...shape.slice(0, -1), all], data);
}
