import { AttuneError } from '@attune/ir';
import type { ByteSource } from './byte-source.js';

/** Limits that keep a hostile or mistaken file from filling the memory. */
export interface TextLimits {
  /** Longest line in bytes; 1 MiB by default. */
  readonly maxLineBytes?: number;
  /** Largest file in bytes; 512 MiB by default. */
  readonly maxFileBytes?: number;
}

/**
 * Reads a file as UTF-8, without a byte order mark.
 * @throws AttuneError `E_DATA` naming `file:line` for bytes that are not UTF-8, `E_DATA_LIMIT` for a line or file
 * beyond the limits, as soon as the limit is passed.
 */
export async function readText(
  source: ByteSource,
  { maxLineBytes = 1 << 20, maxFileBytes = 512 << 20 }: TextLimits = {},
): Promise<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const parts: string[] = [];
  let [line, lineBytes, fileBytes] = [1, 0, 0];
  const decode = (chunk?: Uint8Array) => {
    try {
      return chunk ? decoder.decode(chunk, { stream: true }) : decoder.decode();
    } catch (cause) {
      throw new AttuneError('E_DATA', `${source.name}:${line} is not valid UTF-8.`, {
        file: source.name,
        hint: 'Save the file as UTF-8.',
        cause,
      });
    }
  };
  for await (const chunk of source.chunks()) {
    fileBytes += chunk.length;
    if (fileBytes > maxFileBytes) {
      throw new AttuneError('E_DATA_LIMIT', `${source.name} is larger than ${maxFileBytes} bytes.`, {
        file: source.name,
      });
    }
    for (let start = 0; start < chunk.length; ) {
      const newline = chunk.indexOf(10, start);
      const end = newline < 0 ? chunk.length : newline + 1;
      lineBytes += end - start;
      if (lineBytes > maxLineBytes) {
        throw new AttuneError('E_DATA_LIMIT', `${source.name}:${line} is longer than ${maxLineBytes} bytes.`, {
          file: source.name,
          hint: 'Check that the lines of the file end with a line feed.',
        });
      }
      parts.push(decode(chunk.subarray(start, end)));
      start = end;
      if (newline >= 0) [line, lineBytes] = [line + 1, 0];
    }
  }
  parts.push(decode());
  return parts.join('');
}
