import { MemoryStorage, writeFile } from '@attune/hub';
import { expect, test } from 'vitest';
import { temporaryName } from '../checkpoint/names.js';
import { collect, tinyTrainer } from './testing/tiny-trainer.js';

const namesIn = async (storage: MemoryStorage) => (await storage.list('')).map(({ name }) => name);

test('T13 config-typo: check finds what train would refuse, and changes nothing', async () => {
  const output = new MemoryStorage();
  await using trainer = tinyTrainer(output, { maxSteps: 2 });
  await trainer.check();
  const left = temporaryName(1);
  await writeFile(output, `${left}/part`, '');
  await trainer.check();
  expect(await namesIn(output)).toEqual([left]);

  await collect(trainer);
  const after = await namesIn(output);
  await expect(trainer.check()).rejects.toMatchObject({ code: 'E_OUTPUT_EXISTS' });
  await trainer.check({ resume: true });
  await using other = tinyTrainer(output, { maxSteps: 2, seed: 7 });
  await expect(other.check({ resume: true })).rejects.toMatchObject({ code: 'E_RESUME_MISMATCH', field: 'seed' });
  await other.check({ resume: true, allowChange: ['seed'] });
  await expect(other.check({ resume: 'checkpoint-9' })).rejects.toMatchObject({ code: 'E_CHECKPOINT' });
  expect(await namesIn(output)).toEqual(after);
});
