import { AttuneError } from '@attune/ir';
import { loadConfig } from 'c12';

/**
 * The fields of `attune.config.ts` (or .js, .json) in the working directory, or of the file given; none where there is
 * no file. Remote `extends` are not followed.
 * @throws AttuneError `E_CONFIG` for a file that is missing or does not load
 */
export async function readConfigFile(file: string | undefined): Promise<Readonly<Record<string, unknown>>> {
  try {
    const { config, configFile } = await loadConfig<Record<string, unknown>>({
      name: 'attune',
      cwd: process.cwd(),
      ...(file === undefined ? {} : { configFile: file, configFileRequired: true }),
      extend: false,
      giget: false,
      dotenv: false,
      rcFile: false,
      globalRc: false,
      packageJson: false,
    });
    return configFile === undefined ? {} : config;
  } catch (cause) {
    const name = file ?? 'attune.config';
    throw new AttuneError('E_CONFIG', `${name} cannot be loaded: ${cause instanceof Error ? cause.message : cause}.`, {
      file: name,
      cause,
    });
  }
}
