const ESCAPES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
  // An XML parser would normalise these to a line feed.
  '\r': '&#13;',
};

/** Escapes text for XML 1.0; characters that it cannot hold are dropped. */
export function escapeXml(value: string): string {
  let clean = '';
  for (const character of value) if (isXmlCharacter(character.codePointAt(0) ?? 0)) clean += character;
  return clean.replace(/[&<>"'\r]/g, (character) => ESCAPES[character] ?? character);
}

function isXmlCharacter(code: number): boolean {
  if (code < 0x20) return code === 0x9 || code === 0xa || code === 0xd;
  return !(code >= 0xd800 && code <= 0xdfff) && code !== 0xfffe && code !== 0xffff;
}

export function element(name: string, content: string, attributes = ''): string {
  return `<${name}${attributes}>${content}</${name}>`;
}
