/** T25: processes that want the same lock, for real and at the worst moment. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import type * as fs from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { lockFile } from './node-lock.js';
import { bundleScript } from './testing/bundle.js';

/** What happens before a file is linked into place. */
const links = vi.hoisted(() => ({ before: async (_target: string): Promise<void> => {} }));
vi.mock('node:fs/promises', async (importActual) => {
  const actual = await importActual<typeof fs>();
  return {
    ...actual,
    async link(draft: string, target: string) {
      await links.before(target);
      await actual.link(draft, target);
    },
  };
});

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'attune-lock-'));
  path = join(folder, '.lock');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const past = new Date(Date.now() - 90_000);

/** The lock of a process that is gone. */
function putStale(): void {
  const holder = { pid: 2 ** 22 - 3, host: hostname(), started: '2020-01-01T00:00:00.000Z', id: 'other' };
  writeFileSync(path, JSON.stringify(holder));
  utimesSync(path, past, past);
}

it('T25 two-writers: who claims a stale lock when another one has already taken it over does not get it', async () => {
  putStale();
  let unlock = async () => {};
  links.before = async (target) => {
    if (!target.includes('.claim-')) return;
    links.before = async () => {};
    unlock = await lockFile(path, 'runs/x');
  };
  await expect(lockFile(path, 'runs/x')).rejects.toMatchObject({ code: 'E_LOCKED' });
  await unlock();
  expect(readdirSync(folder)).toEqual([]);
});

interface Taker {
  readonly child: ChildProcess;
  ask(action: string): Promise<string>;
}

describe('T25 two-writers: processes', () => {
  let script: string;
  const children: ChildProcess[] = [];
  beforeAll(async () => {
    script = await bundleScript(join(dirname(fileURLToPath(import.meta.url)), 'testing/lock-child.ts'));
  });
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });
  afterAll(() => rmSync(dirname(script), { recursive: true }));

  /** @param before a command that starts the process, by default none */
  async function taker(...before: readonly string[]): Promise<Taker> {
    const [command = '', ...args] = [...before, process.execPath, script];
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    children.push(child);
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const next = async () => String((await lines.next()).value);
    await next();
    return {
      child,
      ask(action) {
        child.stdin.write(`${action}\n`);
        return next();
      },
    };
  }

  it('six that take over a stale lock at once: one has it, in each of 25 rounds', async () => {
    const takers = await Promise.all(Array.from({ length: 6 }, () => taker()));
    for (let round = 0; round < 25; round++) {
      putStale();
      const answers = await Promise.all(takers.map(({ ask }) => ask(`take ${path}`)));
      expect(
        answers.filter((answer) => answer === 'taken'),
        `round ${round}: ${answers}`,
      ).toHaveLength(1);
      expect(new Set(answers)).toEqual(new Set(['taken', 'E_LOCKED']));
      await takers[answers.indexOf('taken')]?.ask('release');
      expect(readdirSync(folder)).toEqual([]);
    }
  });

  it.for([
    ['with its own /proc', ['--mount-proc']],
    ["with this one's /proc", []],
  ] as const)('in a PID namespace %s', async ([, options], { skip }) => {
    const unshare = ['unshare', '--pid', '--fork', '--kill-child', ...options];
    const { status } = spawnSync(unshare[0] ?? '', [...unshare.slice(1), 'true']);
    if (status !== 0) skip('this system does not let this user make PID namespaces');
    const inside = await taker(...unshare);
    const outside = await taker();
    // Nobody outside can ask whether the holder is alive, so the lock's time decides.
    expect(await inside.ask(`take ${path}`)).toBe('taken');
    expect(await outside.ask(`take ${path}`)).toBe('E_LOCKED');
    const neighbour = await taker('nsenter', `--pid=/proc/${inside.child.pid}/ns/pid_for_children`);
    expect(await neighbour.ask(`take ${path}`)).toBe('E_LOCKED');
    inside.child.kill('SIGKILL');
    expect(await outside.ask(`take ${path}`)).toBe('E_LOCKED');
    utimesSync(path, past, past);
    expect(await outside.ask(`take ${path}`)).toBe('taken');
    const other = await taker(...unshare);
    expect(await other.ask(`take ${path}`)).toBe('E_LOCKED');
    await outside.ask('release');
    expect(await other.ask(`take ${path}`)).toBe('taken');
  });
});
