/** Times every tile on a product of each kind. */
import { byteLength, einsum, type Program, ProgramBuilder, tensorType } from '@attune/ir';
import { bufferUsage } from '../device/usage.js';
import { Dispatch } from '../execution/dispatch.js';
import { Pipelines } from '../execution/pipelines.js';
import { Timings } from '../execution/timings.js';
import { productKinds, type Tile, type TileChoice, type TileName, tileNames, tiles } from '../kernels/tile.js';
import { schedule } from '../schedule/schedule.js';
import type { Tuning } from '../schedule/tuning.js';

/** A product by its equation, and the sizes of the axes in it. */
interface Sample {
  readonly equation: string;
  readonly left: readonly number[];
  readonly right: readonly number[];
}

/** As layers have them, the gradients of weights, LoRA, and attention. */
const samples = {
  square: { equation: 'nk,mk->nm', left: [512, 512], right: [512, 512] },
  wide: { equation: 'nk,mk->nm', left: [2048, 256], right: [1024, 256] },
  deep: { equation: 'kn,km->nm', left: [2048, 512], right: [2048, 512] },
  narrow: { equation: 'nk,mk->nm', left: [2048, 512], right: [16, 512] },
  batched: { equation: 'bnk,bmk->bnm', left: [32, 128, 64], right: [32, 128, 64] },
} as const satisfies Readonly<Record<keyof TileChoice, Sample>>;

/** How often every tile is measured; its shortest time counts. */
const ROUNDS = 3;

/** How long a measurement should take: long beside a step of a browser's clock, and beside what a submission takes. */
const CLOCK_MILLISECONDS = 3;
const WALL_MILLISECONDS = 8;

/** The most dispatches of a measurement. */
const DISPATCHES = 64;

/** What another tile has to take of the default's time: more may be noise. */
const FASTER = 0.95;

/** A product that is compiled with a tile. */
interface Candidate {
  readonly tile: TileName;
  readonly dispatch: Dispatch;
  readonly group: GPUBindGroup;
}

/**
 * The fastest tile for each kind of product; those that the device rejects are left out.
 * @param divisor by which the sides of products are shorter, for slow devices
 */
export async function measureTiles(device: GPUDevice, tuning: Tuning, divisor: number): Promise<TileChoice> {
  const pipelines = new Pipelines(device);
  const choice: { -readonly [Kind in keyof TileChoice]: TileName } = { ...tuning.tiles };
  const names = tileNames.filter((name) => isUsable(tiles[name], tuning));
  for (const kind of productKinds) {
    const program = programOf(samples[kind], divisor);
    const buffers: GPUBuffer[] = [];
    const compiled = await Promise.allSettled(
      names.map(async (tile): Promise<Candidate> => {
        const planned = schedule(program, {
          tuning: { ...tuning, tiles: { ...tuning.tiles, [kind]: tile }, largeProduct: Number.POSITIVE_INFINITY },
        });
        const [kernel] = planned.kernels;
        const pipeline = await pipelines.get(kernel!.code, tile);
        const bound = kernel!.bindings.map((binding, number) => {
          if (binding.kind !== 'value') throw new TypeError('a product of two inputs binds nothing else');
          const size = byteLength(planned.program.types[binding.value]!);
          buffers[number] ??= device.createBuffer({ size, usage: bufferUsage.storage });
          return { buffer: buffers[number] };
        });
        const dispatch = new Dispatch(device, kernel!, pipeline);
        return { tile, dispatch, group: dispatch.bind(bound) };
      }),
    );
    const candidates = compiled.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    choice[kind] = fastest(await timesOf(device, candidates), tuning.tiles[kind]);
    for (const buffer of buffers) buffer.destroy();
  }
  return choice;
}

/** Where lanes do not work together, as on CPUs, groups do not either. */
const isUsable = ({ loads }: Tile, { subgroupSize, maxLanes }: Tuning): boolean =>
  loads === 'quad' ? subgroupSize >= 4 : loads === 'alone' || maxLanes > 1;

function programOf({ equation, left, right }: Sample, divisor: number): Program {
  const builder = new ProgramBuilder('sample');
  const operand = (name: string, shape: readonly number[]) =>
    builder.input(name, tensorType(shape.map((size) => Math.ceil(size / divisor))));
  return builder.finish({ product: einsum(equation, operand('left', left), operand('right', right)) });
}

/** The shortest time of each candidate. They take turns, so that a clock that rises favours none. */
async function timesOf(device: GPUDevice, candidates: readonly Candidate[]): Promise<ReadonlyMap<TileName, number>> {
  const first: number[] = [];
  for (const candidate of candidates) first.push(await millisecondsOf(device, candidate, 1));
  const dispatches = dispatchesFor(device, Math.min(...first));
  const times = new Map<TileName, number>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const candidate of candidates) {
      const time = await millisecondsOf(device, candidate, dispatches);
      // Clocks of some browsers and drivers stand still at times.
      if (time > 0) times.set(candidate.tile, Math.min(time, times.get(candidate.tile) ?? time));
    }
  }
  return times;
}

const hasClock = ({ features }: GPUDevice): boolean => features.has('timestamp-query');

/** How many dispatches are long enough to be measured. */
function dispatchesFor(device: GPUDevice, milliseconds: number): number {
  const wanted = hasClock(device) ? CLOCK_MILLISECONDS : WALL_MILLISECONDS;
  return Math.ceil(wanted / Math.max(milliseconds, wanted / DISPATCHES));
}

async function millisecondsOf(device: GPUDevice, { dispatch, group }: Candidate, dispatches: number): Promise<number> {
  const timings = hasClock(device) ? new Timings(device, 1) : undefined;
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass(timings?.passOf(0));
  for (let count = 0; count < dispatches; count++) dispatch.encode(pass, group);
  pass.end();
  timings?.resolve(encoder);
  const start = performance.now();
  device.queue.submit([encoder.finish()]);
  if (timings) return (await timings.microseconds())[0]! / 1000;
  await device.queue.onSubmittedWorkDone();
  return performance.now() - start;
}

/** The tile of the shortest time, if it is clearly shorter than that of the one that is preferred. */
export function fastest(times: ReadonlyMap<TileName, number>, preferred: TileName): TileName {
  const [best] = [...times].sort(([, a], [, b]) => a - b);
  const known = times.get(preferred) ?? Number.POSITIVE_INFINITY;
  return best && best[1] < FASTER * known ? best[0] : preferred;
}
