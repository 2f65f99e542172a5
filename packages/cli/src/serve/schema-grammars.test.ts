import { jsonTokenizer, tokenizerFiles } from '@attune/models/testing/tiny-tokenizers';
import { expect, it } from 'vitest';
import { SchemaGrammars } from './schema-grammars.js';

it('four schemas have their workers at a time; few requests wait for one, and further ones are refused', async () => {
  using grammars = new SchemaGrammars(await tokenizerFiles(jsonTokenizer), 1);
  let open = () => {};
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  let running = 0;
  let most = 0;
  const ask = (which: number) =>
    grammars.use({ const: which }, async (grammar) => {
      most = Math.max(most, ++running);
      await gate;
      running -= 1;
      using text = grammar.begin([1]);
      return text.next([]);
    });
  const asked = [0, 1, 2, 3, 0, 4].map(ask);
  await expect(ask(5)).rejects.toMatchObject({ status: 429, code: 'queue_full' });
  open();
  expect((await Promise.all(asked)).every((allowed) => allowed instanceof Int32Array)).toBe(true);
  expect(most).toBeLessThanOrEqual(5);
  await expect(grammars.use({ not: {} }, async () => 0)).rejects.toMatchObject({ code: 'E_SCHEMA' });
  expect(await ask(4)).toBeInstanceOf(Int32Array);
});
