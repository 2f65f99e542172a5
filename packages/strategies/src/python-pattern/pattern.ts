/**
 * Regular expressions of Python's `re`, matched without backtracking: all ways through the pattern are followed side by
 * side (Thompson 1968, with groups as in Pike's VM), so that a match takes at most the pattern's size times the text's
 * length, whatever the pattern. Look-around, back references and what else needs backtracking is refused.
 */
import { automatonOf } from './automaton.js';
import { isWord } from './characters.js';
import { parsePattern } from './parse.js';
import { PatternProblem, type Place } from './syntax.js';

export { PatternProblem } from './syntax.js';

/** Steps that matching may still take, over many texts and patterns. */
export interface MatchBudget {
  left: number;
}

/** The texts of the named groups that took part. */
type Groups = Readonly<Record<string, string>>;

export interface PythonPattern {
  /** As `re.fullmatch`. @throws PatternProblem if the budget runs out */
  fullMatch(text: string, budget: MatchBudget): Groups | undefined;
  /** As `re.match`: from the start of the text on, up to any place. @throws PatternProblem if the budget runs out */
  match(text: string, budget: MatchBudget): Groups | undefined;
}

/** @throws PatternProblem that says what is wrong with the pattern, or which part of it cannot be matched */
export function pythonPattern(pattern: string): PythonPattern {
  const { instructions, groups } = automatonOf(parsePattern(pattern));
  const visited = new Int32Array(instructions.length).fill(-1);

  /** The characters to expect at a position, the preferred way first. */
  function follow(starts: readonly Way[], characters: readonly string[], position: number, budget: MatchBudget): Way[] {
    const ways: Way[] = [];
    const stack = starts.toReversed();
    for (let way = stack.pop(); way; way = stack.pop()) {
      if (visited[way.at] === position) continue;
      visited[way.at] = position;
      if (budget.left-- <= 0) throw new PatternProblem('takes too many steps to match', true);
      const instruction = instructions[way.at]!;
      switch (instruction.kind) {
        case 'fork':
          for (const at of instruction.targets.toReversed()) stack.push({ ...way, at });
          break;
        case 'place':
          if (isAt(instruction.place, characters, position)) stack.push({ ...way, at: way.at + 1 });
          break;
        case 'note':
          stack.push({ at: way.at + 1, notes: way.notes.with(instruction.slot, position) });
          break;
        default:
          ways.push(way);
      }
    }
    return ways;
  }

  function run(text: string, isWhole: boolean, budget: MatchBudget): Groups | undefined {
    const characters = [...text];
    visited.fill(-1);
    let accepted: Way | undefined;
    let ways: Way[] = [{ at: 0, notes: new Array<number>(groups.size * 2).fill(-1) }];
    for (let position = 0; ways.length > 0; position++) {
      const next: Way[] = [];
      for (const way of follow(ways, characters, position, budget)) {
        const instruction = instructions[way.at]!;
        if (instruction.kind === 'character') {
          const character = characters[position];
          if (character !== undefined && instruction.test(character)) next.push({ ...way, at: way.at + 1 });
        } else if (!isWhole || position === characters.length) {
          accepted = way;
          // What comes behind is preferred less.
          break;
        }
      }
      ways = next;
    }
    return accepted && groupsOf(accepted.notes, characters);
  }

  function groupsOf(notes: readonly number[], characters: readonly string[]): Groups {
    return Object.fromEntries(
      [...groups].flatMap(([name, slot]) => {
        const [start = -1, end = -1] = notes.slice(slot, slot + 2);
        return start >= 0 && end >= start ? [[name, characters.slice(start, end).join('')]] : [];
      }),
    );
  }

  return {
    fullMatch: (text, budget) => run(text, true, budget),
    match: (text, budget) => run(text, false, budget),
  };
}

/** A way through the pattern: where it is, and the positions that it noted. */
interface Way {
  readonly at: number;
  readonly notes: readonly number[];
}

function isAt(place: Place, characters: readonly string[], position: number): boolean {
  const end = characters.length;
  const [before, behind] = [characters[position - 1], characters[position]];
  const isWordEdge = () => (before !== undefined && isWord(before)) !== (behind !== undefined && isWord(behind));
  switch (place) {
    case 'start':
      return position === 0;
    case 'very-end':
      return position === end;
    case 'end':
      return position === end || (position === end - 1 && behind === '\n');
    case 'line-start':
      return position === 0 || before === '\n';
    case 'line-end':
      return position === end || behind === '\n';
    case 'word-edge':
      return isWordEdge();
    case 'no-word-edge':
      return !isWordEdge();
  }
}
