/** Flags with which headless Chromium on Linux has WebGPU. */

/** Without a GPU. */
export const softwareFlags = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'] as const;

/** On the machine's GPU, by its Vulkan driver. */
export const hardwareFlags = [
  '--enable-unsafe-webgpu',
  '--use-angle=vulkan',
  '--enable-features=Vulkan',
  '--disable-vulkan-surface',
  '--ignore-gpu-blocklist',
] as const;
