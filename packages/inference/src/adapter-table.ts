/** The adapters of an opened model: which are loaded, and which one answers. */
import { nearest } from '@attune/core/internal';
import { directoryKind, type Storage } from '@attune/hub';
import { modelStorage } from '@attune/inference/places';
import { AttuneError } from '@attune/ir';
import { openBase, openSavedModel, type SavedModel } from './saved-model.js';

/** A model that may answer: the base with an adapter, or without. */
export interface OpenedDirectory {
  readonly directory: Storage | string;
  readonly saved: SavedModel;
}

/** The name of an adapter directory that was opened itself. */
const FIRST_NAME = 'default';

export class AdapterTable {
  readonly #opened: OpenedDirectory;
  /** By the adapter's name; undefined while it is being loaded. */
  readonly #adapters = new Map<string, OpenedDirectory | undefined>();
  #base: OpenedDirectory | undefined;
  #active: string | null = null;

  constructor(opened: OpenedDirectory) {
    this.#opened = opened;
    if (opened.saved.kind === 'model') {
      this.#base = opened;
      return;
    }
    this.#adapters.set(FIRST_NAME, opened);
    this.#active = FIRST_NAME;
  }

  get names(): readonly string[] {
    return [...this.#adapters].flatMap(([name, loaded]) => (loaded ? [name] : []));
  }

  get activeName(): string | null {
    return this.#active;
  }

  get active(): OpenedDirectory {
    const active = this.#active === null ? this.#base : this.#adapters.get(this.#active);
    return active ?? this.#opened;
  }

  /** @throws AttuneError `E_CONFIG` for a name that is taken or a directory that is not an adapter, and as `openSavedModel` */
  async load(name: string, directory: Storage | string): Promise<void> {
    if (this.#adapters.has(name)) {
      throw new AttuneError('E_CONFIG', `There is an adapter "${name}" already.`, {
        field: 'name',
        hint: 'Give this one another name, or delete the other one with deleteAdapter.',
      });
    }
    this.#adapters.set(name, undefined);
    try {
      this.#adapters.set(name, { directory, saved: await this.#openAdapter(directory) });
    } catch (error) {
      this.#adapters.delete(name);
      throw error;
    }
  }

  async #openAdapter(directory: Storage | string): Promise<SavedModel> {
    const { base, task, loaded } = this.#opened.saved;
    const storage = await modelStorage(directory);
    if ((await directoryKind(storage)) === 'adapter') {
      return openSavedModel(directory, { task, base, loadedBase: loaded });
    }
    throw new AttuneError('E_CONFIG', `${storage.name} is not an adapter.`, {
      file: storage.name,
      field: 'directory',
      hint: 'Open a model of its own with openModel.',
    });
  }

  /** @param name null for the base alone @throws AttuneError `E_CONFIG` for an unknown name, and as `openBase` */
  async activate(name: string | null): Promise<void> {
    if (name === null) {
      const saved = this.#base?.saved ?? (await openBase(this.#opened.saved));
      this.#base ??= { directory: saved.base, saved };
    } else this.#require(name);
    this.#active = name;
  }

  /** Forgets an adapter, and gives what it was. @throws AttuneError `E_CONFIG` for an unknown name or the active one */
  delete(name: string): OpenedDirectory {
    const found = this.#require(name);
    if (name === this.#active) {
      throw new AttuneError('E_CONFIG', `The adapter "${name}" is active.`, {
        field: 'name',
        hint: 'Switch to another one first, or to null.',
      });
    }
    this.#adapters.delete(name);
    return found;
  }

  #require(name: string): OpenedDirectory {
    const found = this.#adapters.get(name);
    if (found) return found;
    const near = nearest(name, this.names);
    throw new AttuneError(
      'E_CONFIG',
      this.names.length === 0
        ? `There is no adapter "${name}"; none is loaded.`
        : `There is no adapter "${name}"; there are ${this.names.join(', ')}.`,
      { field: 'name', hint: near === undefined ? 'Load it with loadAdapter.' : `Did you mean "${near}"?` },
    );
  }
}
