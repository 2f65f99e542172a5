import { availableParallelism, freemem, totalmem } from 'node:os';
import { measureBackends } from '@attune/core/internal';
import type { DeviceInfo } from '@attune/ir';
import { allBackends } from '../backends.js';
import type { CommandContext } from '../command-context.js';
import { exitCodes } from '../exit-codes.js';
import { formatTable } from '../output.js';

/** `attune backends`: what computes here and how fast, and what to do for the others. */
export async function listBackends(_: unknown, { output }: CommandContext): Promise<number> {
  const known = allBackends();
  const measured = (await measureBackends(known.map(({ backend }) => backend))).map((each) => ({
    name: known.find(({ backend }) => backend === each.backend)?.name ?? each.info.backend,
    ...each,
  }));
  const here = measured.filter(({ info }) => info.available);
  output.result(
    { backends: measured.map(({ name, info, dtypes, gigaflops }) => ({ name, ...info, dtypes, gigaflops })) },
    [
      formatTable([
        ['backend', 'device', 'GFLOP/s', 'dtypes', 'runs on'],
        ...here.map(({ name, info: { device, versions, reason }, dtypes, gigaflops }) => [
          name,
          device,
          gigaflops.toPrecision(2),
          dtypes.join(' '),
          [reason, ...Object.entries(versions).map((version) => version.join(' '))].join(', '),
        ]),
      ]),
      '',
      'not here:',
      formatTable(measured.filter(({ info }) => !info.available).map(({ name, info }) => [name, info.reason])),
    ].join('\n'),
  );
  return exitCodes.ok;
}

/** `attune doctor`: whether this machine can train, and what is missing. */
export async function doctor(_: unknown, { output }: CommandContext): Promise<number> {
  const devices: (DeviceInfo & { readonly name: string })[] = [];
  for (const { name, backend } of allBackends()) {
    devices.push(...(await backend.probe()).map((info) => ({ name, ...info })));
  }
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
      ...devices.map(({ name, available, reason }) => `${name}: ${available ? 'ready' : 'not here'}, ${reason}`),
      usable ? 'ready to train' : 'no fast backend: npm install onnxruntime-node@1.30',
    ].join('\n'),
  );
  return usable ? exitCodes.ok : exitCodes.backendUnavailable;
}
