import { inMemory, MemoryStorage, writeJson, writeSafetensors } from '@attune/hub';
import { hostTensor } from '@attune/ir';
import { describe, expect, test } from 'vitest';
import { openAdapter } from './open.js';

async function adapterWith(fields: Readonly<Record<string, unknown>>): Promise<MemoryStorage> {
  const storage = new MemoryStorage('adapter');
  await writeJson(storage, 'adapter_config.json', { peft_type: 'LORA', r: 1, lora_alpha: 1, ...fields });
  const tensors = new Map([['base_model.model.a.lora_A.weight', hostTensor([1], [0])]]);
  await writeSafetensors(storage, 'adapter_model.safetensors', inMemory(tensors));
  return storage;
}

test('field 17: fields of a newer PEFT that are on get a warning that names them', async () => {
  const on = { use_something_new: true, new_scale: 0.5, new_config: { a: 1 } };
  const off = { use_other: false, none: null, empty: {}, list: [], text: '', zero: 0, peft_version: '9.9' };
  const { warnings } = await openAdapter(await adapterWith({ ...off, ...on }));
  expect(warnings).toEqual([
    'adapter/adapter_config.json: Attune does not know use_something_new (true), new_scale (0.5), new_config ({"a":1}); ' +
      'the adapter may compute something else here',
  ]);
  expect((await openAdapter(await adapterWith(off))).warnings).toEqual([]);
});

describe('the method of an adapter', () => {
  test.each<[string, Readonly<Record<string, unknown>>]>([
    ['lora', {}],
    ['dora', { use_dora: true }],
    ['vera', { peft_type: 'VERA' }],
  ])('%s', async (name, fields) => {
    const { method, warnings } = await openAdapter(await adapterWith(fields));
    expect(method.name).toBe(name);
    if (name !== 'vera') expect(warnings).toEqual([]);
  });

  test('an unknown one is refused with the nearest that is known', async () => {
    await expect(openAdapter(await adapterWith({ peft_type: 'VORA' }))).rejects.toMatchObject({
      code: 'E_ADAPTER_UNSUPPORTED',
      field: 'peft_type',
      hint: expect.stringMatching(/Did you mean "(LORA|VERA)"\?/),
    });
  });

  test.each<[Readonly<Record<string, unknown>>, string]>([
    [{ peft_type: 'VERA', save_projection: false }, 'save_projection'],
    [{ use_dora: true, lora_bias: true }, 'lora_bias'],
    [{ use_dora: true, init_lora_weights: 'pissa' }, 'init_lora_weights'],
  ])('%j is refused by the field', async (fields, field) => {
    const opened = openAdapter(await adapterWith(fields));
    await expect(opened).rejects.toMatchObject({ code: 'E_ADAPTER_UNSUPPORTED', field });
  });
});
