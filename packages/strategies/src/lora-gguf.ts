/** LoRA adapters as GGUF files, for llama.cpp's `--lora` and Ollama's ADAPTER. */
import { type Model, VERSION } from '@attune/core';
import {
  asInGguf,
  type FileMaker,
  GGUF_MARK,
  type GgufField,
  type GgufTensorToWrite,
  ggufModelOf,
  placeInGguf,
  writeGguf,
} from '@attune/hub/internal';
import { AttuneError } from '@attune/ir';
import type { OpenedAdapter } from './adapters/open.js';

/**
 * Writes the matrices of a LoRA adapter, in f32.
 * @param model its base
 * @throws AttuneError `E_ADAPTER_UNSUPPORTED` for what llama.cpp's adapters do not have; `E_MODEL_UNSUPPORTED` as `saveGguf`;
 * `E_NONFINITE`, `E_DISK`
 */
export async function saveLoraGguf(
  target: FileMaker,
  path: string,
  adapter: OpenedAdapter,
  { config }: Model,
): Promise<void> {
  const { tensors } = adapter;
  const { architecture, ...shapes } = ggufModelOf(config, 'config.json of the base');
  const alpha = alphaOf(adapter);
  const parts = tensors.names.map((name): GgufTensorToWrite => {
    const [, module, side] = /^(.+)\.lora_([AB])\.weight$/.exec(name) ?? [];
    const place = module === undefined ? undefined : placeInGguf(`${module}.weight`, architecture, shapes);
    if (!place) throw unsupported(adapter, name, `has ${name}`);
    // Rows of the second matrix are those of the layer; the first is as it is.
    const { pairedHeads } = place;
    const own = { name: place.name, ...(side === 'B' && pairedHeads !== undefined ? { pairedHeads } : {}) };
    return {
      name: `${place.name}.lora_${side === 'A' ? 'a' : 'b'}`,
      shape: tensors.entry(name).shape,
      dtype: 'f32',
      load: async () => asInGguf(await tensors.readFloat(name), own),
    };
  });
  const metadata = new Map<string, GgufField>([
    [GGUF_MARK, { type: 'text', value: VERSION }],
    ['general.architecture', { type: 'text', value: architecture }],
    ['general.type', { type: 'text', value: 'adapter' }],
    ['adapter.type', { type: 'text', value: 'lora' }],
    ['adapter.lora.alpha', { type: 'f32', value: alpha }],
  ]);
  await writeGguf(target, path, metadata, parts);
}

/** What is divided by the rank of a layer and scales its change. @throws AttuneError `E_ADAPTER_UNSUPPORTED` */
function alphaOf(adapter: OpenedAdapter): number {
  const { config } = adapter;
  if (config.peft_type !== 'LORA') throw unsupported(adapter, 'peft_type', `is ${config.peft_type}`);
  const isSet = (value: unknown) =>
    !['undefined', 'null', 'false', '"none"', '{}', '[]'].includes(String(JSON.stringify(value)));
  const isRanked = config.use_rslora === true && isSet(config.rank_pattern);
  const refused = [
    'use_dora',
    'modules_to_save',
    'bias',
    'lora_bias',
    'alpha_pattern',
    ...(isRanked ? ['rank_pattern'] : []),
  ];
  const found = refused.find((field) => isSet(config[field]));
  if (found) throw unsupported(adapter, found, `uses ${found}`);
  const { init_lora_weights: start = true } = config;
  if (typeof start === 'string' && start !== 'gaussian')
    throw unsupported(adapter, 'init_lora_weights', `began with ${start}, which changes its base`);
  const [alpha, rank] = [Number(config.lora_alpha ?? 8), Number(config.r ?? 8)];
  return config.use_rslora === true ? alpha * Math.sqrt(rank) : alpha;
}

const unsupported = ({ file }: OpenedAdapter, field: string, problem: string): AttuneError =>
  new AttuneError('E_ADAPTER_UNSUPPORTED', `${file} ${problem}; GGUF has plain LoRA of the base's layers only.`, {
    file,
    field,
    hint: 'Leave --adapter-only out: the base is then written with the adapter folded in.',
  });
