import { permutation } from '@attune/core';
import { AttuneError } from '@attune/ir';

/**
 * A typed sequence of examples: an async iterable that can be walked any number of times. Methods return new data sets
 * and leave the old one alone; what draws at random is a function of its seed.
 */
export class Dataset<T> implements AsyncIterable<T> {
  readonly #open: () => AsyncIterable<T> | Iterable<T>;

  constructor(open: () => AsyncIterable<T> | Iterable<T>) {
    this.#open = open;
  }

  static from<T>(items: Iterable<T>): Dataset<T> {
    return new Dataset(() => items);
  }

  async *[Symbol.asyncIterator](): AsyncIterator<T> {
    yield* this.#open();
  }

  map<U>(transform: (item: T, index: number) => U | Promise<U>): Dataset<U> {
    const source = this;
    return new Dataset(async function* () {
      let index = 0;
      for await (const item of source) yield await transform(item, index++);
    });
  }

  filter(keep: (item: T, index: number) => boolean): Dataset<T> {
    const source = this;
    return new Dataset(async function* () {
      let index = 0;
      for await (const item of source) if (keep(item, index++)) yield item;
    });
  }

  take(count: number): Dataset<T> {
    const source = this;
    return new Dataset(async function* () {
      if (count <= 0) return;
      let taken = 0;
      for await (const item of source) {
        yield item;
        if (++taken >= count) return;
      }
    });
  }

  /** All items in an order that depends on the seed only. Holds the items in memory. */
  shuffle({ seed }: { readonly seed: number }): Dataset<T> {
    const source = this;
    return new Dataset(async function* () {
      const items = await source.toArray();
      for (const index of permutation(items.length, seed, 'dataset/shuffle')) yield items[index]!;
    });
  }

  /**
   * Two disjoint parts, the second with the fraction `test` of the items (rounded), drawn by the seed.
   * @throws AttuneError `E_CONFIG` where the fraction is not between 0 and 1.
   */
  split({ test, seed }: { readonly test: number; readonly seed: number }): { train: Dataset<T>; test: Dataset<T> } {
    if (!(test > 0 && test < 1)) {
      throw new AttuneError('E_CONFIG', `split: test is ${test}, it must be between 0 and 1.`, { field: 'test' });
    }
    const shuffled = this.shuffle({ seed });
    const part = (first: boolean) =>
      new Dataset(async function* () {
        const items = await shuffled.toArray();
        const cut = items.length - Math.round(items.length * test);
        yield* first ? items.slice(0, cut) : items.slice(cut);
      });
    return { train: part(true), test: part(false) };
  }

  /** Arrays of `size` items; the last may be shorter. */
  batch(size: number): Dataset<readonly T[]> {
    const source = this;
    return new Dataset(async function* () {
      let items: T[] = [];
      for await (const item of source) {
        items.push(item);
        if (items.length === size) {
          yield items;
          items = [];
        }
      }
      if (items.length > 0) yield items;
    });
  }

  async toArray(): Promise<T[]> {
    const items: T[] = [];
    for await (const item of this) items.push(item);
    return items;
  }
}
