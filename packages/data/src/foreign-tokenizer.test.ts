/** Fault row T12 on the way of data: a tokenizer with foreign patterns encodes in its worker, in chunks. */
import { Tokenizer } from '@attune/hub';
import { backtrackingTokenizer, endlessText } from '@attune/testing/backtracking-tokenizer';
import { describe, expect, it } from 'vitest';
import { encodeTexts } from './labelled-texts.js';
import { rows } from './text-examples.js';

const foreign = new Tokenizer('tokenizer.json', backtrackingTokenizer, {});

describe('T12 data of a tokenizer with foreign patterns', () => {
  it('T12 encodes many texts', async () => {
    const texts = rows(Array.from({ length: 1200 }, (_, index) => ({ text: index % 2 ? 'aab' : 'b' })));
    const { examples } = await encodeTexts(texts, foreign, { maxLength: 8 });
    expect(examples).toHaveLength(1200);
    expect(examples.slice(0, 2).map(({ ids }) => ids)).toEqual([[3], [1, 2, 3]]);
  });

  it('T12 ends in the typed error', async () => {
    const texts = rows([{ text: 'b' }, { text: endlessText }]);
    await expect(encodeTexts(texts, foreign, { maxLength: 8 })).rejects.toMatchObject({
      code: 'E_TOKENIZER_BUDGET',
      field: 'pre_tokenizer.pattern',
    });
  });
});
