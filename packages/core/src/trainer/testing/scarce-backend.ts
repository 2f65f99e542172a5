/** For tests: a device that has memory for programs over a few rows only. */
import { AttuneError, type Backend, type Device, type Executable, type Program } from '@attune/ir';
import { batchInput } from '../../port-names.js';

/** @param rows the largest batch that fits */
export function scarceBackend(backend: Backend, rows: number): Backend {
  const rowsOf = ({ inputs, types }: Program): number => {
    const ids = inputs.find(({ name }) => name === batchInput('inputIds'));
    return (ids && types[ids.value]?.shape[0]) ?? 0;
  };
  return {
    name: backend.name,
    probe: () => backend.probe(),
    async open(): Promise<Device> {
      const device = await backend.open();
      return {
        info: device.info,
        capabilities: device.capabilities,
        lost: device.lost,
        upload: (tensor) => device.upload(tensor),
        download: (buffer) => device.download(buffer),
        memory: () => device.memory(),
        [Symbol.asyncDispose]: () => device[Symbol.asyncDispose](),
        async compile(program, options): Promise<Executable> {
          const executable = await device.compile(program, options);
          return {
            signature: executable.signature,
            report: executable.report,
            [Symbol.dispose]: () => executable[Symbol.dispose](),
            async run(inputs) {
              const size = rowsOf(program);
              if (size > rows) throw new AttuneError('E_DEVICE_MEMORY', `There is no memory for ${size} rows.`);
              return executable.run(inputs);
            },
          };
        },
      };
    },
  };
}
