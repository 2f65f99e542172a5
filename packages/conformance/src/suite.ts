/** The shared suite: what every backend must do, as plain cases that any test runner can call. */
import type { Backend, Device } from '@attune/ir';
import { compositeCases } from './composite-cases.js';
import { passCases } from './pass-cases.js';
import { primitiveCases } from './primitive-cases.js';
import { programCases } from './program-cases.js';
import { protocolCases } from './protocol-cases.js';

export interface ConformanceCase {
  /** `group/what it shows`. */
  readonly name: string;
  /** Throws where the device does not conform. */
  run(device: Device): Promise<void>;
}

/** Something that a backend is known not to do. A case that passes in spite of its limitation is a failure. */
export interface Limitation {
  /** The name of the case. */
  readonly name: string;
  readonly reason: string;
}

export type Outcome =
  | { readonly name: string; readonly status: 'passed' }
  | { readonly name: string; readonly status: 'failed'; readonly error: string }
  | { readonly name: string; readonly status: 'limited'; readonly reason: string };

export function conformanceCases(): readonly ConformanceCase[] {
  return [...protocolCases(), ...primitiveCases(), ...compositeCases(), ...programCases(), ...passCases()];
}

/** Runs the suite on one device of the backend. */
export async function runConformance(
  backend: Backend,
  { limitations = [], only }: { readonly limitations?: readonly Limitation[]; readonly only?: RegExp } = {},
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  await using device = await backend.open();
  for (const { name, run } of conformanceCases()) {
    if (only && !only.test(name)) continue;
    outcomes.push(await runCase(name, run, device, limitations));
  }
  return outcomes;
}

async function runCase(
  name: string,
  run: (device: Device) => Promise<void>,
  device: Device,
  limitations: readonly Limitation[],
): Promise<Outcome> {
  const limitation = limitations.find((known) => known.name === name);
  try {
    await run(device);
  } catch (error) {
    if (limitation) return { name, status: 'limited', reason: limitation.reason };
    return { name, status: 'failed', error: error instanceof Error ? error.message : String(error) };
  }
  return limitation
    ? { name, status: 'failed', error: `passes, although it is listed as a limitation (${limitation.reason})` }
    : { name, status: 'passed' };
}
