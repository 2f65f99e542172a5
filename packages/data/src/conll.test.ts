import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { textSource } from './byte-source.js';
import { type ConllOptions, conll } from './conll.js';

const wnut = fileURLToPath(new URL('../../../../shared/data/wnut17/', import.meta.url));
const read = (text: string, options?: ConllOptions) => conll(textSource('train.conll', text), options);

describe('CoNLL files', () => {
  it('hold sentences between blank lines, with CRLF, a byte order mark, more columns and -DOCSTART-', async () => {
    const data = read(
      '\uFEFF-DOCSTART- -X- O O\r\n\r\nEU NNP B-NP B-ORG\r\nis VBZ B-VP O\r\n\r\n\r\nBonn NNP B-NP B-LOC',
    );
    expect(await data.toArray()).toEqual([
      { tokens: ['EU', 'is'], tags: ['B-ORG', 'O'], row: 3 },
      { tokens: ['Bonn'], tags: ['B-LOC'], row: 7 },
    ]);
    expect(await data.labels()).toEqual(['B-LOC', 'B-ORG', 'O']);
    expect((await read('a x y\n', { tagColumn: 2 }).toArray())[0]?.tags).toEqual(['x']);
  });

  it('T15 data-rows: lists bad lines with file and line, or leaves their sentences out', async () => {
    const text = 'a\tO\nb\n\nc\tO\nd\tX\tO\n\n\tO\n\ne\tO\n';
    const lines = ['train.conll:2 has one column', 'train.conll:5 has 3 columns', 'train.conll:7:1 has an empty token'];
    for (const line of lines) {
      await expect(read(text).toArray()).rejects.toMatchObject({
        code: 'E_DATA_ROWS',
        message: expect.stringContaining(line),
      });
    }
    const kept = read(text, { onBadRow: 'skip' });
    expect(await kept.toArray()).toEqual([{ tokens: ['e'], tags: ['O'], row: 9 }]);
    expect(await kept.skipped()).toHaveLength(3);
    await expect(read('\n\n').toArray()).rejects.toMatchObject({ code: 'E_DATA_EMPTY' });
  });

  it.skipIf(!process.env.CI && !existsSync(wnut))('of WNUT17 are read whole', async () => {
    for (const name of ['train', 'dev', 'test']) {
      const data = conll(`${wnut}${name}.conll`);
      const sentences = await data.toArray();
      expect(sentences.length).toBeGreaterThan(500);
      expect(sentences.every(({ tokens, tags }) => tokens.length === tags.length)).toBe(true);
      expect(await data.labels()).toContain('B-person');
    }
  });
});
