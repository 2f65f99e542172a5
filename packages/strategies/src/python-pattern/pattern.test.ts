import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PatternProblem, pythonPattern } from './pattern.js';

const path = 'base_model.encoder.layer.11.attention.self.query';
const budget = () => ({ left: 1_000_000 });
const isWhole = (pattern: string, text: string) => pythonPattern(pattern).fullMatch(text, budget()) !== undefined;

describe('field 16: what re.fullmatch takes', () => {
  test.each<[string, string, boolean]>([
    [String.raw`(?:[a-z_]+\.)+(query|key)`, 'encoder.layer.query', true],
    [String.raw`(?:[a-z_]+\.)+(query|key)`, 'encoder.layer.1.query', false],
    [String.raw`.*\.layer\.(1[01]|2)\..*(query|value)`, path, true],
    [String.raw`.*\.layer\.\d\..*query`, path, false],
    [String.raw`.*\.layer\.\d{2}\..*query`, path, true],
    [String.raw`.*\.layer\.\d{,2}\..*query`, path, true],
    [String.raw`.*\.layer\.\d{3,}\..*query`, path, false],
    [String.raw`(?P<all>[\w.]+?)\.query`, path, true],
    ['(?i).*QUERY', path, true],
    ['.*(?i:QUERY)', path, true],
    ['.*QUERY', path, false],
    [String.raw`^.*\bself\b.*$`, path, true],
    [String.raw`\A.*\Bself.*\Z`, path, false],
    [String.raw`[^.]+(\.[^.]+){6}`, path, true],
    [String.raw`[\w.-]+`, 'a-b.c', true],
    ['[]a]+', ']a', true],
    ['[^]a]', ']', false],
    ['a{,x}|b{', 'b{', true],
    ['a|', '', true],
    ['()*a', 'a', true],
    [String.raw`\x61\u0062\n(?#a comment)\.`, 'ab\n.', true],
    [String.raw`\w+`, 'größe', true],
    ['.', '😀', true],
    ['.', '\n', false],
    ['(?s:.)', '\n', true],
    ['a$', 'a\n', false],
    ['a$\n', 'a\n', true],
  ])('%s on %j: %s', (pattern, text, expected) => {
    expect(isWhole(pattern, text)).toBe(expected);
  });

  test('groups have what a backtracking matcher would give them first', () => {
    const lazy = pythonPattern(String.raw`(?:^|.*?\.)layers\.(?P<idx>\d+)\.`);
    expect(lazy.match('model.layers.3.experts.layers.5.w', budget())).toEqual({ idx: '3' });
    const greedy = pythonPattern(String.raw`.*\.(?P<idx>\d+)\.`);
    expect(greedy.match('model.layers.3.experts.5.w', budget())).toEqual({ idx: '5' });
    expect(pythonPattern('(?P<a>a|ab)(?P<b>c|bcd)?').match('abcd', budget())).toEqual({ a: 'a', b: 'bcd' });
    expect(pythonPattern('b').match('ab', budget())).toBeUndefined();
  });
});

describe('field 16: refused with the true reason', () => {
  test.each<[string, RegExp, boolean]>([
    [String.raw`(q)\1`, /back reference/, true],
    ['(?P<a>q)(?P=a)', /back reference/, true],
    ['(?=q).*', /looks around with \(\?=/, true],
    ['(?!q).*', /looks around with \(\?!/, true],
    ['.*(?<=q)', /looks around with \(\?<=/, true],
    ['.*(?<!q)', /looks around with \(\?<!/, true],
    ['(a)?(?(1)b|c)', /condition/, true],
    ['(?>a|ab)c', /atomic/, true],
    ['a++', /possessive/, true],
    ['(?x)a b', /flag "x"/, true],
    ['(?:a{1000}){1000}', /repeats so much/, true],
    ['a{99999999999}', /repeats so much/, true],
    [`${'('.repeat(101)}${')'.repeat(101)}`, /nests/, true],
    ['a'.repeat(10_001), /longer than/, true],
    ['(a', /\( without a \)/, false],
    ['a)', /\) without a \(/, false],
    ['[a', /\[ without a \]/, false],
    ['[z-a]', /range/, false],
    ['*a', /repeats nothing/, false],
    ['^*', /repeats nothing/, false],
    ['a**', /repeats a repetition/, false],
    ['a{2,1}', /at least 2/, false],
    [String.raw`\q`, /escape/, false],
    ['a\\', /escape/, false],
    ['(?P<1', /name/, false],
    ['(?y:a)', /flag "y"/, false],
  ])('%s', (pattern, message, isUnsupported) => {
    const attempt = () => pythonPattern(pattern);
    expect(attempt).toThrow(message);
    expect(attempt).toThrow(expect.objectContaining({ isUnsupported }));
  });
});

describe('audit F2: no pattern backtracks', () => {
  test.each([
    String.raw`((\w|\.)+)+X`,
    String.raw`(?:\w|[a-z]|\.)*X`,
    String.raw`(\w+[)]?\.?)+X`,
    `${'.*'.repeat(12)}X`,
    String.raw`(?:\w?){40}(?:\.?\w?){40}X`,
    '(a|a)*b',
    '(.*)*x',
    '(?:(?:a*)*)*b',
    '(?:.?.?.?.?.?.?.?){60}X',
  ])('%s takes its size times the length', (pattern) => {
    const left = { left: 1_000_000 };
    expect(pythonPattern(pattern).fullMatch(path, left)).toBeUndefined();
    expect(left.left).toBeGreaterThan(900_000);
  });

  test('a budget that runs out ends the match', () => {
    expect(() => pythonPattern('(.*)*x').fullMatch(path, { left: 20 })).toThrow(PatternProblem);
  });
});

test('field 16: agrees with JavaScript on what both languages write alike', () => {
  const atom = fc.constantFrom('a', 'b', '\\.', '.', '[ab]', '[^a]', '\\w', '\\d', '(?:a|b)', '(a|ab)', '');
  const repeat = fc.constantFrom('', '*', '+', '?', '{2}', '{1,2}', '*?', '+?', '{0,3}?');
  const join = (part: fc.Arbitrary<string>) =>
    fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join(''));
  const simple = fc.tuple(atom, repeat).map(([one, times]) => (one === '' ? '' : one + times));
  const inner = join(simple);
  const either = fc.tuple(inner, inner, repeat).map(([one, other, times]) => `(?:${one}|${other})${times}`);
  const sequence = join(fc.oneof(simple, either));
  const texts = fc.array(fc.constantFrom('a', 'b', '.', '1'), { maxLength: 5 }).map((letters) => letters.join(''));
  fc.assert(
    fc.property(sequence, texts, (pattern, text) => {
      expect(isWhole(pattern, text)).toBe(new RegExp(`^(?:${pattern})$`, 'u').test(text));
    }),
    { numRuns: Number(process.env.ATTUNE_FUZZ ?? 1000) },
  );
});
