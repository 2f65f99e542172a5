import { AttuneError } from '@attune/ir';

/**
 * Finds keys that occur twice in one object of a JSON text, which JSON.parse would hide, and nesting deeper than a
 * safetensors header has. The text must be valid JSON otherwise.
 * @throws AttuneError `E_SAFETENSORS_JSON`
 */
export function checkKeys(text: string, file: string): void {
  const fail = (problem: string, field?: string) => {
    throw new AttuneError('E_SAFETENSORS_JSON', `The header of ${file} ${problem}.`, {
      file,
      ...(field === undefined ? {} : { field }),
    });
  };
  const open: (Set<string> | undefined)[] = [];
  let keyExpected = false;
  for (let index = 0; index < text.length; index++) {
    const character = text[index];
    if (character === '{' || character === '[') {
      open.push(character === '{' ? new Set() : undefined);
      if (open.length > 3) fail('is nested too deeply');
      keyExpected = character === '{';
    } else if (character === '}' || character === ']') {
      open.pop();
      keyExpected = false;
    } else if (character === ',') {
      keyExpected = open.at(-1) !== undefined;
    } else if (character === '"') {
      const end = endOfString(text, index);
      if (keyExpected) {
        const key: unknown = parseString(text.slice(index, end + 1), fail);
        const keys = open.at(-1);
        if (keys && typeof key === 'string') {
          if (keys.has(key)) fail(`names "${key}" twice`, key);
          keys.add(key);
        }
        keyExpected = false;
      }
      index = end;
    }
  }
}

function endOfString(text: string, start: number): number {
  let index = start + 1;
  while (index < text.length && text[index] !== '"') index += text[index] === '\\' ? 2 : 1;
  return index;
}

function parseString(literal: string, fail: (problem: string) => void): unknown {
  if (!literal.includes('\\')) return literal.slice(1, -1);
  try {
    return JSON.parse(literal);
  } catch {
    fail('holds a broken string');
    return undefined;
  }
}
