/** Places of `{% generation %}` blocks, which the template library takes out. */
import type { RenderedText } from './messages.js';

const tag = /\{%(-?)\s*(end)?generation\s*(-?)%\}/g;

/**
 * The template with its generation tags as blocks that write marks, so that whitespace around them is cut as before.
 * @param begin a variable that holds the mark of a beginning; `end` likewise
 */
export const withMarks = (template: string, begin: string, end: string): string =>
  template.replace(
    tag,
    (_, before: string, isEnd: string | undefined, after: string) =>
      `{%${before} if true %}{{ ${isEnd ? end : begin} }}{% endif ${after}%}`,
  );

/** Marks that no text of the variables holds. */
export function marksFor(variables: unknown): readonly [begin: string, end: string] {
  const taken = JSON.stringify(variables) ?? '';
  let mark = '\uFDD0';
  while (taken.includes(mark)) mark += '\uFDD0';
  return [`${mark}\uFDD1`, `${mark}\uFDD2`];
}

/** Takes the marks out of a text. */
export function placesOfMarks(marked: string, [begin, end]: readonly [string, string]): RenderedText {
  const generated: [number, number][] = [];
  let text = '';
  for (const [index, piece] of marked.split(begin).entries()) {
    const [inside = '', ...behind] = piece.split(end);
    if (index > 0) generated.push([text.length, text.length + inside.length]);
    text += inside + behind.join('');
  }
  return { text, generated };
}
