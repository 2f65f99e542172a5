/** For tests: a disk that fills up or turns read-only, and a user without rights. For real, so root alone can make them. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface SmallDisk {
  readonly path: string;
  /** Mounts it anew, with what lies on it. @returns whether the system did so */
  remount(options: string): boolean;
  remove(): void;
}

/** A file system of so many bytes; undefined if this system does not let it be mounted. */
export function smallDisk(bytes: number): SmallDisk | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return undefined;
  const path = mkdtempSync(join(tmpdir(), 'attune-disk-'));
  const mount = (options: string) => spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', path]).status === 0;
  const remove = () => {
    spawnSync('umount', [path]);
    rmSync(path, { recursive: true });
  };
  if (mount(`size=${bytes},mode=755`)) return { path, remount: (options) => mount(`remount,${options}`), remove };
  rmSync(path, { recursive: true });
  return undefined;
}

/** Does something with the rights of a user who owns nothing; as root only. */
export async function asNobody<T>(action: () => Promise<T>): Promise<T> {
  process.seteuid?.(65534);
  try {
    return await action();
  } finally {
    process.seteuid?.(0);
  }
}
