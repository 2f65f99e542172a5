/** The numbers of scikit-learn 1.9 (TfidfVectorizer, LogisticRegression with C = 2, or C = 1 for two classes). */
import { describe, expect, it } from 'vitest';
import { LogisticRegression } from './logistic-regression.js';
import { Tfidf, type TfidfOptions } from './tfidf.js';

const texts = [
  ...['I lost my card', 'my card was stolen', 'refund my money, please', 'I want the money back'],
  ...['where is my parcel?', 'the parcel of Zoë_1 is late'],
];
/** card, parcel, refund */
const targets = [0, 0, 2, 2, 1, 1];
const asked = ['a lost parcel', 'money for my card', 'ÜBER naïve 42'];

interface Case {
  readonly options: TfidfOptions;
  readonly terms: number;
  readonly last: string;
  readonly probabilities: readonly (readonly number[])[];
  /** That it is about a card. */
  readonly two: readonly number[];
}

const cases: readonly Case[] = [
  {
    options: {},
    terms: 17,
    last: 'zoë_1',
    probabilities: [
      [0.38076, 0.39017, 0.22907],
      [0.44233, 0.18727, 0.37039],
      [0.32226, 0.32712, 0.35062],
    ],
    two: [0.35378, 0.38688, 0.32218],
  },
  {
    options: { ngramRange: [1, 2], sublinearTf: true },
    terms: 35,
    last: 'zoë_1 is',
    probabilities: [
      [0.35872, 0.38345, 0.25783],
      [0.49982, 0.19876, 0.30142],
      [0.3124, 0.33831, 0.34929],
    ],
    two: [0.34263, 0.40974, 0.31818],
  },
  {
    options: { analyzer: 'char_wb', ngramRange: [2, 4] },
    terms: 207,
    last: 'ë_1 ',
    probabilities: [
      [0.35232, 0.43188, 0.2158],
      [0.41606, 0.19444, 0.3895],
      [0.28042, 0.38736, 0.33222],
    ],
    two: [0.34256, 0.37431, 0.30198],
  },
  {
    options: { minDf: 2 },
    terms: 6,
    last: 'the',
    probabilities: [
      [0.17736, 0.62704, 0.1956],
      [0.44543, 0.14195, 0.41262],
      [0.3068, 0.33791, 0.35529],
    ],
    two: [0.25367, 0.40242, 0.31268],
  },
];

describe.each(cases)('TF-IDF with $options', ({ options, terms, last, probabilities, two }) => {
  const tfidf = Tfidf.fit(texts, options);
  const rows = texts.map((text) => tfidf.transform(text));
  const width = tfidf.vocabulary.size;

  it('has the terms', () => {
    expect([width, [...tfidf.vocabulary.keys()].at(-1)]).toEqual([terms, last]);
  });

  it('gives the probabilities of three classes', async () => {
    const model = await LogisticRegression.fit(rows, targets, { classes: 3, width, C: 2 });
    for (const [index, text] of asked.entries()) {
      const found = Array.from(model.probabilities(tfidf.transform(text)));
      expect(found).toEqual(probabilities[index]!.map((value) => expect.closeTo(value, 4)));
    }
  });

  it('gives the probabilities of two classes', async () => {
    const isCard = targets.map((target) => (target === 0 ? 1 : 0));
    const model = await LogisticRegression.fit(rows, isCard, { classes: 2, width });
    const found = asked.map((text) => model.probabilities(tfidf.transform(text))[1]!);
    expect(found).toEqual(two.map((value) => expect.closeTo(value, 4)));
  });
});

it('texts without a word are refused', () => {
  expect(() => Tfidf.fit(['a', '!'])).toThrowError(expect.objectContaining({ code: 'E_DATA_EMPTY' }));
});

it('a fit can be stopped', async () => {
  const tfidf = Tfidf.fit(texts);
  const rows = texts.map((text) => tfidf.transform(text));
  const signal = AbortSignal.abort(new Error('stopped'));
  await expect(
    LogisticRegression.fit(rows, targets, { classes: 3, width: tfidf.vocabulary.size, signal }),
  ).rejects.toThrow('stopped');
});
