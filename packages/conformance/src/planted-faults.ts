/** Backends that are wrong on purpose: the suite must find each of these. */
import {
  type Backend,
  type Buffer,
  type Device,
  type Executable,
  type HostTensor,
  isFloat,
  type Program,
  referenceBackend,
} from '@attune/ir';

export interface PlantedFault {
  readonly name: string;
  readonly backend: Backend;
}

type Change = (device: Device) => Device;

function faulty(name: string, change: Change): PlantedFault {
  const sound = referenceBackend();
  return { name, backend: { name, probe: () => sound.probe(), open: async () => change(await sound.open()) } };
}

/** A device that behaves as `device` but for the given methods. */
export function overrideDevice(device: Device, changes: Partial<Device>): Device {
  return {
    info: device.info,
    capabilities: device.capabilities,
    lost: device.lost,
    compile: (program, options) => device.compile(program, options),
    upload: (tensor) => device.upload(tensor),
    download: (buffer) => device.download(buffer),
    memory: () => device.memory(),
    [Symbol.asyncDispose]: () => device[Symbol.asyncDispose](),
    ...changes,
  };
}

/** Replaces the programs that a device compiles. */
const compiling =
  (rewrite: (program: Program) => Program): Change =>
  (device) =>
    overrideDevice(device, { compile: (program) => device.compile(rewrite(program)) });

/** Replaces what a run does. */
const running =
  (run: (executable: Executable, inputs: readonly Buffer[], device: Device) => Promise<readonly Buffer[]>): Change =>
  (device) =>
    overrideDevice(device, {
      async compile(program) {
        const executable = await device.compile(program);
        return {
          signature: executable.signature,
          report: executable.report,
          run: (inputs) => run(executable, inputs, device),
          [Symbol.dispose]: () => executable[Symbol.dispose](),
        };
      },
    });

const swapOps = (from: string, to: string): Change =>
  compiling((program) => {
    const replacement = program.ops.find(({ definition }) => definition.name === to)?.definition;
    return {
      ...program,
      ops: program.ops.map((op) =>
        op.definition.name === from && replacement ? { ...op, definition: replacement } : op,
      ),
    };
  });

const perturb = (tensor: HostTensor): HostTensor =>
  isFloat(tensor.type.dtype) && tensor.data.length > 2
    ? {
        type: tensor.type,
        data: tensor.data.map((value, index) => (index === 2 ? value * 1.001 + 1e-3 : value)) as HostTensor['data'],
      }
    : tensor;

export function plantedFaults(): readonly PlantedFault[] {
  return [
    faulty('one element in a thousandth off', (device) =>
      overrideDevice(device, { download: async (buffer) => perturb(await device.download(buffer)) }),
    ),
    faulty(
      'donated inputs survive',
      running(async (executable, inputs, device) => {
        const copies = await Promise.all(inputs.map(async (input) => device.upload(await device.download(input))));
        const outputs = await executable.run(copies);
        for (const copy of copies) copy[Symbol.dispose]();
        return outputs;
      }),
    ),
    faulty(
      'every run leaks a buffer',
      running(async (executable, inputs, device) => {
        device.upload({ type: { shape: [1], dtype: 'f32' }, data: new Float32Array(1) });
        return executable.run(inputs);
      }),
    ),
    faulty(
      'outputs in the wrong order',
      running(async (executable, inputs) => (await executable.run(inputs)).toReversed()),
    ),
    faulty('the first output of the first run for ever', (device) => {
      const seen = new Map<string, HostTensor>();
      return running(async (executable, inputs) => {
        const outputs = await executable.run(inputs);
        const key = executable.report.fingerprint;
        const first = outputs[0]!;
        const known = seen.get(key);
        if (known) {
          first[Symbol.dispose]();
          return [device.upload(known), ...outputs.slice(1)];
        }
        seen.set(key, await device.download(first));
        return outputs;
      })(device);
    }),
    faulty('uploads share the memory of their source', (device) => {
      const sources = new Map<Buffer, HostTensor>();
      return overrideDevice(device, {
        upload(tensor) {
          const buffer = device.upload(tensor);
          sources.set(buffer, tensor);
          return buffer;
        },
        download: async (buffer) =>
          buffer.deleted ? device.download(buffer) : (sources.get(buffer) ?? device.download(buffer)),
      });
    }),
    faulty('add subtracts where both occur', swapOps('add', 'sub')),
    faulty(
      'dropout masks are empty',
      compiling((program) => ({
        ...program,
        ops: program.ops.map((op) =>
          op.definition.name === 'dropout' ? { ...op, attributes: { ...op.attributes, rate: 0 } } : op,
        ),
      })),
    ),
    faulty('memory is not counted', (device) =>
      overrideDevice(device, { memory: () => ({ liveBytes: 0, peakBytes: 0, bufferCount: 0 }) }),
    ),
  ];
}
