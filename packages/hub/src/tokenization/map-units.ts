const chunk = 8192;

/** A text with other UTF-16 units; linear in time and memory also where millions change, as String.replace is not. */
export function mapUnits(text: string, change: (unit: number) => number): string {
  const parts: string[] = [];
  for (let start = 0; start < text.length; start += chunk) {
    const units = new Uint16Array(Math.min(chunk, text.length - start));
    for (let index = 0; index < units.length; index++) units[index] = change(text.charCodeAt(start + index));
    parts.push(String.fromCharCode(...units));
  }
  return parts.length === 1 ? parts[0]! : parts.join('');
}
