/** How fast backends multiply matrices here, and which is the fastest: what `auto` goes by. */
import {
  type Backend,
  type Device,
  type DeviceInfo,
  type DType,
  hostTensor,
  isAttuneError,
  ProgramBuilder,
  project,
  sum,
  tensorType,
} from '@attune/ir';

export interface MeasuredBackend {
  readonly backend: Backend;
  /** What was opened; of a backend that could not be opened, the first that it looked for. */
  readonly info: DeviceInfo;
  readonly dtypes: readonly DType[];
  /** 0 for what could not be opened. */
  readonly gigaflops: number;
}

const SIZES = [64, 128, 256, 512, 1024];
/** Larger products are not tried after one that took so long. */
const ENOUGH_SECONDS = 0.1;

/** Billions of operations a second in products of float matrices, of the largest that a second leaves time for. */
async function measureGigaflops(device: Device): Promise<number> {
  let best = 0;
  for (const size of SIZES) {
    const seconds = await fastestOfThree(device, size);
    best = Math.max(best, (2 * size ** 3) / seconds / 1e9);
    if (seconds > ENOUGH_SECONDS) break;
  }
  return best;
}

async function fastestOfThree(device: Device, size: number): Promise<number> {
  const builder = new ProgramBuilder('speed');
  const type = tensorType([size, size]);
  const [a, b] = [builder.input('a', type), builder.input('b', type)];
  using executable = await device.compile(builder.finish({ total: sum(project(a, b)) }));
  const numbers = Float32Array.from({ length: size * size }, (_, index) => (index % 7) / 7);
  using matrix = device.upload(hostTensor([size, size], numbers));
  const seconds: number[] = [];
  for (let run = 0; run < 3; run++) {
    const start = performance.now();
    const [total] = await executable.run([matrix, matrix]);
    await device.download(total!);
    total![Symbol.dispose]();
    seconds.push((performance.now() - start) / 1000);
    if (seconds[0]! > ENOUGH_SECONDS) break;
  }
  return Math.max(Math.min(...seconds), 1e-6);
}

/** Opens each backend and measures it; those that cannot be opened come last, with the reason in `info`. */
export async function measureBackends(backends: readonly Backend[]): Promise<readonly MeasuredBackend[]> {
  const measured: MeasuredBackend[] = [];
  for (const backend of backends) measured.push(await measureBackend(backend));
  return measured.toSorted((a, b) => b.gigaflops - a.gigaflops);
}

async function measureBackend(backend: Backend): Promise<MeasuredBackend> {
  try {
    await using device = await backend.open();
    const { info, capabilities } = device;
    return { backend, info, dtypes: [...capabilities.dtypes], gigaflops: await measureGigaflops(device) };
  } catch (error) {
    const reason = isAttuneError(error) ? [error.message, error.hint].filter(Boolean).join(' ') : String(error);
    const info = { backend: backend.name, device: '', available: false, reason, versions: {} };
    return { backend, info, dtypes: [], gigaflops: 0 };
  }
}
