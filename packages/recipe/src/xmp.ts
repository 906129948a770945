import { AtelierError } from '@atelier/protocol';
import { brokenRecipeHint, utf8 } from './bytes.ts';

/** The namespace of our one property, and the prefix that it is written with. */
const namespace = 'urn:atelier:recipe#';
const property = 'atelier:Recipe';

const head = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">';
const rdf = '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">';
const tail = '</x:xmpmeta><?xpacket end="r"?>';
const ours = /<rdf:Description rdf:about="" xmlns:atelier="urn:atelier:recipe#">[\s\S]*?<\/rdf:Description>/g;

/**
 * An XMP packet (ISO 16684-1) that holds a recipe as the text of one property.
 * @param recipe JSON
 * @param existing a packet of the file; what it says besides is kept, where it is one that can be added to
 * @returns UTF-8 without a zero byte
 */
export function xmpPacket(recipe: string, existing?: Uint8Array): Uint8Array {
  const description = `<rdf:Description rdf:about="" xmlns:atelier="${namespace}"><${property}>${escapeXml(recipe)}</${property}></rdf:Description>`;
  const kept = existing === undefined ? '' : new TextDecoder().decode(existing).replace(ours, '');
  const end = kept.lastIndexOf('</rdf:RDF>');
  const isOpen = end > 0 && !kept.includes(`<${property}`) && !kept.includes(`${property}=`) && !kept.includes('\0');
  const packet = isOpen ? kept.slice(0, end) + description + kept.slice(end) : `${head}${rdf}${description}</rdf:RDF>${tail}`;
  return new TextEncoder().encode(packet);
}

/**
 * The recipe's text in a packet, as an element or, if another program has rewritten the packet, as an attribute.
 * @throws AtelierError `damaged-media` if a recipe begins and does not end
 */
export function recipeInXmp(packet: Uint8Array): string | null {
  if (!new TextDecoder().decode(packet).includes(property)) return null;
  const text = utf8(packet);
  const start = text.indexOf(property);
  const found = /^atelier:Recipe\s*(?:>([^<]*)<\/atelier:Recipe|=\s*"([^"]*)"|=\s*'([^']*)')/.exec(text.slice(start));
  if (found === null) throw new AtelierError('damaged-media', 'The recipe in this file breaks off.', { hint: brokenRecipeHint });
  return unescapeXml(found[1] ?? found[2] ?? found[3] ?? '');
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' };
const characters: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function escapeXml(text: string): string {
  return text.replace(/[&<>]/g, (character) => entities[character] as string);
}

function unescapeXml(text: string): string {
  return text.replace(/&(?:#x([0-9a-fA-F]{1,6})|#(\d{1,7})|(amp|lt|gt|quot|apos));/g, (whole, hex, decimal, name) => {
    if (name !== undefined) return characters[name] as string;
    const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}
