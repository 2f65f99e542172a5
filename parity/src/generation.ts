/** Greedy texts of a golden case: the tokens, and the scores that they were chosen by. */
import type { Device, HostTensor } from '@attune/ir';
import type { Comparison, ParityTolerance } from './parity-case.js';
import { learnerOf, type Recipe } from './trajectory.js';

type Tensors = ReadonlyMap<string, HostTensor>;

export async function compareGeneration(
  comparison: Comparison,
  recipe: Recipe,
  golden: Tensors,
  tolerance: ParityTolerance,
  device: Device,
): Promise<void> {
  await using learner = await learnerOf({ ...recipe, trains: () => false }, device);
  const [ids, mask] = [golden.get('input_ids')!, golden.get('attention_mask')!];
  const prefill = golden.get('prefill_logits')!;
  const outputs = await learner.outputs({ inputIds: ids, attentionMask: mask });
  const isSeen = (row: HostTensor, index: number) => mask.data[Math.floor(index / row.type.shape[2]!)] === 1;
  const seen = (tensor: HostTensor) => Array.from(tensor.data).filter((_, index) => isSeen(tensor, index));
  comparison.add('prefill_logits', seen(outputs.get('logits')!), seen(prefill), tolerance);
  const [rows, width] = ids.type.shape as [number, number];
  const prompts = Array.from({ length: rows }, (_, row) =>
    Array.from(ids.data.subarray(row * width, (row + 1) * width)).filter((_, at) => mask.data[row * width + at] === 1),
  );
  const newTokens = golden.get('new_tokens')!;
  const count = newTokens.type.shape[1]!;
  const tokens = new Int32Array(rows * count);
  const scores = new Float32Array(golden.get('step_logits')!.data.length);
  let step = 0;
  for await (const made of learner.generate(prompts, { maxNewTokens: count, outputLogits: true })) {
    const { data, type } = made.logits!;
    const words = type.shape[1]!;
    for (let row = 0; row < rows; row++) {
      tokens[row * count + step] = made.tokens[row]!;
      scores.set(data.subarray(row * words, (row + 1) * words), (row * count + step) * words);
    }
    step++;
  }
  comparison.add('new_tokens', tokens, newTokens.data, { rtol: 0, atol: 0 });
  comparison.add('step_logits', scores, golden.get('step_logits')!.data, tolerance);
}
