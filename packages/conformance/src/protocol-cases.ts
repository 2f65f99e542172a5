import {
  add,
  type Buffer,
  type Device,
  type HostTensor,
  hostTensor,
  isAttuneError,
  mul,
  type Program,
  ProgramBuilder,
  tensorType,
} from '@attune/ir';
import { release } from './run-program.js';
import type { ConformanceCase } from './suite.js';

/** state' = state + x (in place of the donated state), twice = 2 x. */
function accumulator(): Program {
  const builder = new ProgramBuilder('accumulator');
  const state = builder.input('state', tensorType([3]));
  const x = builder.input('x', tensorType([3]));
  return builder.finish({ state: add(state, x), twice: mul(x, 2) }, [{ output: 0, input: 0 }]);
}

const vector = (...data: number[]): HostTensor => hostTensor([data.length], data);

function expectEqual(label: string, got: ArrayLike<number>, want: readonly number[]): void {
  if (got.length !== want.length || want.some((value, index) => value !== got[index])) {
    throw new Error(`${label}: got [${Array.from(got)}], want [${want}]`);
  }
}

async function expectCode(code: string, action: () => Promise<unknown> | unknown): Promise<void> {
  try {
    await action();
  } catch (error) {
    if (isAttuneError(error) && error.code === code) return;
    throw new Error(`expected ${code}, got ${error}`);
  }
  throw new Error(`expected ${code}, nothing was thrown`);
}

/** Runs `body` and checks that it leaves no buffer behind. */
function withoutLeak(name: string, body: (device: Device) => Promise<void>): ConformanceCase {
  return {
    name: `protocol/${name}`,
    async run(device) {
      const before = device.memory();
      await body(device);
      const after = device.memory();
      if (after.bufferCount !== before.bufferCount || after.liveBytes !== before.liveBytes) {
        throw new Error(
          `leaks ${after.bufferCount - before.bufferCount} buffers, ${after.liveBytes - before.liveBytes} bytes`,
        );
      }
    },
  };
}

/** Open, upload, run, donation, use after delete, order of runs, memory. */
export function protocolCases(): ConformanceCase[] {
  return [
    withoutLeak('upload copies and download returns the same bytes', async (device) => {
      const source = new Float32Array([1, -0, Number.NaN]);
      using buffer = device.upload(hostTensor([3], source));
      source.fill(9);
      const { data } = await device.download(buffer);
      if (!Object.is(data[1], -0) || !Number.isNaN(data[2]) || data[0] !== 1) throw new Error(`got [${data}]`);
    }),
    withoutLeak('memory counts live buffers', async (device) => {
      const before = device.memory();
      const buffer = device.upload(vector(1, 2, 3));
      const during = device.memory();
      if (during.bufferCount !== before.bufferCount + 1 || during.liveBytes < before.liveBytes + 12) {
        throw new Error('an upload is not counted');
      }
      buffer[Symbol.dispose]();
      buffer[Symbol.dispose]();
      if (!buffer.deleted) throw new Error('a disposed buffer is not deleted');
    }),
    withoutLeak('a donated input is deleted and its value lives on in the output', async (device) => {
      using executable = await device.compile(accumulator());
      let state: Buffer = device.upload(vector(0, 0, 0));
      using x = device.upload(vector(1, 2, 3));
      for (let step = 0; step < 5; step++) {
        const [next, twice] = await executable.run([state, x]);
        if (!state.deleted) throw new Error('the donated input is still there');
        if (x.deleted) throw new Error('an input that is not donated was deleted');
        state = next!;
        twice![Symbol.dispose]();
      }
      expectEqual('state', (await device.download(state)).data, [5, 10, 15]);
      state[Symbol.dispose]();
    }),
    withoutLeak('an output outlives the next run', async (device) => {
      using executable = await device.compile(accumulator());
      using x = device.upload(vector(1, 1, 1));
      const first = await executable.run([device.upload(vector(0, 0, 0)), x]);
      const second = await executable.run([device.upload(vector(10, 10, 10)), x]);
      expectEqual('first', (await device.download(first[0]!)).data, [1, 1, 1]);
      expectEqual('second', (await device.download(second[0]!)).data, [11, 11, 11]);
      release([...first, ...second]);
    }),
    withoutLeak('use after delete throws', async (device) => {
      using executable = await device.compile(accumulator());
      using x = device.upload(vector(1, 1, 1));
      const state = device.upload(vector(0, 0, 0));
      release(await executable.run([state, x]));
      await expectCode('E_BUFFER_DELETED', () => executable.run([state, x]));
      await expectCode('E_BUFFER_DELETED', () => device.download(state));
    }),
    withoutLeak('wrong inputs are refused and nothing is donated', async (device) => {
      using executable = await device.compile(accumulator());
      using state = device.upload(vector(0, 0, 0));
      using wrong = device.upload(vector(1, 1));
      await expectCode('E_SIGNATURE', () => executable.run([state]));
      await expectCode('E_SIGNATURE', () => executable.run([state, wrong]));
      if (state.deleted) throw new Error('a refused run deleted its donated input');
    }),
    withoutLeak('a signature names inputs, types and donation', async (device) => {
      using executable = await device.compile(accumulator());
      const [state, x] = executable.signature.inputs;
      const named = state?.name === 'state' && state.donated && x?.name === 'x' && !x.donated;
      if (!named || executable.signature.outputs.map(({ name }) => name).join() !== 'state,twice') {
        throw new Error('the signature does not describe the program');
      }
    }),
    withoutLeak('programs may pass inputs and constants through', async (device) => {
      const builder = new ProgramBuilder('through');
      const x = builder.input('x', tensorType([2]));
      using executable = await device.compile(builder.finish({ same: x, one: builder.scalar(1) }));
      using input = device.upload(vector(4, 5));
      const outputs = await executable.run([input]);
      expectEqual('same', (await device.download(outputs[0]!)).data, [4, 5]);
      expectEqual('one', (await device.download(outputs[1]!)).data, [1]);
      release(outputs);
    }),
    withoutLeak('a hundred runs leave memory unchanged', async (device) => {
      using executable = await device.compile(accumulator());
      using x = device.upload(vector(1, 1, 1));
      let state: Buffer = device.upload(vector(0, 0, 0));
      for (let run = 0; run < 100; run++) {
        const [next, twice] = await executable.run([state, x]);
        state = next!;
        twice![Symbol.dispose]();
      }
      expectEqual('state', (await device.download(state)).data, [100, 100, 100]);
      state[Symbol.dispose]();
    }),
  ];
}
