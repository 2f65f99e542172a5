import type { DeviceInfo } from '@attune/ir';
import type { Manifest } from '../checkpoint/manifest.js';

/**
 * A sentence where a run goes on on another backend, which the user has allowed, or on another version of its runtime:
 * the same program may give other last bits there.
 */
export function elsewhereWarning(
  { run, versions: before }: Pick<Manifest, 'run' | 'versions'>,
  backend: string,
  { versions: now }: Pick<DeviceInfo, 'versions'>,
): string | undefined {
  if (run.backend !== backend) {
    return `The run began on ${run.backend} and goes on on ${backend}: its losses stay within the tolerance of both, not bit for bit.`;
  }
  const changed = Object.keys({ ...before, ...now }).filter(
    (name) => !ownNames.includes(name) && before[name] !== now[name],
  );
  if (changed.length === 0) return undefined;
  const list = changed.map((name) => `${name} ${before[name] ?? 'none'} before, ${now[name] ?? 'none'} now`);
  return `The runtime is another one than the checkpoint's (${list.join('; ')}): the run goes on, but may not be the same bit for bit.`;
}

/** Entries of a manifest's versions that are not the runtime's: they are compared as part of the run. */
const ownNames: readonly string[] = ['attune', 'backend'];
