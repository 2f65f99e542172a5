import { AttuneError, type DeviceInfo } from '@attune/ir';

export interface AdapterOptions {
  /** Which of several adapters; the browser's choice by default. */
  readonly powerPreference?: GPUPowerPreference;
  /**
   * `adapter` asks for all that the adapter has, `default` for what every WebGPU device has: buffers of 256 MiB, 128 MiB
   * of them in one binding, eight of them in a kernel. `adapter` by default.
   */
  readonly limits?: 'adapter' | 'default';
}

const limitNames = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
] as const satisfies readonly (keyof GPUSupportedLimits)[];

/** What is used where the adapter has it. */
const featureNames: readonly string[] = ['timestamp-query', 'shader-f16', 'subgroups'];

const isUsed = (name: string): name is GPUFeatureName => featureNames.includes(name);

/** @throws AttuneError `E_BACKEND_UNAVAILABLE` where there is no adapter */
export async function requestAdapter(gpu: GPU, { powerPreference }: AdapterOptions): Promise<GPUAdapter> {
  const adapter = await gpu.requestAdapter(powerPreference ? { powerPreference } : {});
  if (adapter) return adapter;
  throw new AttuneError('E_BACKEND_UNAVAILABLE', 'WebGPU has no adapter here.', {
    field: 'adapter',
    hint: 'On Linux it needs a Vulkan driver and its loader (libvulkan1); VK_ICD_FILENAMES names the driver.',
  });
}

/** A device with the adapter's limits, or with the default ones. */
export function requestDevice(adapter: GPUAdapter, { limits = 'adapter' }: AdapterOptions): Promise<GPUDevice> {
  const requiredLimits =
    limits === 'default' ? {} : Object.fromEntries(limitNames.map((name) => [name, adapter.limits[name]]));
  return adapter.requestDevice({
    requiredLimits,
    requiredFeatures: [...adapter.features].filter(isUsed),
  });
}

/** What an adapter says of itself. */
export function describeAdapter({ info }: Pick<GPUAdapter, 'info'>): DeviceInfo {
  const { vendor, architecture, device, description } = info;
  const name = [vendor, architecture].filter((part) => part !== '').join(' ') || 'unknown';
  return {
    backend: 'webgpu',
    device: name,
    available: true,
    reason: [description, device].filter((part) => part !== '').join(', ') || `adapter ${name}`,
    versions: {},
  };
}
