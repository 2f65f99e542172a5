/** Where a model lies that is named by its path, or by the npm package that holds it: `--model @attune/base-mini`. */
import { stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** `name` or `@scope/name`, alone or at the end of a path to an installed package. */
const packageName = /(?:^|[\\/]node_modules[\\/])((?:@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*)$/i;

/** The full path of what is there by this path, else of the installed package of this name. */
export async function modelPlace(path: string): Promise<string | undefined> {
  const isThere = await stat(resolve(path)).catch(() => undefined);
  return isThere ? resolve(path) : modelPackageDirectory(path);
}

/**
 * The directory of an installed package with a model: below the working directory or one above it, as Node finds
 * packages, else beside this command.
 * @param name also a path to where the package was installed, as adapters keep it
 */
export async function modelPackageDirectory(name: string): Promise<string | undefined> {
  const wanted = packageName.exec(name)?.[1];
  if (wanted === undefined) return undefined;
  for (const start of [process.cwd(), dirname(fileURLToPath(import.meta.url))]) {
    for (const folder of upwards(start)) {
      const directory = join(folder, 'node_modules', wanted);
      const config = await stat(join(directory, 'config.json')).catch(() => undefined);
      if (config?.isFile()) return directory;
    }
  }
  return undefined;
}

function* upwards(start: string): Generator<string> {
  yield start;
  if (dirname(start) !== start) yield* upwards(dirname(start));
}
