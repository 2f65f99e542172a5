import { AttuneError } from '@attune/ir';

const newline = 10;
const maxLineBytes = 1 << 20;

/**
 * The lines of UTF-8 chunks, in blocks of many, without their ends (`\n` or `\r\n`) and without a byte order mark.
 * @throws AttuneError `E_WORD_VECTORS` for a line beyond 1 MiB, `E_FILE_ENCODING` for bytes that are not UTF-8; both name
 * file and line
 */
export async function* lineBlocks(chunks: AsyncIterable<Uint8Array>, file: string): AsyncGenerator<readonly string[]> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let rest = new Uint8Array(0);
  let done = 0;
  const decode = (bytes: Uint8Array): readonly string[] => {
    const block = tryDecode(decoder, bytes)?.split('\n');
    if (!block) throw notText(decoder, bytes, done, file);
    if (done === 0) block[0] = block[0]!.replace(/^\ufeff/, '');
    done += block.length;
    return block.map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line));
  };
  for await (const chunk of chunks) {
    const last = chunk.lastIndexOf(newline);
    if (last < 0) rest = joined(rest, chunk);
    else {
      yield decode(joined(rest, chunk.subarray(0, last)));
      rest = chunk.slice(last + 1);
    }
    if (rest.length > maxLineBytes) {
      throw new AttuneError('E_WORD_VECTORS', `${file}:${done + 1} is longer than ${maxLineBytes} bytes.`, {
        file,
        hint: 'Check that the lines of the file end with a line feed, or name the format of a binary file.',
      });
    }
  }
  if (rest.length > 0) yield decode(rest);
}

function tryDecode(decoder: TextDecoder, bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

/** Finds the line that is at fault. */
function notText(decoder: TextDecoder, bytes: Uint8Array, before: number, file: string): AttuneError {
  let line = before + 1;
  for (let start = 0; start < bytes.length; line++) {
    const end = bytes.indexOf(newline, start);
    if (tryDecode(decoder, bytes.subarray(start, end < 0 ? bytes.length : end)) === undefined || end < 0) break;
    start = end + 1;
  }
  return new AttuneError('E_FILE_ENCODING', `${file}:${line} is not valid UTF-8.`, { file });
}

export function joined(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(first.length + second.length);
  whole.set(first);
  whole.set(second, first.length);
  return whole;
}
