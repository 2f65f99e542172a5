/**
 * The first key that occurs twice in one object of a JSON text, which JSON.parse would hide.
 * @param text valid JSON
 */
export function repeatedKey(text: string): string | undefined {
  const open: (Set<string> | undefined)[] = [];
  let previous = '';
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]:,]/g)) {
    const keys = open.at(-1);
    if (token === '{' || token === '[') open.push(token === '{' ? new Set() : undefined);
    else if (token === '}' || token === ']') open.pop();
    else if (token === ':' && keys) {
      const key: unknown = JSON.parse(previous);
      if (keys.has(String(key))) return String(key);
      keys.add(String(key));
    }
    previous = token;
  }
  return undefined;
}
