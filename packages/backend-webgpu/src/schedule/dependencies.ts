import type { Group } from './group.js';

interface Node {
  /** How many groups there were before it. */
  readonly number: number;
  readonly sources: Set<Node>;
  /** The walk that was here last. */
  walk: number;
}

/** Which groups read the results of which. */
export class Dependencies {
  readonly #nodes = new Map<Group, Node>();
  #walks = 0;

  /** Adds a group, or sources to one. */
  add(group: Group, sources: Iterable<Group>): void {
    const known = this.#nodes.get(group) ?? { number: this.#nodes.size, sources: new Set(), walk: 0 };
    this.#nodes.set(group, known);
    for (const source of sources) known.sources.add(this.#nodes.get(source)!);
  }

  /** Groups by when they were added, the latest first. */
  latestFirst(groups: Iterable<Group>): readonly Group[] {
    const numberOf = (group: Group) => this.#nodes.get(group)!.number;
    return [...new Set(groups)].sort((a, b) => numberOf(b) - numberOf(a));
  }

  /** Whether one of some other groups needs a group's results, at first hand or through others. */
  anyNeeds(others: readonly Group[], group: Group): boolean {
    const target = this.#nodes.get(group)!;
    this.#walks++;
    target.walk = this.#walks;
    const open = others.map((other) => this.#nodes.get(other)!);
    for (let next = open.pop(); next; next = open.pop()) {
      if (next.walk === this.#walks) continue;
      next.walk = this.#walks;
      for (const source of next.sources) {
        if (source === target) return true;
        if (source.walk !== this.#walks) open.push(source);
      }
    }
    return false;
  }
}
