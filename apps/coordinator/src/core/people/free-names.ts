/**
 * Names under which somebody takes over what was another's, each free: a taken one is followed by whose it was, and by a number if that is taken too.
 * @param names those that come, different from each other @param taken those that there are @param from whose they were @param most characters of a name
 */
export function freeNames(names: readonly string[], taken: readonly string[], from: string, most: number): string[] {
  const known = new Set(taken);
  return names.map((name) => {
    let free = name;
    for (let number = 1; known.has(free); number += 1) free = marked(name, { from, number, most });
    known.add(free);
    return free;
  });
}

function marked(name: string, { from, number, most }: { from: string; number: number; most: number }): string {
  const mark = ` (from ${cut(from, Math.floor(most / 4))}${number === 1 ? '' : ` ${number}`})`;
  return `${cut(name, most - mark.length)}${mark}`;
}

/** Without half a character at its end. */
const cut = (text: string, most: number) => text.slice(0, most).replace(/[\ud800-\udbff]$/, '');
