/** Locks between the tabs and workers of a browser, which end with whoever holds them. */
import { AttuneError } from '@attune/ir';

const locked = (storage: string): AttuneError =>
  new AttuneError('E_LOCKED', `${storage} is in use by another run in this browser.`, {
    file: storage,
    hint: 'Wait for that run, stop it, or choose another directory.',
  });

/** Takes the lock until the result is called. @throws AttuneError `E_LOCKED` */
export function takeLock(key: string, storage: string): Promise<() => Promise<void>> {
  return new Promise((resolve, reject) => {
    const held = navigator.locks.request(key, { ifAvailable: true }, (lock) => {
      if (!lock) throw locked(storage);
      return new Promise<void>((release) => {
        resolve(async () => {
          release();
          await held;
        });
      });
    });
    held.catch(reject);
  });
}

/** @throws AttuneError `E_LOCKED` where somebody holds the lock */
export async function requireFreeLock(key: string, storage: string): Promise<void> {
  const { held = [] } = await navigator.locks.query();
  if (held.some(({ name }) => name === key)) throw locked(storage);
}
