import { AtelierError, limits } from '@atelier/protocol';

/** A run of text and how strongly the picture is to follow it; 1 is as written. */
export interface WeightedText {
  readonly text: string;
  readonly weight: number;
}

/** What one pair of brackets multiplies or divides by. */
const bracketFactor = 1.1;

interface Bracket {
  readonly sign: '(' | '[';
  /** Where its contents begin among the parts; the part before holds the bracket itself, should it stay alone. */
  readonly contents: number;
}

/**
 * Reads weights out of a prompt: `(word)` weighs 1.1 times as much, `(word:1.3)` 1.3 times, `[word]` 1/1.1 times; brackets nest and multiply,
 * `\(` `\)` `\[` `\]` and `\\` stand for the sign itself. A bracket without its partner is an ordinary sign.
 * This is the notation of the AUTOMATIC1111 web UI (its wiki, "Features: Attention/emphasis").
 * @returns at least one part; neighbours differ in weight
 * @throws AtelierError `invalid-input` for a weight below 0, over its bound or that is not a number, and for more or deeper brackets than are read
 * @example parsePrompt('a (red:1.3) apple') // [{ text: 'a ', weight: 1 }, { text: 'red', weight: 1.3 }, { text: ' apple', weight: 1 }]
 */
export function parsePrompt(prompt: string): WeightedText[] {
  const parts: { text: string; weight: number }[] = [];
  const open: Bracket[] = [];
  const close = (factor: number) => {
    const { contents } = open.pop() as Bracket;
    (parts[contents - 1] as { text: string }).text = '';
    for (const part of parts.slice(contents)) part.weight *= factor;
  };
  const tokens = tokensOf(prompt);
  requireFewBrackets(tokens);
  for (const token of tokens) {
    const innermost = open.at(-1)?.sign;
    if (token === '(' || token === '[') {
      parts.push({ text: token, weight: 1 });
      open.push({ sign: token, contents: parts.length });
      if (open.length > limits.promptDepth) throw tooMany(`nests more than ${limits.promptDepth} deep`);
    } else if (token === ')' && innermost === '(') close(bracketFactor);
    else if (token === ']' && innermost === '[') close(1 / bracketFactor);
    else if (isWeight(token) && innermost === '(') close(weightOf(token));
    else parts.push({ text: unescaped(token), weight: 1 });
  }
  const heaviest = parts.find(({ text, weight }) => text !== '' && weight > limits.promptWeight);
  if (heaviest !== undefined) throw tooHeavy(heaviest);
  return merged(parts);
}

function requireFewBrackets(tokens: readonly string[]): void {
  const brackets = tokens.reduce((count, token) => count + (token === '(' || token === '[' ? 1 : 0), 0);
  if (brackets > limits.promptBrackets) throw tooMany(`has ${brackets} of them; at most ${limits.promptBrackets} are read`);
}

function tooMany(what: string): AtelierError {
  return new AtelierError('invalid-input', `The brackets of the prompt weigh its words, and it ${what}.`, {
    hint: 'Write \\( and \\) for brackets that are meant as signs, and (word:1.5) for a strong weight instead of many brackets.',
  });
}

function tooHeavy({ text, weight }: WeightedText): AtelierError {
  const shown = text.trim().slice(0, 40);
  return new AtelierError('invalid-input', `The prompt weighs "${shown}" ${weight.toPrecision(3)} times; at most ${limits.promptWeight} times is read.`, {
    hint: 'Weights multiply where brackets nest. Common ones lie between 0.5 and 1.5: (word:1.3).',
  });
}

/** Brackets, escaped signs, weights with the bracket that ends them, and runs of other signs. */
function tokensOf(prompt: string): string[] {
  return prompt.match(/\\[()[\]\\]|:\s*[+-]?[\d.]+\s*\)|[()[\]]|:|\\|[^()[\]\\:]+/g) ?? [];
}

function isWeight(token: string): boolean {
  return token.length > 1 && token.startsWith(':');
}

function weightOf(token: string): number {
  const weight = Number(token.slice(1, -1));
  if (Number.isFinite(weight) && weight >= 0) return weight;
  throw new AtelierError('invalid-input', `The prompt has the weight "${token.slice(1, -1).trim()}"; weights are numbers from 0 up.`, {
    hint: 'What the image should not show belongs into the negative prompt; to weigh a word less, write (word:0.5).',
  });
}

function unescaped(token: string): string {
  return token.length === 2 && token.startsWith('\\') ? token.slice(1) : token;
}

function merged(parts: readonly WeightedText[]): WeightedText[] {
  const result: { text: string; weight: number }[] = [];
  for (const { text, weight } of parts) {
    const last = result.at(-1);
    if (text === '') continue;
    if (last !== undefined && last.weight === weight) last.text += text;
    else result.push({ text, weight });
  }
  return result.length > 0 ? result : [{ text: '', weight: 1 }];
}
