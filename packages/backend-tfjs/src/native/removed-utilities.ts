/** Functions of Node's `util` that @tensorflow/tfjs-node 4.22 calls and that Node 23 removed. */
const removed = {
  isArray: (value: unknown): boolean => Array.isArray(value),
  isNullOrUndefined: (value: unknown): boolean => value === null || value === undefined,
};

/** Puts back what is missing. */
export function restoreRemovedUtilities(util: object): void {
  for (const [name, value] of Object.entries(removed)) {
    if (!(name in util)) Object.defineProperty(util, name, { value, configurable: true, writable: true });
  }
}
