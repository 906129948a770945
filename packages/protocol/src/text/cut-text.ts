const characters = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
/** Code units behind the cut that are looked at, to know where the character there begins. */
const beyond = 64;

/**
 * The beginning of a text, cut between what people see as characters (extended grapheme clusters, Unicode UAX 29): no half of an
 * emoji, no letter without its accent. A single character that is longer than the bound is cut between code points.
 * @param most UTF-16 code units that may be left
 * @example cutText('👩‍🚀 in space', 3) // ''
 */
export function cutText(text: string, most: number): string {
  if (text.length <= most) return text;
  const near = characters.segment(text.slice(0, most + beyond));
  const at = near.containing(most)?.index ?? most;
  return at > 0 && most - at < beyond ? text.slice(0, at) : text.slice(0, betweenCodePoints(text, most));
}

/** The same, with an ellipsis in place of what was cut; it counts. */
export function shortened(text: string, most: number): string {
  return text.length <= most ? text : `${cutText(text, most - 1)}…`;
}

/** The end of a text, such as the last words of a log, cut between code points. */
export function cutToEnd(text: string, most: number): string {
  if (text.length <= most) return text;
  const start = text.length - most;
  return text.slice(betweenCodePoints(text, start) === start ? start : start + 1);
}

/** The place itself, or the one before where it lies within a pair of surrogates. */
function betweenCodePoints(text: string, at: number): number {
  const [before, after] = [text.charCodeAt(at - 1), text.charCodeAt(at)];
  const within = before >= 0xd800 && before <= 0xdbff && after >= 0xdc00 && after <= 0xdfff;
  return within ? at - 1 : at;
}
