import { commitModel } from '@attune/hub/internal';
import { createTfidfModel } from '@attune/models';
import type { Method } from '../method.js';
import { LogisticRegression } from './logistic-regression.js';
import { beside } from './sparse.js';
import { Tfidf } from './tfidf.js';

/** The baseline of the island era: n-grams of words and characters, weighted, under a linear classifier. */
export const tfidfMethod: Method = {
  name: 'tf-idf',
  title: 'TF-IDF and logistic regression',
  needsModel: false,
  async train({ examples, labels, signal, onProgress }) {
    const texts = examples.map(contentOf);
    const words = Tfidf.fit(texts, { ...ofWords, sublinearTf: true });
    const characters = Tfidf.fit(texts, { ...ofCharacters, sublinearTf: true });
    const rowOf = (text: string) => beside(words.transform(text), characters.transform(text), words.vocabulary.size);
    const targets = examples.map(({ label = '' }) => labels.indexOf(label));
    const width = words.vocabulary.size + characters.vocabulary.size;
    const options = { classes: labels.length, width, C, signal };
    const model = await LogisticRegression.fit(texts.map(rowOf), targets, options);
    onProgress(1);
    return {
      trainableParameters: model.weights.length,
      storedBytes: 4 * (model.weights.length + width),
      probabilities: async (found) =>
        found.map((text) => Float32Array.from(model.probabilities(rowOf(contentOf(text))))),
      async save(target) {
        const saved = await createTfidfModel({
          labels,
          kinds: [
            { ...ofWords, terms: [...words.vocabulary.keys()] },
            { ...ofCharacters, terms: [...characters.vocabulary.keys()] },
          ],
          idf: [...words.idf, ...characters.idf],
          sublinearTf: true,
          weight: (label, term) => model.weight(label, term),
          bias: (label) => model.weight(label, width),
        });
        await commitModel(target, async (draft) => {
          await saved.save(draft);
          await saved.describe(draft);
        });
      },
      async [Symbol.asyncDispose]() {},
    };
  },
};

const ofWords = { analyzer: 'word', ngramRange: [1, 2] } as const;
const ofCharacters = { analyzer: 'char_wb', ngramRange: [2, 4] } as const;

/** Rows have the length 1: scikit-learn's default, 1, holds their weights down too far. */
const C = 10;

const contentOf = ({ text, textPair }: { readonly text: string; readonly textPair?: string }): string =>
  textPair === undefined ? text : `${text}\n${textPair}`;
