/** One layer of a decoder with grouped queries, rotary positions and a cache, which draws its next token: for programs. */
import {
  add,
  argmax,
  cast,
  dynamicUpdateSliceAxis,
  gather,
  type HostTensor,
  hostTensor,
  iota,
  lessEqual,
  log,
  mul,
  neg,
  type Program,
  ProgramBuilder,
  project,
  randomBits,
  reshape,
  rmsNorm,
  rotaryAngles,
  rotaryEmbedding,
  scaledDotProductAttention,
  shiftRight,
  tensorType,
  transpose,
  type Value,
  zeros,
} from '@attune/ir';
import { uniform } from '@attune/ir/internal';

const [BATCH, LENGTH, WIDTH, VOCABULARY] = [2, 6, 8, 11];
const [HEADS, KEY_HEADS, HEAD_WIDTH] = [4, 2, 4];
const rotary = { base: 10_000, rotaryDimension: HEAD_WIDTH, style: 'half' } as const;

/** What a step takes over from the one before, by name: caches, the position and the tokens. */
export const decoderState = {
  keys: zeros(tensorType([BATCH, KEY_HEADS, LENGTH, HEAD_WIDTH])),
  values: zeros(tensorType([BATCH, KEY_HEADS, LENGTH, HEAD_WIDTH])),
  position: hostTensor([], [0], 'i32'),
  tokens: hostTensor([BATCH, 1], [3, 7], 'i32'),
} as const satisfies Readonly<Record<string, HostTensor>>;

export const decoderParameters = {
  table: uniform([VOCABULARY, WIDTH], [-1, 1], 1),
  norm: uniform([WIDTH], [0.5, 1.5], 2),
  query: uniform([HEADS * HEAD_WIDTH, WIDTH], [-1, 1], 3),
  key: uniform([KEY_HEADS * HEAD_WIDTH, WIDTH], [-1, 1], 4),
  value: uniform([KEY_HEADS * HEAD_WIDTH, WIDTH], [-1, 1], 5),
  output: uniform([WIDTH, HEADS * HEAD_WIDTH], [-1, 1], 6),
  seed: hostTensor([2], [5, 9], 'u32'),
} as const satisfies Readonly<Record<string, HostTensor>>;

/** One token for each row: its keys and values go into the donated caches, and the next one is drawn by Gumbel noise. */
export function decoderStep(): Program {
  const builder = new ProgramBuilder('decoder step');
  const declare = <Name extends string>(tensors: Readonly<Record<Name, HostTensor>>, name: Name) =>
    builder.input(name, tensors[name].type);
  const state = (name: keyof typeof decoderState) => declare(decoderState, name);
  const parameter = (name: keyof typeof decoderParameters) => declare(decoderParameters, name);
  const [keys, values, position, tokens] = [state('keys'), state('values'), state('position'), state('tokens')];
  const [table, norm, query, key] = [parameter('table'), parameter('norm'), parameter('query'), parameter('key')];
  const [value, output, seed] = [parameter('value'), parameter('output'), parameter('seed')];
  const x = gather(table, tokens);
  const normal = rmsNorm(x, norm, 1e-6);
  const angles = rotaryAngles(reshape(position, [1, 1]), rotary);
  const byHeads = (weight: Value, heads: number) =>
    transpose(reshape(project(normal, weight), [BATCH, 1, heads, HEAD_WIDTH]), [0, 2, 1, 3]);
  const nextKeys = dynamicUpdateSliceAxis(keys, rotaryEmbedding(byHeads(key, KEY_HEADS), angles, rotary), 2, position);
  const nextValues = dynamicUpdateSliceAxis(values, byHeads(value, KEY_HEADS), 2, position);
  const attended = scaledDotProductAttention(
    rotaryEmbedding(byHeads(query, HEADS), angles, rotary),
    nextKeys,
    nextValues,
    { scale: HEAD_WIDTH ** -0.5, mask: lessEqual(iota(builder, [1, 1, 1, LENGTH], 3), position) },
  );
  const joined = reshape(transpose(attended, [0, 2, 1, 3]), [BATCH, 1, HEADS * HEAD_WIDTH]);
  const logits = reshape(project(add(x, project(joined, output)), table), [BATCH, VOCABULARY]);
  const drawn = argmax(add(logits, gumbelNoise(seed, position)), 1);
  return builder.finish(
    { keys: nextKeys, values: nextValues, position: add(position, 1), tokens: reshape(drawn, [BATCH, 1]), logits },
    Object.keys(decoderState).map((_, index) => ({ input: index, output: index })),
  );
}

/** -log(-log(u)) of u uniform in (0, 1), other numbers at each position. */
function gumbelNoise(seed: Value, position: Value): Value {
  const own = add(seed, cast(position, 'u32'));
  const uniform = mul(add(cast(shiftRight(randomBits(own, [BATCH, VOCABULARY]), 8), 'f32'), 0.5), 2 ** -24);
  return neg(log(neg(log(uniform))));
}
