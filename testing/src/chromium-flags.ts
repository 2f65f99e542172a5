/** Flags with which headless Chromium has WebGPU without a GPU. */
export const softwareFlags = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'] as const;
