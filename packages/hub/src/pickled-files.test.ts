import { describe, expect, test } from 'vitest';
import { openAdapterFiles } from './adapter.js';
import { MemoryStorage } from './memory-storage.js';
import { readModelConfig, writeJson } from './model-directory.js';
import { writeFile } from './storage.js';

async function directoryWith(files: Readonly<Record<string, unknown>>): Promise<MemoryStorage> {
  const storage = new MemoryStorage('model');
  for (const [name, content] of Object.entries(files)) {
    if (typeof content === 'string') await writeFile(storage, name, content);
    else await writeJson(storage, name, content);
  }
  return storage;
}

const config = { 'config.json': { model_type: 'bert' } };

describe('T09 unsafe-model: pickled weights', () => {
  test.each([
    'pytorch_model.bin',
    'model.pt',
    'weights.pth',
    'last.ckpt',
    'model.PKL',
    'tf_model.h5',
    'flax_model.msgpack',
  ])('%s alone is refused with the way to convert it', async (name) => {
    for (const beside of [{}, { 'tokenizer.safetensors': 'x', 'adapter_model.safetensors': 'x' }]) {
      const loading = readModelConfig(await directoryWith({ ...config, [name]: 'x', ...beside }));
      await expect(loading).rejects.toMatchObject({
        code: 'E_UNSAFE_FORMAT',
        file: `model/${name}`,
        hint: expect.stringContaining('safe_serialization=True'),
      });
    }
  });

  test('without config.json too', async () => {
    const loading = readModelConfig(await directoryWith({ 'pytorch_model.bin': 'x' }));
    await expect(loading).rejects.toMatchObject({ code: 'E_UNSAFE_FORMAT' });
  });

  test.each(['model.safetensors', 'model.safetensors.index.json', 'model.int8.safetensors'])(
    'beside %s they are left alone',
    async (weights) => {
      const directory = await directoryWith({ ...config, 'pytorch_model.bin': 'x', [weights]: 'x' });
      expect(await readModelConfig(directory)).toEqual({ model_type: 'bert' });
    },
  );

  test.each(['', 'second'])('field 15: of an adapter in "%s"', async (folder) => {
    const at = (name: string) => (folder === '' ? name : `${folder}/${name}`);
    const adapter = await directoryWith({
      [at('adapter_config.json')]: { peft_type: 'LORA', r: 1, lora_alpha: 1 },
      [at('adapter_model.bin')]: 'x',
      'model.safetensors': 'x',
    });
    await expect(openAdapterFiles(adapter, folder)).rejects.toMatchObject({
      code: 'E_UNSAFE_FORMAT',
      file: `model/${at('adapter_model.bin')}`,
      hint: expect.stringContaining('PeftModel.from_pretrained'),
    });
  });
});

describe('T09 unsafe-model: models that Attune cannot take', () => {
  test('code of their own', async () => {
    const auto_map = { AutoModel: 'modeling.py--Own' };
    const own = await directoryWith({ 'config.json': { model_type: 'bert', auto_map }, 'model.safetensors': 'x' });
    await expect(readModelConfig(own)).rejects.toMatchObject({
      code: 'E_UNSAFE_FORMAT',
      field: 'auto_map',
      hint: expect.stringContaining('transformers'),
    });
    const adapter = await directoryWith({
      'adapter_config.json': { peft_type: 'LORA', r: 1, lora_alpha: 1, auto_map },
    });
    await expect(openAdapterFiles(adapter)).rejects.toMatchObject({ code: 'E_UNSAFE_FORMAT', field: 'auto_map' });
  });

  test.each([{}, { model_type: 5 }])('%j has no model_type, and the known ones are listed', async (fields) => {
    const loading = readModelConfig(await directoryWith({ 'config.json': fields }), ['bert', 'other']);
    await expect(loading).rejects.toMatchObject({
      code: 'E_MODEL_UNSUPPORTED',
      field: 'model_type',
      hint: expect.stringContaining('bert, other'),
    });
  });
});
