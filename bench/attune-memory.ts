// What fine-tuning takes of memory: `--write DIR` writes a model in the shape of TinyLlama 1.1B with random blocks, else it loads
// a model, does steps of LoRA over full rows, and prints the resident memory of the process as a line of JSON.
import { parseArgs } from 'node:util';
import { onnx } from '@attune/backend-onnx';
import { causalLanguageModeling, Learner } from '@attune/core';
import { openModelDirectory } from '@attune/hub/directory';
import { ggufModelOf, writeGguf } from '@attune/hub/internal';
import { nodeStorage } from '@attune/hub/node';
import { type HostTensor, hostTensor } from '@attune/ir';
import { loadModel } from '@attune/models';
import { quantizations } from '@attune/models/internal';
import { lora } from '@attune/strategies';

const { values } = parseArgs({
  options: {
    write: { type: 'string' },
    model: { type: 'string', default: '' },
    quantize: { type: 'string' },
    rows: { type: 'string', default: '4' },
    tokens: { type: 'string', default: '256' },
    steps: { type: 'string', default: '2' },
    checkpointing: { type: 'boolean', default: false },
  },
});

interface Resident {
  readonly now: number;
  readonly peak: number;
}

const resident = (): Resident => ({ now: process.memoryUsage.rss(), peak: process.resourceUsage().maxRSS * 1024 });

async function measure(): Promise<void> {
  const quantize = quantizations.find((each) => each === values.quantize);
  const loaded = await loadModel(openModelDirectory(values.model), {
    task: 'causal-language-modeling',
    ...(quantize === undefined ? {} : { quantize }),
  });
  const afterLoading = resident();
  const { model, weights } = loaded;
  const weightBytes = [...weights.values()].reduce((sum, { data }) => sum + data.byteLength, 0);
  const vocabulary = Number(model.config.vocab_size);
  await using learner = await Learner.open({
    model: { model, weights, objective: causalLanguageModeling({ classes: vocabulary }) },
    strategy: lora({ r: 8 }),
    backend: onnx({ threads: 2 }),
    learningRate: 1e-4,
    gradientCheckpointing: values.checkpointing,
  });
  const shape = [Number(values.rows), Number(values.tokens)];
  const count = shape[0]! * shape[1]!;
  const inputIds = hostTensor(
    shape,
    Int32Array.from({ length: count }, (_, at) => (at * 7919) % vocabulary),
    'i32',
  );
  const attentionMask = hostTensor(shape, new Int32Array(count).fill(1), 'i32');
  const losses: number[] = [];
  for (let step = 0; step < Number(values.steps); step++)
    losses.push((await learner.step([{ tensors: { inputIds, attentionMask, labels: inputIds } }])).loss);
  console.log(JSON.stringify({ weightBytes, loaded: afterLoading, trained: resident(), losses }));
}

/** Matrices in Q4_0, embeddings and head in Q8_0; equal shapes share their random numbers. */
async function write(directory: string): Promise<void> {
  const [width, inner, layers, vocabulary, keys] = [2048, 5632, 22, 32_000, 256];
  const config = {
    model_type: 'llama',
    hidden_size: width,
    intermediate_size: inner,
    num_hidden_layers: layers,
    num_attention_heads: 32,
    num_key_value_heads: 4,
    vocab_size: vocabulary,
    max_position_embeddings: 2048,
    rms_norm_eps: 1e-5,
    tie_word_embeddings: false,
  };
  const made = new Map<string, HostTensor>();
  let state = 1;
  const random = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state / 2 ** 32 - 0.5) / 20;
  };
  const tensor = (name: string, shape: readonly number[], dtype: 'q4_0' | 'q8_0' | 'f32') => ({
    name,
    shape,
    dtype,
    load() {
      const known =
        made.get(shape.join()) ??
        hostTensor(
          shape,
          Float32Array.from({ length: shape[0]! * (shape[1] ?? 1) }, () => (shape.length === 1 ? 1 : random())),
        );
      made.set(shape.join(), known);
      return known;
    },
  });
  const { fields } = ggufModelOf(config, 'the configuration');
  await writeGguf(
    nodeStorage(directory),
    'model.gguf',
    new Map([...fields, ['llama.vocab_size', { type: 'u32', value: vocabulary }]]),
    [
      tensor('token_embd.weight', [vocabulary, width], 'q8_0'),
      tensor('output.weight', [vocabulary, width], 'q8_0'),
      tensor('output_norm.weight', [width], 'f32'),
      ...Array.from({ length: layers }, (_, layer) => [
        tensor(`blk.${layer}.attn_norm.weight`, [width], 'f32'),
        tensor(`blk.${layer}.ffn_norm.weight`, [width], 'f32'),
        tensor(`blk.${layer}.attn_q.weight`, [width, width], 'q4_0'),
        tensor(`blk.${layer}.attn_k.weight`, [keys, width], 'q4_0'),
        tensor(`blk.${layer}.attn_v.weight`, [keys, width], 'q4_0'),
        tensor(`blk.${layer}.attn_output.weight`, [width, width], 'q4_0'),
        tensor(`blk.${layer}.ffn_gate.weight`, [inner, width], 'q4_0'),
        tensor(`blk.${layer}.ffn_up.weight`, [inner, width], 'q4_0'),
        tensor(`blk.${layer}.ffn_down.weight`, [width, inner], 'q4_0'),
      ]).flat(),
    ],
  );
}

if (values.write === undefined) await measure();
else await write(values.write);
process.exit(0);
