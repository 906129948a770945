import type { ChatMessage } from '../chat.ts';

/** What to ask a language model so that a sentence becomes a prompt for a picture. */
interface Question {
  readonly messages: readonly ChatMessage[];
  /** In llama.cpp's GBNF: the answer has this form and no other. */
  readonly grammar: string;
}

/**
 * A small model asked freely writes essays about the thing instead of naming it (measured: see the model card of smollm2-135m-instruct).
 * So its answer is held to the form of the captions that picture models learn from: the subject stays word for word as it was said,
 * and the model chooses article and style.
 * @param sentence what somebody typed or said
 */
export function picturePrompt(sentence: string): Question {
  const { subject, background } = splitSentence(sentence);
  return {
    messages: [
      { role: 'system', content: 'You write captions of pictures: what it shows, and in which style.' },
      { role: 'user', content: 'Draw me a cat, please.' },
      { role: 'assistant', content: 'a glossy cat' },
      { role: 'user', content: sentence },
    ],
    grammar: captionGrammar(subject, background),
  };
}

const styles = ['flat', 'glossy', '3d'];
const colours = ['white', 'black', 'grey', 'red', 'orange', 'yellow', 'green', 'blue', 'purple', 'pink', 'brown', 'teal'];

function captionGrammar(subject: string, background: string | undefined): string {
  const article = /^[aeiou]/i.test(subject) ? 'an ' : 'a ';
  // A background is kept where it was asked for and never invented: it would draw the picture away from its subject.
  const ending = background === undefined ? '' : quote(` on a ${background} background`);
  return [`root ::= (${quote(article)} | "a " style " " | style " ")? ${quote(subject)} ${ending}`, `style ::= ${styles.map(quote).join(' | ')}`].join('\n');
}

const quote = (text: string) => `"${text.replaceAll(/["\\]/g, '\\$&')}"`;

const greeting = /^(?:(?:please|hello|hi|hey|okay|ok|so|well|now|um+|uh+|and)\b[\s,]*)+/i;
const wish =
  /^(?:(?:can|could|will|would) you (?:please )?)?(?:(?:i|we)(?:'d|’d| would)? (?:really )?(?:like|love|want|wish|need)(?: to)?(?: (?:see|have|get|look at))?|let(?: me| us|'s|’s)? (?:see|have|draw)|(?:draw|paint|sketch|show|make|create|generate|give|imagine)(?: (?:me|us))?|there (?:is|are|was|were)|(?:this|it|that) is|(?:it|that)['’]s)\s+/i;
const picture = /^(?:(?:a|an|the|some) )?(?:picture|image|photo|photograph|drawing|painting|sketch|icon) of /i;
const articles = /^(?:(?:a|an|the|some) )+/i;
const thanks = /[\s,]*(?:please|for me|for us|thanks|thank you|if you can)?[\s.!?,;]*$/i;
const backdrop = new RegExp(`,? (?:on|with|against) an? (?:plain )?(${colours.join('|')}) background`, 'i');

/** Words that carry no picture; dropped only from long sentences, where the names of things would drown. */
const empty = new Set(
  'a an the and or but so as if then than that this these those it its he she they we i you me him her them us my your his their our is are was were be been being am do does did done has have had having can could will would shall should may might must not no of to for from by about into over again there here what which who whom when where why how all any both each few more most other some such only own same too very just also let'.split(
    ' ',
  ),
);
const longestWords = 8;
const mostWords = 12;

/** What a sentence wants drawn, without the words of asking, and the colour of the background if it names one. */
export function splitSentence(sentence: string): { subject: string; background: string | undefined } {
  const plain = sentence.replaceAll(/\s+/g, ' ').trim();
  const background = backdrop.exec(plain)?.[1]?.toLowerCase();
  const asked = [greeting, wish, picture, articles].reduce((text, pattern) => text.replace(pattern, ''), plain.replace(backdrop, '').replace(thanks, ''));
  const words = asked
    .split(' ')
    .map((word) => word.replaceAll(/[^\p{L}\p{N}'’-]/gu, ''))
    .filter(Boolean);
  const telling = words.filter((word) => !empty.has(word.toLowerCase()));
  const kept = words.length <= longestWords ? words : (telling.length > 0 ? telling : words).slice(0, mostWords);
  const fallback = plain.replaceAll(/[^\p{L}\p{N}'’ -]/gu, '').trim();
  return { subject: kept.join(' ') || fallback || 'picture', background };
}
