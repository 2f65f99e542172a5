import { MemoryStorage, openSafetensors, readJson, type Storage, writeFile } from '@attune/hub';
import { stoppingStorage } from '@attune/hub/testing/stopping-storage';
import { AttuneError, referenceBackend } from '@attune/ir';
import { lora } from '@attune/strategies';
import { describe, expect, test } from 'vitest';
import { LOCK } from '../checkpoint/names.js';
import { collect, savedTiny, tinyTrainer } from './testing/tiny-trainer.js';

const backend = referenceBackend();
const short = { backend, maxSteps: 1, evalStrategy: 'no', saveStrategy: 'no' } as const;
const adapted = { ...short, strategy: lora({ r: 2, targetModules: ['encoder'] }) };

const hasLock = (storage: Storage) =>
  storage.requireUnlocked(LOCK).then(
    () => false,
    () => true,
  );

describe('audit F6: the last save', () => {
  test('holds the lock of the run at its end event, and takes it afterwards', async () => {
    const output = new MemoryStorage();
    const locked: boolean[] = [];
    const { describe: _, ...model } = savedTiny('me');
    const watched = { ...model, describe: async () => void locked.push(await hasLock(output)) };
    await using trainer = tinyTrainer(output, { ...short, model: watched });
    for await (const event of trainer.train()) if (event.type === 'end') await trainer.save();
    await trainer.save();
    expect(locked).toEqual([true, true]);
    expect(await hasLock(output)).toBe(false);
  });

  test('does not write where another run works', async () => {
    const output = new MemoryStorage();
    await using trainer = tinyTrainer(undefined, { ...short, model: savedTiny('me') });
    await collect(trainer);
    await output.lock(LOCK);
    await expect(trainer.save(output)).rejects.toMatchObject({ code: 'E_LOCKED' });
    expect(await output.list('')).toEqual([]);
  });

  test('of an adapter over an older one: killed at any point it is one of them whole, or none', async () => {
    await using first = tinyTrainer(undefined, { ...adapted, model: savedTiny('before') });
    await using second = tinyTrainer(undefined, { ...adapted, seed: 9, model: savedTiny('after') });
    await collect(first);
    await collect(second);
    const begin = async () => {
      const memory = new MemoryStorage();
      await first.save(memory);
      return memory;
    };
    const weightsOf = async (storage: Storage) => {
      const source = await openSafetensors(storage, 'adapter_model.safetensors');
      return JSON.stringify(await Promise.all(source.names.map(async (name) => [...(await source.read(name)).data])));
    };
    const before = await weightsOf(await begin());
    const whole = stoppingStorage(await begin());
    await second.save(whole);
    const owners: Readonly<Record<string, string>> = { [before]: 'before', [await weightsOf(whole)]: 'after' };
    expect(Object.keys(owners)).toHaveLength(2);
    const seen = new Set<string | undefined>();
    for (let limit = 0; limit < whole.changes; limit++) {
      const memory = await begin();
      await second.save(stoppingStorage(memory, limit)).catch(() => {});
      if (!(await memory.exists('adapter_config.json'))) continue;
      const owner = owners[await weightsOf(memory)];
      seen.add(owner);
      expect(await readJson(memory, 'attune.json'), `after ${limit} changes`).toEqual({ owner });
    }
    expect(seen).toEqual(new Set(['before', 'after']));
  });
});

test('audit F8: leftovers of an older last save are removed at the next start, nothing else is', async () => {
  const output = new MemoryStorage();
  const uuid = crypto.randomUUID();
  const ours = [
    `model.safetensors.${uuid}.tmp`,
    `model-00001-of-00002.safetensors.${uuid}.tmp`,
    `adapter_model.safetensors.${uuid}.tmp`,
    `adapter_config.json.${uuid}.tmp`,
    `attune.json.${uuid}.tmp`,
    `.tmp-model-${uuid}/model.safetensors`,
  ];
  const foreign = [`thesis.txt.${uuid}.tmp`, `model.safetensors.tmp`, `.tmp-model-mine`, `my-model.json.${uuid}.tmp`];
  for (const name of [...ours, ...foreign]) await writeFile(output, name, '');
  await using trainer = tinyTrainer(output, short);
  await collect(trainer, { resume: true });
  expect((await output.list('')).map(({ name }) => name).sort()).toEqual([...foreign].sort());
});

test('audit F11: a lock that cannot be removed does not hide why the run failed', async () => {
  const stuck: Storage = {
    ...stoppingStorage(new MemoryStorage()),
    lock: async () => async () => {
      throw new AttuneError('E_DISK', 'the lock cannot be removed');
    },
  };
  const onSavePhase = () => Promise.reject(new Error('the run failed'));
  await using failed = tinyTrainer(stuck, { ...short, saveStrategy: 'epoch', onSavePhase });
  await expect(collect(failed)).rejects.toThrow('the run failed');
  await using ended = tinyTrainer(stuck, short);
  await expect(collect(ended, { resume: true })).rejects.toThrow('the lock cannot be removed');
});
