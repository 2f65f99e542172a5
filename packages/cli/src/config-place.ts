/** Where in a JSON config file something stands. */
import { type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser';

/** `file:line:column`, both from 1. */
export function placeAt(file: string, text: string, offset: number): string {
  const lines = text.slice(0, offset).split('\n');
  return `${file}:${lines.length}:${(lines.at(-1)?.length ?? 0) + 1}`;
}

/** Gives the places of keys of the outermost object; the text is not looked at before the first. */
export function keyPlaces(file: string, text: string): (key: string) => string {
  let offsets: ReadonlyMap<unknown, number> | undefined;
  return (key) => {
    offsets ??= new Map(parseTree(text)?.children?.map(({ children, offset }) => [children?.[0]?.value, offset]));
    const offset = offsets.get(key);
    return offset === undefined ? file : placeAt(file, text, offset);
  };
}

/** The first place at which a text is no JSON. */
export function syntaxFault(text: string): { readonly problem: string; readonly offset: number } | undefined {
  const errors: ParseError[] = [];
  parseTree(text, errors, { disallowComments: true, allowTrailingComma: false, allowEmptyContent: false });
  const [first] = errors;
  return first && { problem: inWords(printParseErrorCode(first.error)), offset: first.offset };
}

/** `PropertyNameExpected` as "property name expected". */
const inWords = (code: string): string => code.replace(/(?!^)[A-Z]/g, (letter) => ` ${letter}`).toLowerCase();
