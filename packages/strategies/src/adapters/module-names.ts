/** Names of modules, looked up in the paths of layers and parameters; how many there are does not matter. */
export class ModuleNames {
  private readonly names: ReadonlySet<string>;

  constructor(names: Iterable<string>) {
    this.names = new Set(names);
  }

  /** Whether the path is one of the names, or ends in one behind a dot. */
  end(path: string): boolean {
    for (let start = 0; ; ) {
      if (this.names.has(path.slice(start))) return true;
      const dot = path.indexOf('.', start);
      if (dot < 0) return false;
      start = dot + 1;
    }
  }

  /** Whether the path is in one of the modules: in `classifier`, or in any `….classifier`. */
  hold(path: string): boolean {
    const parts = path.split('.');
    return parts.some((_, index) => this.end(parts.slice(0, index + 1).join('.')));
  }
}
