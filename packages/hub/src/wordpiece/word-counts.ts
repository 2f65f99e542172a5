import { sourceText } from '../tokenization/aligned-text.js';
import { Budget } from '../tokenization/budget.js';
import { createNormalizer } from '../tokenization/normalizers.js';
import { createPreTokenizer } from '../tokenization/pre-tokenizers.js';
import { bertNormalizer, bertPreTokenizer } from './bert-tokenizer.js';
import type { Turns } from './turns.js';

const NAME = 'texts';
const budgetMilliseconds = 60_000;

/** How often each word occurs, as BERT (uncased) splits texts into words. */
export async function countWords(
  texts: Iterable<string> | AsyncIterable<string>,
  turns: Turns,
): Promise<ReadonlyMap<string, number>> {
  const normalizer = createNormalizer(bertNormalizer, NAME);
  const preTokenizer = createPreTokenizer(bertPreTokenizer, NAME);
  const counts = new Map<string, number>();
  for await (const text of texts) {
    await turns.pause();
    const budget = new Budget(NAME, budgetMilliseconds);
    budget.beginText(text.length);
    const normalized = normalizer.normalize(sourceText(text), budget);
    for (const { text: word } of preTokenizer.split([normalized], budget)) {
      if (word !== '') counts.set(word, (counts.get(word) ?? 0) + 1);
    }
  }
  return counts;
}
