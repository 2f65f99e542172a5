import { expect, test } from 'vitest';
import { en } from 'zod/locales';
import * as z from 'zod/mini';
import { inEnglish } from './english.js';

const schema = z.strictObject({
  number: z.number().check(z.positive()),
  whole: z.int().check(z.maximum(3)),
  below: z.number().check(z.lt(1)),
  one: z.literal('one'),
  choice: z.enum(['a', 'b']),
  text: z.string().check(z.minLength(2), z.regex(/^x/)),
  list: z.array(z.string()).check(z.minLength(1)),
  either: z.union([z.string(), z.number()]),
  record: z.record(z.string(), z.number()),
});

test.each<[string, unknown]>([
  ['nothing', {}],
  ['other types', { number: '1', whole: null, one: 1, choice: 1, text: [], list: {}, either: true, record: 'x' }],
  ['not finite', { number: Number.NaN, whole: Number.POSITIVE_INFINITY, below: Number.NEGATIVE_INFINITY }],
  ['bounds', { number: 0, whole: 4, below: 1, text: 'a', list: [] }],
  ['whole numbers', { whole: 1.5 }],
  ['other values', { one: 'two', choice: 'c', record: { a: 'x' }, text: 'ax' }],
  ['unknown keys', { a: 1, b: 2 }],
  ['one unknown key', { other: 1 }],
])('has the words of zod for %s', (_, value) => {
  const words = (error: Parameters<typeof schema.safeParse>[1]) =>
    schema.safeParse(value, error).error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  expect(words(inEnglish)).toEqual(words({ error: en().localeError }));
});
