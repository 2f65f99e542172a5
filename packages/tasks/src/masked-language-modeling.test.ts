import { IGNORED_LABEL } from '@attune/core';
import { rows } from '@attune/data';
import { loadTokenizer, Tokenizer } from '@attune/hub';
import { nodeStorage } from '@attune/hub/node';
import { sharedPath, skipsGolden } from '@attune/hub/testing/python';
import { describe, expect, it } from 'vitest';
import { encodeMaskedLanguageModeling } from './masked-language-modeling.js';

describe('encodeMaskedLanguageModeling', () => {
  it('refuses a tokenizer without a mask token', async () => {
    const tokenizer = new Tokenizer(
      'tokenizer.json',
      { model: { type: 'WordPiece', vocab: { '[UNK]': 0, a: 1 }, unk_token: '[UNK]' }, added_tokens: [] },
      {},
    );
    await expect(
      encodeMaskedLanguageModeling(rows([{ text: 'a' }]), tokenizer, { maxLength: 8 }),
    ).rejects.toMatchObject({
      code: 'E_TOKENIZER',
      field: 'mask_token',
    });
  });

  it.skipIf(skipsGolden)('hides whole words of MiniLM’s tokenizer, anew in every epoch', async () => {
    const tokenizer = await loadTokenizer(nodeStorage(sharedPath('models/all-minilm-l6-v2')));
    const text = 'unbelievably, the electroencephalograms misbehaved';
    const texts = rows([{ text }, { text: 'a short one' }]);
    const { dataset } = await encodeMaskedLanguageModeling(texts, tokenizer, {
      maxLength: 32,
      maskShare: 1,
      randomShare: 0,
    });
    expect(dataset.varies).toBe(true);
    const [encoding] = await tokenizer.encode([text]);
    const seen = new Set<string>();
    for (let epoch = 0; epoch < 20; epoch++) {
      const options = { batchSize: 2, shuffle: { seed: 3, epoch } };
      for (const [number, make] of dataset.batches(options).entries()) {
        const { tensors, indices } = make();
        expect(dataset.batches(options)[number]!().tensors).toEqual(tensors);
        const width = tensors.inputIds!.type.shape[1]!;
        const row = indices.indexOf(0) * width;
        const own = (name: string) => Array.from(tensors[name]!.data.slice(row, row + encoding!.ids.length));
        const [inputs, labels] = [own('inputIds'), own('labels')];
        expect(inputs.map((id, at) => (labels[at] === IGNORED_LABEL ? id : labels[at]))).toEqual(encoding!.ids);
        const hidden = encoding!.wordIds.filter((_, at) => labels[at] !== IGNORED_LABEL);
        expect(encoding!.wordIds.filter((word) => hidden.includes(word))).toEqual(hidden);
        expect(inputs.filter((id) => id === tokenizer.maskTokenId)).toHaveLength(hidden.length);
        expect(Array.from(tensors.labels!.data.slice(row + encoding!.ids.length, row + width))).not.toContain(0);
        seen.add(labels.join());
      }
    }
    expect(seen.size).toBeGreaterThan(3);
    const evaluation = () => dataset.batches({ batchSize: 2 })[0]!().tensors;
    expect(evaluation()).toEqual(evaluation());
  });
});
