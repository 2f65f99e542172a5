/** Whether the threads of a subgroup are neighbours in their workgroup, which WGSL leaves open and kernels rely on. */
import { bufferUsage, MAP_READ } from './usage.js';

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
 * has none, where they are made of other threads than neighbours, or where the device fails meanwhile.
 */
export async function subgroupSizeOf(device: GPUDevice, { subgroupMinSize = 1 }: GPUAdapterInfo): Promise<number> {
  if (!device.features.has('subgroups')) return 1;
  try {
    return Math.min(subgroupMinSize, ...(await subgroupSizes(device)));
  } catch {
    return 1;
  }
}

async function subgroupSizes(device: GPUDevice): Promise<readonly number[]> {
  const size = 4 * THREADS;
  const written = device.createBuffer({ size, usage: bufferUsage.storage | bufferUsage.copySource });
  const read = device.createBuffer({ size, usage: bufferUsage.mapRead | bufferUsage.copyTarget });
  const module = device.createShaderModule({ code, label: 'subgroups' });
  const pipeline = await device.createComputePipelineAsync({ layout: 'auto', compute: { module } });
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  const entries = [{ binding: 0, resource: { buffer: written } }];
  pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }));
  pass.dispatchWorkgroups(1);
  pass.end();
  encoder.copyBufferToBuffer(written, 0, read, 0, size);
  device.queue.submit([encoder.finish()]);
  await read.mapAsync(MAP_READ);
  const sizes = [...new Uint32Array(read.getMappedRange())];
  for (const buffer of [written, read]) buffer.destroy();
  return sizes;
}
