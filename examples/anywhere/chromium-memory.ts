import { existsSync, readFileSync } from 'node:fs';
import type { Browser } from 'playwright-core';

/** Processes that compute for a page: its own, and the one that has the graphics hardware. */
const types = ['renderer', 'GPU'];

/** Bytes that the processes of the page had at most, summed; undefined where the system has no /proc. */
export async function peakMemory(browser: Browser): Promise<number | undefined> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  const peaks = processInfo.filter(({ type }) => types.includes(type)).map(({ id }) => peakOf(id));
  return peaks.reduce((sum, peak) => (sum === undefined || peak === undefined ? undefined : sum + peak), 0);
}

function peakOf(processId: number): number | undefined {
  const file = `/proc/${processId}/status`;
  if (!existsSync(file)) return undefined;
  const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(file, 'utf8'))?.[1];
  return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
}
