import { describe, expect, it } from 'vitest';
import { bleu } from './bleu.js';
import { chrf } from './chrf.js';
import { rougeScores } from './rouge.js';
import { writtenTextReport } from './written-texts.js';

// Reference, prediction, rouge1, rouge2 and rougeL (F-measures of rouge-score 0.1.2), BLEU, BLEU with the tokenizer zh, and
// chrF (corpus scores of sacrebleu 2.6.0).
const cases: readonly (readonly [string, string, number, number, number, number, number, number])[] = [
  ['the cat sat on the mat', 'the cat sat on the mat', 1.0, 1.0, 1.0, 100.00000000000004, 100.00000000000004, 100.0],
  [
    'the cat sat on the mat',
    'a cat was sitting on a mat',
    0.4615384615384615,
    0.0,
    0.4615384615384615,
    8.643019616048525,
    8.643019616048525,
    18.520617757212495,
  ],
  [
    'the quick brown fox jumps over the lazy dog',
    'the quick brown dog jumps on the log.',
    0.7058823529411765,
    0.26666666666666666,
    0.5882352941176471,
    21.10534063187263,
    21.10534063187263,
    52.5324471643681,
  ],
  ['', '', 0.0, 0.0, 0, 0.0, 0.0, 0.0],
  ['something', '', 0.0, 0.0, 0, 0.0, 0.0, 0.0],
  ['', 'something', 0.0, 0.0, 0, 0.0, 0.0, 0.0],
  [
    "Hello, world! It's 3.5 km (about 2,000 m) away -- isn't it?",
    "Hello world, it is 3.5 km away; isn't it? (2,000 m)",
    0.896551724137931,
    0.6666666666666666,
    0.689655172413793,
    18.45076071602286,
    18.45076071602286,
    45.99132864173321,
  ],
  [
    'I am {{name}}, an AI assistant. How can I help you today?\nPlease ask.',
    'I am Nova, an AI assistant. How can I help you today?\n\nJust ask.',
    0.8571428571428571,
    0.6923076923076923,
    0.8571428571428571,
    56.896219337844435,
    56.896219337844435,
    67.65610655848452,
  ],
  [
    '我叫小明,是一个人工智能助手。',
    '我叫小红,是人工智能助手!',
    0.0,
    0.0,
    0,
    15.97357760615681,
    45.154353252898716,
    38.16849609975794,
  ],
  [
    '价格是 3.50 元(约 0.5 USD)。',
    '价格为3.50元,约0.5 USD……',
    1.0,
    1.0,
    1.0,
    0.0,
    20.504572236241867,
    46.073284014460484,
  ],
  [
    'Café naïve déjà vu: Größe “quoted” — dash',
    'Cafe naive déjà vu, Größe "quoted" - dash',
    0.7368421052631577,
    0.7058823529411765,
    0.7368421052631577,
    8.913765521398126,
    9.425159511373677,
    45.27165259874806,
  ],
  [
    'emoji 😀👍 and 👩‍🚀 done',
    'emoji 😀 and 👩‍🚀👍 done',
    1.0,
    1.0,
    1.0,
    14.058533129758727,
    27.77619034011791,
    57.55876068376068,
  ],
  ['a b c d e f g', 'a b c', 0.6, 0.5, 0.6, 0.0, 0.0, 37.10506980161646],
  [
    'aaa aaa aaa',
    'aaa aaa aaa aaa aaa',
    0.7499999999999999,
    0.6666666666666666,
    0.7499999999999999,
    39.76353643835252,
    39.76353643835252,
    83.9215364412344,
  ],
  [
    'İstanbul KELVIN K ſ ß',
    'istanbul kelvin k s ss',
    0.4444444444444445,
    0.28571428571428575,
    0.4444444444444445,
    0.0,
    0.0,
    29.653452240590106,
  ],
  [
    'tabs\tand\u00a0no-break\u3000spaces &quot;x&quot; &amp; co-\noperate 1-2',
    'tabs and no-break spaces "x" & cooperate 1 - 2',
    0.7272727272727274,
    0.5,
    0.7272727272727274,
    100.00000000000004,
    18.219685838954355,
    57.42857363898638,
  ],
];
// Of all of them together.
const all = [
  0.5737296670462971, 0.45524402068519715, 0.5534456913870679, 39.92837865538309, 32.363565198045194, 52.47056233002802,
];

describe('metrics of written texts', () => {
  it.each(cases)('%j beside %j', (reference, prediction, ...expected) => {
    const { rouge1, rouge2, rougeL } = rougeScores(reference, prediction);
    const [one, other] = [[reference], [prediction]];
    const found = [rouge1, rouge2, rougeL, bleu(one, other), bleu(one, other, { tokenize: 'zh' }), chrf(one, other)];
    for (const [index, value] of found.entries()) expect(value).toBeCloseTo(expected[index]!, 10);
  });

  it('are of the whole set for BLEU and chrF, means for the others', () => {
    const [references, predictions] = [
      cases.map(([reference]) => reference),
      cases.map(([, prediction]) => prediction),
    ];
    const { exactMatch, rouge1, rouge2, rougeL, ...others } = writtenTextReport(references, predictions);
    expect(exactMatch).toBe(2 / cases.length);
    const found = [rouge1, rouge2, rougeL, others.bleu, bleu(references, predictions, { tokenize: 'zh' }), others.chrf];
    for (const [index, value] of found.entries()) expect(value).toBeCloseTo(all[index]!, 10);
  });

  it('need as many predictions as references', () => {
    expect(() => writtenTextReport(['a'], [])).toThrow('as many predictions');
  });
});
