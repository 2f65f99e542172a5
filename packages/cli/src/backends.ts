/** The backends that the command knows, by the names that `--backend` takes. */
import { onnx } from '@attune/backend-onnx';
import { flavourNames, type TfjsOptions, tfjs } from '@attune/backend-tfjs';
import { webgpu } from '@attune/backend-webgpu';
import { type MeasuredBackend, measureBackends } from '@attune/core/internal';
import { AttuneError, type Backend, referenceBackend } from '@attune/ir';

interface BackendOptions {
  readonly threads?: number;
}

type MakeBackend = (options: BackendOptions) => Backend;

const tfjsFlavours: Readonly<Record<string, MakeBackend>> = Object.fromEntries(
  flavourNames.map((flavour) => [`tfjs:${flavour}`, (options: TfjsOptions) => tfjs({ ...options, flavour })]),
);

/** What trains in earnest, as `auto` chooses from it: a further backend is a further line. */
const fast: Readonly<Record<string, MakeBackend>> = {
  onnx,
  tfjs,
  webgpu: () => webgpu(),
};

const all: Readonly<Record<string, MakeBackend>> = { ...fast, ...tfjsFlavours, reference: () => referenceBackend() };

/** What `--backend` takes. */
export const backendNames: readonly string[] = ['auto', ...Object.keys(all)];

/** The backend of a name other than `auto`. @throws AttuneError `E_BACKEND_UNAVAILABLE` for those that do not exist yet */
export function backendOf(name: string, options: BackendOptions = {}): Backend {
  const make = Object.hasOwn(all, name) ? all[name] : undefined;
  if (make) return make(options);
  throw new AttuneError('E_BACKEND_UNAVAILABLE', `The backend "${name}" is not part of this version.`, {
    field: 'backend',
    hint: `Use --backend ${Object.keys(fast).join(' or ')}.`,
  });
}

export interface NamedBackend {
  /** What `--backend` takes. */
  readonly name: string;
  readonly backend: Backend;
}

/** One of each kind of device: of TensorFlow.js, every flavour. */
export const allBackends = (): readonly NamedBackend[] =>
  Object.entries(all)
    .filter(([name]) => name !== 'tfjs')
    .map(([name, make]) => ({ name, backend: make({}) }));

/**
 * The backend of a setting. `auto` is the one that multiplies matrices fastest, after a probe of about a second each.
 * @param explain takes the sentence that says what was chosen and why
 * @throws AttuneError `E_BACKEND_UNAVAILABLE` where the name is none, or `auto` finds nothing
 */
export async function chosenBackend(
  { backend, threads }: { readonly backend: string; readonly threads?: number | undefined },
  explain: (line: string) => void,
): Promise<Backend> {
  const options = threads === undefined ? {} : { threads };
  if (backend !== 'auto') return backendOf(backend, options);
  const [best, ...others] = await measureBackends(Object.values(fast).map((make) => make(options)));
  if (!best?.info.available) {
    const reasons = [...(best ? [best] : []), ...others].map(({ info }) => `${info.backend}: ${info.reason}`);
    throw new AttuneError('E_BACKEND_UNAVAILABLE', `No fast backend is there: ${reasons.join(' ')}`, {
      field: 'backend',
      hint: 'npm install onnxruntime-node@1.30',
    });
  }
  explain(`backend auto: ${described(best)}, before ${others.map(described).join(', ') || 'no other'}`);
  return best.backend;
}

const described = ({ info, gigaflops }: MeasuredBackend): string =>
  info.available ? `${info.backend} on ${info.device} (${gigaflops.toFixed(0)} GFLOP/s)` : `${info.backend} (not here)`;

/** @throws AttuneError `E_BACKEND_UNAVAILABLE` with the reason if the backend cannot compute here */
export async function requireAvailable(backend: Backend): Promise<void> {
  const devices = await backend.probe();
  if (devices.some(({ available }) => available)) return;
  throw new AttuneError('E_BACKEND_UNAVAILABLE', `${backend.name} cannot compute here: ${devices[0]?.reason}`, {
    field: 'backend',
    hint: 'attune doctor says what is missing.',
  });
}
