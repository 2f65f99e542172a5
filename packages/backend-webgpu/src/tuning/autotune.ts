/** Which tiles suit an adapter: measured once and remembered. `open` loads this module only where it needs it. */
import { groupLoop } from '../kernels/product-group.js';
import { defaultTiles, type TileChoice, tiles } from '../kernels/tile.js';
import { isSoftware, type Tuning } from '../schedule/tuning.js';
import { measureTiles } from './measure-tiles.js';
import type { TuningCache } from './tuning-cache.js';

/** By adapter, for as long as the process lives. */
const measured = new Map<string, Promise<TileChoice>>();

/** The tuning with tiles that suit the adapter, those of groups among them. */
export async function tuned(
  device: GPUDevice,
  info: GPUAdapterInfo,
  base: Tuning,
  cache?: TuningCache,
): Promise<Tuning> {
  const tuning = { ...base, groupLoop };
  return { ...tuning, tiles: await tilesFor(device, info, tuning, cache) };
}

/**
 * What the cache has of the adapter, else what was measured in this process or is now; those of the tuning where the device
 * fails meanwhile. A cache that throws is done without.
 */
async function tilesFor(
  device: GPUDevice,
  info: GPUAdapterInfo,
  tuning: Tuning,
  cache?: TuningCache,
): Promise<TileChoice> {
  const key = keyOf(info);
  const kept = parseTiles(await attempt(() => cache?.getItem(key)));
  if (kept) return kept;
  const found = measured.get(key) ?? measureTiles(device, tuning, isSoftware(info) ? SOFTWARE : 1);
  measured.set(key, found);
  try {
    const choice = await found;
    await attempt(() => cache?.setItem(key, JSON.stringify(choice)));
    return choice;
  } catch {
    measured.delete(key);
    return tuning.tiles;
  }
}

/** By how much shorter the sides of products are that software adapters are measured with. */
const SOFTWARE = 8;

const keyOf = ({ vendor, architecture, device, description }: GPUAdapterInfo): string =>
  `attune webgpu tiles ${[vendor, architecture, device, description].join('/')}`;

/** Undefined for a text that is none, or that names other tiles, as that of another version may. */
function parseTiles(text: string | null | undefined): TileChoice | undefined {
  try {
    const found: unknown = JSON.parse(text ?? '');
    return isTileChoice(found) ? found : undefined;
  } catch {
    return undefined;
  }
}

const isTileChoice = (found: unknown): found is TileChoice =>
  typeof found === 'object' &&
  found !== null &&
  Object.keys(defaultTiles).every((kind) => isTileName(Reflect.get(found, kind)));

const isTileName = (name: unknown): boolean => typeof name === 'string' && Object.hasOwn(tiles, name);

async function attempt<T>(action: () => T): Promise<Awaited<T> | undefined> {
  try {
    return await action();
  } catch {
    return undefined;
  }
}
