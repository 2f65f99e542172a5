/** Compiled kernels, by their code: layers of a model share them, and so do programs. */
import { AttuneError } from '@attune/ir';

export class Pipelines {
  readonly #device: GPUDevice;
  readonly #known = new Map<string, Promise<GPUComputePipeline>>();

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  /** @throws AttuneError `E_DEVICE` with the compiler's words where it rejects the code */
  get(code: string, label: string): Promise<GPUComputePipeline> {
    const known = this.#known.get(code);
    if (known) return known;
    const pipeline = this.#compile(code, label);
    this.#known.set(code, pipeline);
    pipeline.catch(() => this.#known.delete(code));
    return pipeline;
  }

  async #compile(code: string, label: string): Promise<GPUComputePipeline> {
    this.#device.pushErrorScope('validation');
    const module = this.#device.createShaderModule({ code, label });
    const rejected = this.#device.popErrorScope();
    try {
      const pipeline = await this.#device.createComputePipelineAsync({
        layout: 'auto',
        compute: { module, entryPoint: 'main' },
        label,
      });
      await rejected;
      return pipeline;
    } catch (cause) {
      const { messages } = await module.getCompilationInfo();
      const details = messages.map(({ lineNum, message }) => `line ${lineNum}: ${message}`).join('; ');
      const reason = details || (cause instanceof Error ? cause.message : String(cause));
      throw new AttuneError('E_DEVICE', `WebGPU rejects the kernel "${label}": ${reason}`, { field: label, cause });
    }
  }
}
