import { availableParallelism, freemem, totalmem } from 'node:os';
import { measureBackends } from '@attune/core';
import { allBackends } from '../backends.js';
import type { CommandContext } from '../command-context.js';
import { exitCodes } from '../exit-codes.js';
import { formatTable } from '../output.js';

/** `attune backends`: what computes here and how fast, and why other things do not. */
export async function listBackends(_: unknown, { output }: CommandContext): Promise<number> {
  const measured = await measureBackends(allBackends());
  output.result(
    { backends: measured.map(({ info, dtypes, gigaflops }) => ({ ...info, dtypes, gigaflops })) },
    formatTable([
      ['backend', 'device', 'GFLOP/s', 'dtypes', 'versions', ''],
      ...measured.map(({ info: { backend, device, available, versions, reason }, dtypes, gigaflops }) => [
        backend,
        device,
        available ? gigaflops.toPrecision(2) : 'not here',
        dtypes.join(' '),
        Object.entries(versions)
          .map(([name, version]) => `${name} ${version}`)
          .join(', '),
        reason,
      ]),
    ]),
  );
  return exitCodes.ok;
}

/** `attune doctor`: whether this machine can train, and what is missing. */
export async function doctor(_: unknown, { output }: CommandContext): Promise<number> {
  const devices = (await Promise.all(allBackends().map((backend) => backend.probe()))).flat();
  const usable = devices.some(({ backend, available }) => available && backend !== 'reference');
  const gigabytes = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GB`;
  const facts = {
    node: process.versions.node,
    platform: `${process.platform} ${process.arch}`,
    cores: availableParallelism(),
    memory: `${gigabytes(freemem())} of ${gigabytes(totalmem())} free`,
  };
  output.result(
    { ...facts, backends: devices, ready: usable },
    [
      ...Object.entries(facts).map(([name, value]) => `${name}: ${value}`),
      ...devices.map(
        ({ backend, available, reason }) => `${backend}: ${available ? 'ready' : 'not available'}, ${reason}`,
      ),
      usable ? 'ready to train' : 'no fast backend: npm install onnxruntime-node@1.30',
    ].join('\n'),
  );
  return usable ? exitCodes.ok : exitCodes.backendUnavailable;
}
