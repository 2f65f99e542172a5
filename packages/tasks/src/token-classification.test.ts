import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { conll, LabelMap, textSource } from '@attune/data';
import { loadTokenizer } from '@attune/hub';
import { nodeStorage } from '@attune/hub/node';
import { expect, it } from 'vitest';
import { encodeTokenClassification } from './token-classification.js';

const model = fileURLToPath(new URL('../../../../shared/models/all-minilm-l6-v2', import.meta.url));

it.skipIf(!process.env.CI && !existsSync(model))('labels the first piece of each word, or all of them', async () => {
  const tokenizer = await loadTokenizer(nodeStorage(model));
  const text = 'Embeddings\tB-x\nfrom\tO\nBonn-Beuel\tB-y\n';
  const encode = async (labelAllTokens: boolean, source = text) =>
    (
      await encodeTokenClassification(
        conll(textSource('t.conll', source)),
        tokenizer,
        new LabelMap(['B-x', 'B-y', 'O']),
        { maxLength: 32, labelAllTokens },
      )
    ).examples[0]!;
  const { ids, labels } = await encode(false);
  const all = (await encode(true)).labels.labels as readonly number[];
  const first = labels.labels as readonly number[];
  expect(first).toHaveLength(ids.length);
  expect(first.filter((label) => label !== -100)).toEqual([0, 2, 1]);
  expect([all[0], all.at(-1)]).toEqual([-100, -100]);
  expect(all.slice(1, -1)).not.toContain(-100);
  expect([...new Set(all.slice(1, -1))]).toEqual([0, 2, 1]);
  await expect(encode(false, 'a\tB-z\n')).rejects.toMatchObject({ code: 'E_DATA_LABELS' });
});
