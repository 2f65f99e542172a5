// WebGPU without a GPU: Chromium brings a Vulkan driver that computes on the CPU, and a loader for it.
import { existsSync } from 'node:fs';

const folder = '/usr/lib/chromium';
const driver = `${folder}/vk_swiftshader_icd.json`;

/**
 * Variables for the environment of a process whose WebGPU should run on the CPU: none where a driver is named already or
 * where there is no Chromium. The loader is looked for when a process starts, so they have to be there before.
 */
export function softwareAdapter(environment = process.env) {
  if (environment.VK_ICD_FILENAMES || !existsSync(driver)) return {};
  const paths = [folder, environment.LD_LIBRARY_PATH].filter(Boolean);
  return { VK_ICD_FILENAMES: driver, LD_LIBRARY_PATH: paths.join(':') };
}
