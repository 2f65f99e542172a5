import { hostTensor } from '@attune/ir';
import { expect, test } from 'vitest';
import { openAdapterFiles } from './adapter.js';
import { MemoryStorage } from './memory-storage.js';
import { writeJson } from './model-directory.js';
import { inMemory } from './safetensors/stored-tensor.js';
import { writeSafetensors } from './safetensors/write.js';

async function adapterWith(
  names: readonly string[],
  fields: Readonly<Record<string, unknown>> = {},
): Promise<MemoryStorage> {
  const storage = new MemoryStorage('adapter');
  await writeJson(storage, 'adapter_config.json', { peft_type: 'LORA', r: 1, lora_alpha: 1, ...fields });
  const tensors = new Map(names.map((name, index) => [name, hostTensor([1], [index])]));
  await writeSafetensors(storage, 'adapter_model.safetensors', inMemory(tensors));
  return storage;
}

test('T10: tensors are read with PEFT’s prefix and without', async () => {
  const { tensors } = await openAdapterFiles(
    await adapterWith(['base_model.model.a.lora_A.weight', 'b.lora_A.weight']),
  );
  expect([...tensors.names].sort()).toEqual(['a.lora_A.weight', 'b.lora_A.weight']);
  expect(tensors.entry('b.lora_A.weight').shape).toEqual([1]);
  expect((await tensors.read('a.lora_A.weight')).data[0]).toBe(0);
  expect((await tensors.readFloat('b.lora_A.weight')).data[0]).toBe(1);
});

test('T10: a tensor under both names is refused', async () => {
  await expect(openAdapterFiles(await adapterWith(['a.weight', 'base_model.model.a.weight']))).rejects.toMatchObject({
    code: 'E_ADAPTER_CONFIG',
    file: 'adapter/adapter_model.safetensors',
    field: 'a.weight',
  });
});
