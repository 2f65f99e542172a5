import { AttuneError } from '@attune/ir';

/** Where nobody knows how much memory JavaScript has, as in browsers. */
const UNKNOWN = 2 ** 31;

/**
 * Keeps what is read of a file within the memory that JavaScript has: a heap that is full ends the process, and no
 * error can be caught. What is kept of a file is estimated, not measured.
 */
export class MemoryBudget {
  readonly #file: string;
  readonly #bytes: number;
  #spent = 0;

  /** @param bytes by default six tenths of what Node's heap has left; 2 GiB elsewhere */
  constructor(file: string, bytes = availableBytes()) {
    this.#file = file;
    this.#bytes = bytes;
  }

  /** @throws AttuneError `E_DATA_LIMIT` when more is spent than there is */
  spend(bytes: number): void {
    this.#spent += bytes;
    if (this.#spent <= this.#bytes) return;
    const megabytes = Math.floor(this.#bytes / 1e6);
    throw new AttuneError('E_DATA_LIMIT', `${this.#file} needs more than the ${megabytes} MB that are left for it.`, {
      file: this.#file,
      hint: 'Split the file, or give Node more memory: NODE_OPTIONS=--max-old-space-size=8192.',
    });
  }

  /** What a text of a file takes: one byte for each unit if it is Latin-1, else two. */
  spendText(text: string): void {
    this.spend(text.length * (beyondLatin1.test(text) ? 2 : 1));
  }

  /** What an example takes beside its texts. */
  spendRows(count: number): void {
    this.spend(count * ROW_BYTES);
  }
}

const ROW_BYTES = 250;
const beyondLatin1 = /[^\0-\xff]/;

function availableBytes(): number {
  const v8 = globalThis.process?.getBuiltinModule?.('node:v8');
  if (!v8) return UNKNOWN;
  const { heap_size_limit: limit, used_heap_size: used } = v8.getHeapStatistics();
  return 0.6 * Math.max(0, limit - used);
}
