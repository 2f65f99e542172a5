/**
 * Whether the threads of a subgroup are neighbours in their workgroup, which WGSL leaves open and kernels rely on. `open`
 * loads this module for devices that have subgroups.
 */
import { Dispatch } from '../execution/dispatch.js';
import { Pipelines } from '../execution/pipelines.js';
import type { Kernel } from '../kernels/kernel.js';
import type { Memory } from '../memory/memory.js';
import { Downloads } from '../memory/transfer.js';
import { bufferUsage } from './usage.js';

const THREADS = 256;

/** Every thread writes the size of its subgroup, or 1 where it is not at the place that its number says. */
const code = `
enable subgroups;

@group(0) @binding(0) var<storage, read_write> sizes: array<u32, ${THREADS}>;

@compute @workgroup_size(${THREADS})
fn main(
  @builtin(local_invocation_index) lane: u32,
  @builtin(subgroup_invocation_id) place: u32,
  @builtin(subgroup_size) size: u32,
) {
  let first = subgroupBroadcastFirst(lane);
  sizes[lane] = select(1u, size, lane % size == place && first == lane - place);
}
`;

/**
 * How many neighbours can pass values on to each other in every kernel: the least size of a subgroup, or 1 where the device
 * makes them of other threads than neighbours, or fails meanwhile.
 */
export async function subgroupSizeOf(device: GPUDevice, { subgroupMinSize = 1 }: GPUAdapterInfo): Promise<number> {
  try {
    return Math.min(subgroupMinSize, ...(await subgroupSizes(device)));
  } catch {
    return 1;
  }
}

async function subgroupSizes(device: GPUDevice): Promise<Iterable<number>> {
  const [bytes, label] = [4 * THREADS, 'subgroups'];
  const buffer = device.createBuffer({ size: bytes, usage: bufferUsage.storage | bufferUsage.copySource });
  const kernel: Kernel = { label, code, bindings: [], parameters: [], workgroups: [1, 1, 1], operations: 0 };
  const dispatch = new Dispatch(device, kernel, await new Pipelines(device).get(code, label));
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  dispatch.encode(pass, dispatch.bind([{ buffer }]));
  pass.end();
  device.queue.submit([encoder.finish()]);
  const downloads = new Downloads(device);
  const memory: Memory = { segments: [{ buffer, offset: 0, bytes }], bytes };
  const { data } = await downloads.read(memory, { shape: [THREADS], dtype: 'u32' });
  downloads.clear();
  buffer.destroy();
  return data;
}
