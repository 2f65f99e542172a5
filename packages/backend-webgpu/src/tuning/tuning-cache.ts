/** Where measurements are kept: text by key, as in `localStorage`, at once or by a promise. */
export interface TuningCache {
  getItem(key: string): string | null | undefined | Promise<string | null | undefined>;
  setItem(key: string, text: string): unknown;
}
