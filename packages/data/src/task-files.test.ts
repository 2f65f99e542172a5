import { isAttuneError } from '@attune/ir';
import { describe, expect, it } from 'vitest';
import { textSource } from './byte-source.js';
import { questionsJsonl } from './questions.js';
import { taggedFile, taggedJsonl } from './tagged-file.js';
import { csv, jsonl } from './text-examples.js';
import { plainTexts, textLines } from './text-lines.js';

const lines = (...objects: readonly unknown[]) =>
  textSource('data.jsonl', objects.map((each) => JSON.stringify(each)).join('\n'));

async function problemsOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.catch((thrown: unknown) => thrown);
  if (!isAttuneError(error)) throw new Error(`expected an AttuneError, got ${error}`);
  return `${error.code} ${error.message}`;
}

describe('tagged sentences in JSON Lines', () => {
  it('have tokens and tags, or numbers of tags', async () => {
    const data = taggedFile(lines({ tokens: ['a', 'b'], tags: ['O', 'B-x'] }, { tokens: ['c'], tags: [3] }));
    expect(await data.toArray()).toEqual([
      { tokens: ['a', 'b'], tags: ['O', 'B-x'], row: 1 },
      { tokens: ['c'], tags: ['3'], row: 2 },
    ]);
    expect(await data.labels()).toEqual(['3', 'B-x', 'O']);
  });

  it('T15: bad lines are listed with line and field', async () => {
    const bad = lines({ tokens: ['a'], tags: ['O', 'O'] }, { tokens: 'a', tags: ['O'] }, { tokens: [''], tags: ['O'] });
    const problems = await problemsOf(taggedJsonl(bad).toArray());
    expect(problems).toContain('data.jsonl:1 has a wrong "tags": there are 2 tags for 1 tokens');
    expect(problems).toContain('data.jsonl:2 has a wrong "tokens"');
    expect(problems).toContain('data.jsonl:3 has a wrong "tokens.0": a token is empty');
    const renamed = taggedJsonl(lines({ tokens: ['a'], tag: ['O'] }));
    await expect(renamed.toArray()).rejects.toMatchObject({ code: 'E_DATA_COLUMN', hint: 'Did you mean "tag"?' });
    const single = taggedJsonl(lines({ tokens: ['a'], tags: ['O'] }));
    await expect(single.labels()).rejects.toMatchObject({ code: 'E_DATA_LABELS' });
  });
});

describe('questions', () => {
  const question = 'where?';
  const context = '😀 in Bonn and Paris';

  it('have answers in both layouts, whose places count code points or UTF-16 units', async () => {
    const data = questionsJsonl(
      lines(
        { question, context, answers: { text: ['Bonn', 'Paris'], answer_start: [5, 14] } },
        { question, context, answers: [{ text: 'Bonn', answer_start: 6 }] },
        { question, context, answers: { text: [], answer_start: [] } },
      ),
    );
    const bonn = { text: 'Bonn', start: 6, end: 10 };
    expect(await data.toArray()).toEqual([
      { question, context, answers: [bonn, { text: 'Paris', start: 15, end: 20 }], row: 1 },
      { question, context, answers: [bonn], row: 2 },
      { question, context, answers: [], row: 3 },
    ]);
    const asked = questionsJsonl(lines({ q: question, c: context }), { question: 'q', context: 'c', answers: false });
    expect(await asked.toArray()).toEqual([{ question, context, answers: [], row: 1 }]);
  });

  it('T15: answers that are not where they should be are listed with where they are', async () => {
    const answersAt = (text: string, start: number) => ({
      question,
      context,
      answers: { text: [text], answer_start: [start] },
    });
    const bad = lines(
      answersAt('Bonn', 2),
      answersAt('Rome', 0),
      { question, context: ' ', answers: [] },
      { question, context, answers: { text: ['Bonn'], answer_start: [] } },
      { question, context, answers: 'Bonn' },
    );
    const problems = await problemsOf(questionsJsonl(bad).toArray());
    expect(problems).toContain('data.jsonl:1 has a wrong "answers": "Bonn" is not at 2: it is at 5');
    expect(problems).toContain('data.jsonl:2 has a wrong "answers": "Rome" is not at 0: the context does not hold it');
    expect(problems).toContain('data.jsonl:3 has a wrong "context": is empty');
    expect(problems).toContain('data.jsonl:4 has a wrong "answers": there are 0 "answer_start" for 1 "text"');
    expect(problems).toContain('data.jsonl:5 has a wrong "answers"');
    const kept = questionsJsonl(lines(answersAt('Bonn', 2), answersAt('Bonn', 5)), {}, { onBadRow: 'skip' });
    expect([(await kept.toArray()).length, (await kept.skipped()).length]).toEqual([1, 1]);
  });
});

describe('texts with several labels', () => {
  it('have them in an array or a cell, and may have none', async () => {
    const columns = { text: 'text', labels: 'tags' };
    const cells = csv(textSource('a.csv', 'text,tags\na,x|y\nb,\nc, z \n'), columns);
    expect((await cells.toArray()).map(({ labels }) => labels)).toEqual([['x', 'y'], [], ['z']]);
    expect(await cells.labels()).toEqual(['x', 'y', 'z']);
    const other = csv(textSource('a.csv', 'text;tags\na;x,y\n'), columns, { delimiter: ';', labelSeparator: ',' });
    expect((await other.toArray())[0]?.labels).toEqual(['x', 'y']);
    const arrays = jsonl(lines({ text: 'a', tags: ['x|y', 'z'] }, { text: 'b', tags: [] }), columns);
    expect((await arrays.toArray()).map(({ labels }) => labels)).toEqual([['x|y', 'z'], []]);
  });

  it('T15: lists where there should be none, and none where there should be lists', async () => {
    const list = lines({ text: 'a', tags: ['x'] });
    expect(await problemsOf(jsonl(list, { text: 'text', label: 'tags' }).toArray())).toContain(
      'data.jsonl:1:2 has a list where one label is wanted ("tags")',
    );
    const none = lines({ text: 'a', tags: ['x'] }, { text: 'b', tags: null });
    expect(await problemsOf(jsonl(none, { text: 'text', labels: 'tags' }).toArray())).toContain(
      'data.jsonl:2:2 has no list of labels ("tags")',
    );
    const empty = csv(textSource('a.csv', 'text,tags\na,\n'), { text: 'text', labels: 'tags' });
    await expect(empty.labels()).rejects.toMatchObject({ code: 'E_DATA_LABELS' });
  });
});

it('plain text has a text on every line that is not blank, or in a column', async () => {
  const text = textSource('a.txt', 'one, two\r\n\n  three\n');
  expect(await plainTexts(text, { text: 'text' }).toArray()).toEqual([
    { text: 'one, two', row: 1 },
    { text: 'three', row: 3 },
  ]);
  const table = plainTexts(textSource('a.csv', 'text,more\none,1\n'), { text: 'text' });
  expect(await table.toArray()).toEqual([{ text: 'one', row: 2 }]);
  await expect(textLines(textSource('a.txt', '\n\n')).toArray()).rejects.toMatchObject({ code: 'E_DATA_EMPTY' });
});
