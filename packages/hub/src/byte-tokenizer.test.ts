import { expect, it } from 'vitest';
import { BYTE_VOCABULARY_SIZE, saveByteTokenizer } from './byte-tokenizer.js';
import { MemoryStorage } from './memory-storage.js';
import { loadTokenizer } from './tokenizer.js';

it('has the bytes of a text as its tokens, and gives the text again', async () => {
  const storage = new MemoryStorage('bytes');
  await saveByteTokenizer(storage);
  const tokenizer = await loadTokenizer(storage);
  expect(tokenizer.isInline).toBe(true);
  expect(tokenizer.vocabularySize).toBe(BYTE_VOCABULARY_SIZE);
  expect(tokenizer.endTokenId).toBe(256);
  const text = 'ROMEO:\n\tO,  naïve 東京 👩‍🚀\u0000\u00a0!';
  const [encoding] = await tokenizer.encode([text]);
  expect(encoding!.ids).toEqual([...new TextEncoder().encode(text)]);
  expect(tokenizer.decode(encoding!.ids)).toBe(text);
});
